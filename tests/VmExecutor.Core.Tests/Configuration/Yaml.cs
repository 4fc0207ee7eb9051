using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Tests.Configuration;

/// <summary>Binds texts as if they were files in <c>/etc/vm</c>.</summary>
internal static class Yaml
{
    public const string Key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJnVvDTBeyXyXEOiFf6sEv0fs3+3mWtp0gWbAkMeM29V";

    /// <summary>An image without errors and warnings.</summary>
    public const string Image = $$"""
        source: domain
        domain: base
        ssh:
          user: ci
          key: /k
          host_key: {{Key}}
        """;

    public static ConfigurationResult Bind(string settings, params (string Name, string Text)[] images) =>
        SettingsDocument.Parse(new ConfigurationText(new AbsolutePath("/etc/vm/vm-executor.yaml"), settings)).Bind(new ImageTexts(
            DirectoryExists: true,
            [.. images.Select(image => new ConfigurationText(new AbsolutePath($"/etc/vm/images/{image.Name}"), image.Text))],
            []));

    public static ImageDefinition BindImage(string text, string settings = "") =>
        Bind(settings, ("image.yaml", text)).Settings.Images.Should().ContainSingle().Subject;

    /// <summary>The errors' lines; the directory is left out, so that a line fits the page.</summary>
    public static IReadOnlyList<string> Errors(string settings, params (string Name, string Text)[] images)
    {
        try
        {
            Bind(settings, images);
            return [];
        }
        catch (ConfigurationException exception)
        {
            return [.. exception.Message.Split('\n').Select(line => line.Replace("/etc/vm/", "", StringComparison.Ordinal))];
        }
    }
}
