using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.IO.Hashing;
using System.Text;
using System.Text.RegularExpressions;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Jobs;

/// <summary>
/// The key on which all four stages of one job agree, made of GitLab server, runner and job id. It is written <c>token-id-hash</c>. The
/// hash covers the three in full, so that two servers or two runners with equal job ids never share a key, though parts are cut for the
/// name.
/// </summary>
public sealed partial record JobKey
{
    private const int LongestToken = 12;
    private const string ServiceToken = "service";
    private const int MostServices = 999;

    /// <param name="server">Scheme, host and port.</param>
    /// <param name="runner">The runner's short token, whatever it is.</param>
    /// <param name="jobId">As GitLab counts jobs; 0: the runner's own job that tries the executor (docs/runner-contract.md section 7).</param>
    public JobKey(string server, string runner, long jobId)
    {
        // It ends where the runner's token begins, which may have line breaks: otherwise two triples could be hashed as one text.
        if (server.Contains('\n', StringComparison.Ordinal))
        {
            throw new ArgumentException("a server has no line break in its name", nameof(server));
        }

        if (jobId < 0)
        {
            throw new ArgumentOutOfRangeException(nameof(jobId), jobId, "a job id is not negative");
        }

        var identity = string.Create(CultureInfo.InvariantCulture, $"{server}\n{runner}\n{jobId}");
        var token = new string(runner.ToLowerInvariant().Where(char.IsAsciiLetterOrDigit).Take(LongestToken).ToArray());
        Value = string.Create(CultureInfo.InvariantCulture, $"{(token.Length == 0 ? "runner" : token)}-{jobId}-{Digest(identity)[..6]}");
    }

    private JobKey(string value) => Value = value;

    /// <summary>At most 40 characters of <c>a-z 0-9 -</c>: fit for a directory, a domain and a host name.</summary>
    public string Value { get; }

    /// <summary>As GitLab counts jobs; two servers may have the same.</summary>
    public string JobId => Value.Split('-')[1];

    /// <summary>The clone's name for libvirt and its host name.</summary>
    public DomainName Domain => new($"{DomainName.Prefix}{Value}");

    /// <summary>The clone's UUID: the same for every attempt of the job (RFC 9562 version 8, custom).</summary>
    public Guid Uuid
    {
        get
        {
            var digest = Digest(Value);
            return Guid.ParseExact($"{digest[..12]}8{digest[13..16]}8{digest[17..32]}", "N");
        }
    }

    /// <summary>The place of the service whose VM has this key; null: it is no such key. That of a runner whose token looks alike has no job that it is <see cref="IsServiceOf"/>.</summary>
    public int? ServiceNumber => ServicePattern().Match(Value) is { Success: true } match && int.TryParse(match.Groups["number"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>The key of the VM that is one of this job's services.</summary>
    /// <param name="number">The service's place among them, from 0 on.</param>
    public JobKey OfService(int number)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(number);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(number, MostServices);
        return new(string.Create(CultureInfo.InvariantCulture, $"{ServiceToken}{number}-{JobId}-{Digest($"{Value}\n{ServiceToken}{number}")[..6]}"));
    }

    /// <summary>True when it is the key of the VM of one of a job's services.</summary>
    public bool IsServiceOf(JobKey job) => ServiceNumber is { } number and <= MostServices && job.OfService(number) == this;

    /// <summary>A key as it was written, for instance as a directory's name.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out JobKey? key)
    {
        key = text is not null && Pattern().IsMatch(text) ? new JobKey(text) : null;
        return key is not null;
    }

    public override string ToString() => Value;

    // It tells jobs apart and protects nothing, so it need not be cryptographic; loading OpenSSL costs each stage 8 ms.
    private static string Digest(string text) => Convert.ToHexStringLower(XxHash128.Hash(Encoding.UTF8.GetBytes(text)));

    [GeneratedRegex($@"\A{ServiceToken}(?<number>0|[1-9][0-9]{{0,2}})-", RegexOptions.CultureInvariant)]
    private static partial Regex ServicePattern();

    [GeneratedRegex(@"\A[a-z0-9]{1,12}-(?:0|[1-9][0-9]{0,18})-[0-9a-f]{6}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
