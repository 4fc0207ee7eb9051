using FluentAssertions;
using VmExecutor.Core.Images.Registries;
using Xunit;

namespace VmExecutor.Core.Tests.Images;

public sealed class SkopeoWordsTests
{
    [Fact]
    public void A_registry_that_is_away_is_not_said_to_be_an_error_of_the_name()
    {
        const string said = """
            time="2026-11-28T13:05:40Z" level=fatal msg="Error parsing image name \"docker://registry.example.com/ci/debian-12:current\": pinging container registry registry.example.com: Get \"https://registry.example.com/v2/\": dial tcp 192.0.2.1:443: connect: connection refused"
            """;

        SkopeoWords.Of(said).Should().Be(SkopeoFault.Unreachable);
        SkopeoWords.Last(said).Should().Be("pinging container registry registry.example.com: Get \"https://registry.example.com/v2/\": dial tcp 192.0.2.1:443: connect: connection refused");
    }

    [Theory]
    [InlineData("reading manifest 1 in 127.0.0.1:5000/ci/x: toomanyrequests: pull rate limit", SkopeoFault.Unreachable)]
    [InlineData("reading manifest 1 in 127.0.0.1:5000/ci/x: StatusCode: 403, <html>sorry</html>", SkopeoFault.Unauthorized)]
    [InlineData("reading manifest 1 in 127.0.0.1:5000/ci/x: StatusCode: 404, <html>sorry</html>", SkopeoFault.NotFound)]
    [InlineData("reading manifest 1 in 127.0.0.1:5000/ci/x: denied", SkopeoFault.Unauthorized)]
    [InlineData("writing blob: uploading layer chunked: denied: requested access to the resource is denied", SkopeoFault.Unauthorized)]
    [InlineData("reading manifest 1 in 127.0.0.1:5000/ci/x: received unexpected HTTP status: 503 Service Unavailable", SkopeoFault.Unreachable)]
    [InlineData("reading blob sha256:00: too many requests to registry", SkopeoFault.Unreachable)]
    [InlineData("reading blob sha256:00: Error fetching blob: invalid status code from registry 503 (Service Unavailable)", SkopeoFault.Unreachable)]
    [InlineData("reading blob sha256:00: Error fetching blob: invalid status code from registry 404 (Not Found)", SkopeoFault.BlobMissing)]
    [InlineData("reading blob sha256:00: Error fetching blob: invalid status code from registry 403 (Forbidden)", SkopeoFault.Unauthorized)]
    [InlineData("writing blob: happened during read: read tcp 127.0.0.1:3->127.0.0.1:5000: read: connection timed out", SkopeoFault.Unreachable)]
    [InlineData("writing blob: write /var/lib/x/oci-put-blob123: no space left on device", SkopeoFault.HostFull)]
    [InlineData("exceeded maximum allowed size of 4194304 bytes", SkopeoFault.ManifestTooLarge)]
    [InlineData("pinging container registry r.test: Get \\\"https://r.test/v2/\\\": x509: certificate has expired or is not yet valid: current time 2020-01-01T00:00:00Z is before 2026-01-01T00:00:00Z", SkopeoFault.CertificateExpired)]
    [InlineData("open /etc/containers/registries.d: permission denied", SkopeoFault.Other)]
    public void Faults_are_known_by_the_words_that_registries_and_skopeo_say(string said, SkopeoFault fault) =>
        SkopeoWords.Of($"time=\"2026-11-28T16:06:46Z\" level=fatal msg=\"{said}\"").Should().Be(fault);

    [Theory]
    [InlineData("reading manifest timeout in r.test/ci/certificate: no such thing")]
    [InlineData("reading manifest 429 in r.test/unauthorized/x: no such thing")]
    [InlineData("reading blob sha256:4291429142914290000000000000000000000000000000000000000000004294: Get \\\"https://r.test/v2/timeout/blobs/x509:\\\": stopped after 10 redirects")]
    [InlineData("Error parsing image name \\\"docker://r.test/denied/x:1\\\": no such thing")]
    public void Names_and_digests_are_not_taken_for_words_of_skopeo(string said) =>
        SkopeoWords.Of($"time=\"2026-11-28T16:06:46Z\" level=fatal msg=\"{said}\"").Should().Be(SkopeoFault.Other);
}
