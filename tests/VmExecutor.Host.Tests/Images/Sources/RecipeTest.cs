using VmExecutor.Core.Configuration;
using VmExecutor.Core.Images.Sources;
using VmExecutor.Core.Values;
using VmExecutor.Host.Images.Sources;
using VmExecutor.Host.Processes;
using VmExecutor.RunnerSimulator.Drivers;

namespace VmExecutor.Host.Tests.Images.Sources;

/// <summary>The common parts of tests of recipes: recipes are real scripts in a directory of the test's own.</summary>
public abstract class RecipeTest : IDisposable
{
    private protected static readonly Dictionary<string, string> Variables = new()
    {
        ["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin",
        ["VMX_SUITE"] = "trixie",
        ["CUSTOM_ENV_SECRET"] = "of a job",
    };

    private protected AbsolutePath Temporary { get; } = new(Directory.CreateTempSubdirectory("vmx-recipe").FullName);

    private protected AbsolutePath Recipe => Temporary.Child("recipe");

    private protected AbsolutePath Output => Temporary.Child("output");

    private protected AbsolutePath Log => Temporary.Child("build.log");

    private protected static IToolRunner Tools => new ToolRunner(new ToolEnvironment(Variables), TimeProvider.System);

    public void Dispose()
    {
        Directory.Delete(Temporary.Value, recursive: true);
        GC.SuppressFinalize(this);
    }

    private protected void WriteRecipe(string script) => ProgramFile.Write(Recipe.Value, $"#!/bin/bash\n{script}\n");

    private protected ImageDefinition Image(ImageSource? source = null, AbsolutePath? key = null, string user = "ci") => new()
    {
        File = Temporary.Child("debian.yaml"),
        Name = new ImageName("debian"),
        Source = source ?? new ImageSource.Build(Recipe),
        Ssh = new SshSettings { User = user, Key = key, Login = key is null ? LoginMethod.CloudInit : LoginMethod.Baked },
    };

    private protected Task<SourceFiles> BuildAsync(CancellationToken cancellationToken, TimeSpan? timeout = null, AbsolutePath? key = null, Action<string>? tell = null, Action<TransferAmount>? show = null)
    {
        var source = new ImageSource.Build(Recipe) { Timeout = timeout ?? TimeSpan.FromMinutes(1) };
        return new BuildSource(Variables, Tools, TimeProvider.System) { Show = show ?? (_ => { }) }.RunAsync(Image(source, key), source, Output, Log, tell ?? (_ => { }), cancellationToken);
    }
}
