using System.Diagnostics;
using FluentAssertions;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Tests.Fakes;
using Xunit;

namespace VmExecutor.Host.Tests.Clones;

/// <summary>Real keys and disks. What is said of a key is compared with what OpenSSH itself makes of it.</summary>
public sealed class FileContentsTests : IDisposable
{
    private readonly AbsolutePath _directory = new(Directory.CreateTempSubdirectory("vmx-contents-").FullName);

    public void Dispose() => Directory.Delete(_directory.Value, recursive: true);

    [Theory(Timeout = 60_000)]
    [InlineData("-t ed25519")]
    [InlineData("-t ecdsa")]
    [InlineData("-t rsa -b 2048")]
    [InlineData("-t rsa -b 2048 -m PEM")]
    [InlineData("-t rsa -b 2048 -m PKCS8")]
    [InlineData("-t ecdsa -m PEM")]
    public async Task A_key_is_taken_without_a_passphrase_and_not_with_one(string how)
    {
        await Task.Yield();
        Keygen(["-q", .. how.Split(' '), "-N", "", "-f", At("plain")]);
        Keygen(["-q", .. how.Split(' '), "-N", "some passphrase", "-f", At("locked")]);

        FileContents.OfKey(new AbsolutePath(At("plain"))).Should().BeNull();
        FileContents.OfKey(new AbsolutePath(At("locked")))!.What.Should().StartWith("has a passphrase");
        ShouldAgreeWithSsh("plain", "locked");
    }

    [Theory(Timeout = 60_000)]
    [InlineData("empty")]
    [InlineData("spaces")]
    [InlineData("public")]
    [InlineData("authorized")]
    [InlineData("known_hosts")]
    [InlineData("certificate")]
    [InlineData("ppk")]
    [InlineData("pem-public")]
    [InlineData("x509")]
    [InlineData("windows")]
    [InlineData("unended")]
    [InlineData("cut")]
    [InlineData("preamble")]
    [InlineData("bom")]
    [InlineData("words")]
    [InlineData("bytes")]
    public async Task A_file_that_ssh_does_not_take_for_a_key_is_refused_and_named(string kind)
    {
        await Task.Yield();
        Keygen("-q", "-t", "ed25519", "-N", "", "-C", "x", "-f", At("k"));
        var (key, pub) = (File.ReadAllText(At("k")), File.ReadAllText(At("k.pub")));
        Keygen("-q", "-s", At("k"), "-I", "id", At("k.pub"));
        Keygen("-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", At("r"));
        var (content, what) = kind switch
        {
            "empty" => ("", "is empty"),
            "spaces" => (" \n\n", "is empty"),
            "public" => (pub, "is a public key"),
            "authorized" => ($"# people\nno-pty,command=\"ls\" {pub}{pub}", "is a list of public keys"),
            "known_hosts" => ($"example.com,10.0.0.1 {pub}|1|abc=|def= {pub}", "is a known_hosts file"),
            "certificate" => (File.ReadAllText(At("k-cert.pub")), "is an SSH certificate"),
            "ppk" => ("PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n", "is a key of PuTTY"),
            "pem-public" => (QemuTool.Run("ssh-keygen", "-e", "-m", "PKCS8", "-f", At("r.pub")), "is a public key"),
            "x509" => ("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", "is a certificate"),
            "windows" => (key.Replace("\n", "\r\n", StringComparison.Ordinal), "has line ends of Windows"),
            "unended" => (key.TrimEnd(), "lacks the line break at its end"),
            "cut" => (key[..150], "is a damaged private key"),
            "preamble" => ($"my key:\n{key}", "does not begin with"),
            "bom" => ($"\ufeff{key}", "does not begin with"),
            "words" => ("secret\n", "is no private key"),
            _ => ("\0\u0001\u0002", "is no private key"),
        };
        File.WriteAllText(At("file"), content);

        FileContents.OfKey(new AbsolutePath(At("file")))!.What.Should().StartWith(what);
        ShouldAgreeWithSsh("file");
    }

    [Theory(Timeout = 60_000)]
    [InlineData("windows", "PEM")]
    [InlineData("unended", "PEM")]
    [InlineData("preamble", "PEM")]
    [InlineData("windows", "PKCS8")]
    [InlineData("unended", "PKCS8")]
    [InlineData("preamble", "PKCS8")]
    public async Task Keys_of_OpenSSL_may_look_otherwise_and_are_taken_as_ssh_takes_them(string kind, string format)
    {
        await Task.Yield();
        Keygen("-q", "-t", "rsa", "-b", "2048", "-m", format, "-N", "", "-f", At("k"));
        var key = File.ReadAllText(At("k"));
        File.WriteAllText(At("file"), kind switch
        {
            "windows" => key.Replace("\n", "\r\n", StringComparison.Ordinal),
            "unended" => key.TrimEnd(),
            _ => $"my key:\n{key}",
        });

        ShouldAgreeWithSsh("file");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_block_device_is_looked_into_as_a_file_is()
    {
        await Task.Yield();
        QemuTool.Img("create", "-q", "-f", "qcow2", At("volume"), "8M");
        File.SetUnixFileMode(At("volume"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        using (var file = File.OpenWrite(At("volume")))
        {
            file.SetLength(8 << 20);
        }

        using var device = LoopDevice.TryOver(At("volume"));
        Prerequisite.Require(device is not null, "a loop device can be made by root only, and where the kernel has some");
        var path = new AbsolutePath(device!.Path);

        FileContents.OfDisk(path, "raw", "driver type")!.What.Should().StartWith("is a disk of format qcow2, but driver type says raw");
        FileContents.OfDisk(path, "qcow2", "driver type").Should().BeNull();
    }

    [Theory(Timeout = 60_000)]
    [InlineData("qcow2", "")]
    [InlineData("vmdk", "")]
    [InlineData("vmdk", "subformat=streamOptimized")]
    [InlineData("vdi", "")]
    [InlineData("vhdx", "")]
    [InlineData("vpc", "subformat=dynamic")]
    [InlineData("vpc", "subformat=fixed")]
    [InlineData("qed", "")]
    [InlineData("parallels", "")]
    [InlineData("raw", "")]
    public async Task A_disk_of_any_format_is_known(string format, string options)
    {
        await Task.Yield();
        QemuTool.Img(["create", "-q", "-f", format, .. options.Length > 0 ? new[] { "-o", options } : [], At("disk"), "4M"]);
        var path = new AbsolutePath(At("disk"));

        FileContents.OfDisk(path, format, "format").Should().BeNull();
        FileContents.OfDisk(path, format == "raw" ? "qcow2" : "raw", "format")!.What.Should().StartWith($"is a disk of format {format}, but format says");
        (FileContents.OfDisk(path, null, "format") is null).Should().Be(format is "raw" or "qcow2");
    }

    [Fact(Timeout = 60_000)]
    public async Task Packed_disks_and_appliances_are_no_disks()
    {
        await Task.Yield();
        QemuTool.Img("create", "-q", "-f", "vmdk", At("disk.vmdk"), "4M");
        QemuTool.Run("tar", "-cf", At("box.ova"), "-C", _directory.Value, "disk.vmdk");
        QemuTool.Run("gzip", "-k", At("disk.vmdk"));

        FileContents.OfDisk(new AbsolutePath(At("box.ova")), "qcow2", "format")!.What.Should().StartWith("is an archive (tar or ova)");
        FileContents.OfDisk(new AbsolutePath(At("disk.vmdk.gz")), null, "format")!.What.Should().StartWith("is packed (gzip)");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_pipe_is_not_waited_for_and_what_is_not_there_is_told_by_others()
    {
        await Task.Yield();
        QemuTool.Run("mkfifo", At("pipe"));

        FileContents.OfKey(new AbsolutePath(At("pipe"))).Should().BeNull();
        FileContents.OfDisk(new AbsolutePath(At("missing")), null, "format").Should().BeNull();
        FileContents.OfDisk(_directory, null, "format").Should().BeNull();
    }

    /// <summary>ssh-keygen prints a private key's public half only if it can read the key as ssh would, without a passphrase.</summary>
    private void ShouldAgreeWithSsh(params string[] names)
    {
        foreach (var name in names)
        {
            File.SetUnixFileMode(At(name), UnixFileMode.UserRead | UnixFileMode.UserWrite);
            using var process = Process.Start(new ProcessStartInfo("ssh-keygen", ["-y", "-P", "", "-f", At(name)])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            process.StandardInput.Close();
            process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            (process.ExitCode == 0).Should().Be(FileContents.OfKey(new AbsolutePath(At(name))) is null, "of {0} OpenSSH said {1}", name, process.StandardError.ReadToEnd());
        }
    }

    private string At(string name) => _directory.Child(name).Value;

    private static void Keygen(params string[] arguments) => QemuTool.Run("ssh-keygen", arguments);
}
