using System.CommandLine;
using VmExecutor.Benchmarks;
using VmExecutor.Core.Benchmarks;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Commands;

/// <summary><c>vm-executor bench</c>: what cold and warm starts of an image cost on this host.</summary>
internal static class BenchCommand
{
    private const int MostPairs = 1000;
    private const int MostAtOnce = 100;
    private const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    public static Command Create(Invocation invocation, Option<string?> config)
    {
        var image = new Argument<string>("image") { Description = "The image to measure." };
        var pairs = Number("-n", 5, MostPairs, "How many starts of each kind.");
        var concurrency = Number("--concurrency", 1, MostAtOnce, "How many clones at once.");
        var memory = Texts("--memory", "SIZE", "Also measure warm starts of this size; may be given several times.", text => ByteSize.TryParse(text, out _) ? null : "takes a size such as 2GiB");
        var budget = Texts("--budget", "START=LIMIT", "Fail if the median of prepare is over it, as warm=2s or cold=20s; may be given several times.", text => Budget.TryParse(text, out _) ? null : "takes warm=2s or cold=20s");
        var contents = new Option<string?>("--contents") { Description = "Measure with this much on the project's disk, in an image with 'project_disk'.", HelpName = "SIZE" };
        contents.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } text && !ByteSize.TryParse(text, out _))
            {
                result.AddError($"--contents takes a size such as 2GiB, not '{PlainText.OneLine(text, 60)}'.");
            }
        });
        var svg = new Option<string?>("--svg") { Description = "Also write a picture of the medians to this file.", HelpName = "FILE" };
        var json = new Option<bool>("--json") { Description = "Print one JSON document." };
        var command = new Command(
            "bench",
            "Measure cold, warm and standby starts of an image in turn, with real jobs: time, memory, disk. Example: vm-executor bench debian-12 -n 5 --budget warm=2s")
        {
            image, pairs, concurrency, memory, budget, contents, svg, json,
        };
        command.SetAction((parsed, _) => invocation.GuardAdminAsync(async token =>
        {
            var picture = parsed.GetValue(svg) is { } file ? DriverCommand.ResolveOutput("--svg", file) : (AbsolutePath?)null;
            var images = invocation.Load(parsed.GetValue(config)).Settings.Images;
            var name = ImageCommand.Name(parsed.GetRequiredValue(image));
            var request = new BenchRequest(
                images.FirstOrDefault(one => one.Name == name) ?? throw ImageCommand.Unknown(name, images.Select(one => one.Name)),
                parsed.GetValue(pairs),
                parsed.GetValue(concurrency),
                [.. (parsed.GetValue(memory) ?? []).Select(text => ByteSize.TryParse(text, out var size) ? size : default)],
                [.. (parsed.GetValue(budget) ?? []).Select(text => Budget.TryParse(text, out var limit) ? limit : null).OfType<Budget>()],
                parsed.GetValue(contents) is { } given && ByteSize.TryParse(given, out var inside) ? inside : null);
            var report = await invocation.ShowAsync("measuring", () => new BenchTasks(invocation, parsed.GetValue(config)).RunAsync(request, token));
            if (parsed.GetValue(json))
            {
                invocation.Output.WriteLine(report.ToJson());
            }
            else
            {
                BenchTable.Print(report, invocation.Output);
            }

            if (picture is not null)
            {
                AtomicFile.Write(picture, report.ToSvg(), Readable);
            }

            report.OverBudget.ToList().ForEach(line => invocation.Error.WriteLine($"over budget: {line}"));
            return report.OverBudget.Count == 0 ? ExitCodes.Success : ExitCodes.Problem;
        }));
        return command;
    }

    private static Option<int> Number(string name, int otherwise, int most, string description)
    {
        var option = new Option<int>(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => otherwise };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is var number && (number < 1 || number > most))
            {
                result.AddError($"{name} takes a number from 1 to {most}.");
            }
        });
        return option;
    }

    private static Option<string[]> Texts(string name, string form, string description, Func<string, string?> wrong)
    {
        var option = new Option<string[]>(name) { Description = description, HelpName = form };
        option.Validators.Add(result =>
        {
            foreach (var token in result.Tokens)
            {
                if (wrong(token.Value) is { } what)
                {
                    result.AddError($"{name} {what}, not '{PlainText.OneLine(token.Value, 60)}'.");
                }
            }
        });
        return option;
    }
}
