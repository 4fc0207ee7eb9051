using VmExecutor.Core.Configuration;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Tests.Configuration;

public sealed class SettingsBindingTests
{
    [Fact]
    public void An_empty_file_means_all_defaults()
    {
        var settings = Yaml.Bind("", ("debian-12.yaml", Yaml.Image)).Settings;

        settings.Should().BeEquivalentTo(
            new Settings { File = new AbsolutePath("/etc/vm/vm-executor.yaml"), Images = [] },
            options => options.Excluding(settings => settings.Images));
    }
}
