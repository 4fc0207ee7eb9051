namespace VmExecutor.Core.Guests;

/// <summary>
/// Tells a clone's guest from other guests that answer at the same address. Clones of one image have the same host keys, and a network
/// may give one address to two guests. So the guest of each new connection is asked for something that only this clone has, before a
/// script is sent over it.
/// </summary>
/// <param name="Token">128 random bits as hexadecimal digits, which prepare leaves in the guest.</param>
/// <param name="Card">The MAC address of the clone's own network card; null: its network is its own, and the card may be as its source's.</param>
public sealed record GuestProof(string Token, string? Card)
{
    /// <summary>More cards than a machine has.</summary>
    private const int MostCards = 64;

    /// <summary>
    /// True when the token is in the guest. Before that, at the first contact, only the network card tells the guest apart.
    /// </summary>
    public bool Placed { get; init; }

    /// <summary>
    /// The boot in which the token was left in the guest; null: not known, or shared with the other clones of a template.
    /// </summary>
    public string? BootId { get; init; }

    /// <summary>The same with the token in the guest.</summary>
    public GuestProof InPlace(string? bootId) => this with { Placed = true, BootId = bootId };

    /// <summary>The verdict on an answer to <see cref="GuestProofText.Ask"/> or <see cref="GuestProofText.Claim"/>.</summary>
    public GuestProofVerdict Judge(string answer)
    {
        var told = GuestProofText.Parse(answer);
        if (told is null)
        {
            return GuestProofVerdict.NoAnswer;
        }

        // A guest that tells so many cards guesses.
        var hasCard = Card is null || (told.Cards.Count <= MostCards && told.Cards.Contains(Card, StringComparer.OrdinalIgnoreCase));
        if (!hasCard && told.Cards.Count > 0)
        {
            return GuestProofVerdict.OtherCard;
        }

        if (!Placed)
        {
            return hasCard ? GuestProofVerdict.Ours : GuestProofVerdict.Nothing;
        }

        // The job may have removed the token, or its guest may have rebooted. A card proves nothing any more: what the guest has sent on
        // its network has told others the address.
        return told.Tokens.Contains(Token, StringComparer.Ordinal) ? GuestProofVerdict.Ours
            : told.Tokens.Count > 0 ? GuestProofVerdict.OtherToken
            : BootId is not null && told.BootId == BootId ? GuestProofVerdict.Ours
            : GuestProofVerdict.Nothing;
    }
}

/// <summary>The owner of the guest that answers.</summary>
public enum GuestProofVerdict
{
    /// <summary>The clone's own.</summary>
    Ours,

    /// <summary>Its network cards are not the clone's.</summary>
    OtherCard,

    /// <summary>It has the token of another clone.</summary>
    OtherToken,

    /// <summary>The guest has nothing that shows whose clone it is.</summary>
    Nothing,

    /// <summary>It did not answer the question.</summary>
    NoAnswer,
}
