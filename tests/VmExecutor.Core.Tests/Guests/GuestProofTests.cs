using FluentAssertions;
using VmExecutor.Core.Guests;
using Xunit;

namespace VmExecutor.Core.Tests.Guests;

public sealed class GuestProofTests
{
    private const string Boot = "01234567-89ab-cdef-0123-456789abcdef";
    private const string Mac = "52:54:00:12:34:56";
    private const string End = "vmx-proof:end\n";

    [Theory]
    [InlineData("", GuestProofVerdict.Nothing)]
    [InlineData("vmx-clone:mine\n", GuestProofVerdict.Nothing)]
    [InlineData($"vmx-card:{Mac}\n", GuestProofVerdict.Ours)]
    [InlineData("vmx-card:00:00:00:00:00:00\nvmx-card:52:54:00:12:34:57\n", GuestProofVerdict.OtherCard)]
    public void At_the_first_contact_the_card_tells(string answer, GuestProofVerdict verdict) =>
        new GuestProof("mine", Mac).Judge(answer + End).Should().Be(verdict);

    [Theory]
    [InlineData("vmx-clone:mine\n", null, null, GuestProofVerdict.Ours)]
    [InlineData("vmx-clone:other\nvmx-clone:mine\n", null, null, GuestProofVerdict.Ours)]
    [InlineData("vmx-clone:other\n", null, null, GuestProofVerdict.OtherToken)]
    [InlineData($"vmx-clone:other\nvmx-boot:{Boot}\n", null, Boot, GuestProofVerdict.OtherToken)]
    [InlineData($"vmx-boot:{Boot}\n", null, Boot, GuestProofVerdict.Ours)]
    [InlineData($"vmx-boot:{Boot}\n", null, null, GuestProofVerdict.Nothing)]
    [InlineData("vmx-boot:11234567-89ab-cdef-0123-456789abcdef\n", null, Boot, GuestProofVerdict.Nothing)]
    [InlineData($"vmx-card:{Mac}\n", Mac, null, GuestProofVerdict.Nothing)]
    [InlineData($"vmx-card:{Mac}\nvmx-boot:{Boot}\n", Mac, Boot, GuestProofVerdict.Ours)]
    [InlineData("vmx-clone:mine\nvmx-card:52:54:00:12:34:57\n", Mac, null, GuestProofVerdict.OtherCard)]
    [InlineData("vmx-clone:mine\n", Mac, null, GuestProofVerdict.Ours)]
    [InlineData("", Mac, Boot, GuestProofVerdict.Nothing)]
    public void Later_the_token_tells_else_the_boot_and_never_the_card_alone(string answer, string? card, string? bootId, GuestProofVerdict verdict) =>
        new GuestProof("mine", card).InPlace(bootId).Judge(answer + End).Should().Be(verdict);

    [Theory]
    [InlineData(64, GuestProofVerdict.Ours)]
    [InlineData(65, GuestProofVerdict.OtherCard)]
    public void A_guest_that_tells_more_cards_than_machines_have_guesses(int count, GuestProofVerdict verdict) =>
        new GuestProof("mine", Mac).Judge(string.Concat(Enumerable.Range(1, count).Select(number => $"vmx-card:{(number == count ? Mac : $"52:54:00:00:00:{number:x2}")}\n")) + End)
            .Should().Be(verdict);

    [Fact]
    public void An_answer_that_was_cut_short_proves_nothing() =>
        new GuestProof("mine", null).InPlace(null).Judge("vmx-clone:mine\n").Should().Be(GuestProofVerdict.NoAnswer);
}
