using System.Text;
using System.Text.Json.Nodes;

namespace VmExecutor.Program.Tests;

/// <summary>The outcome that a job with something hostile in it must have.</summary>
internal enum Outcome
{
    /// <summary>The hostile part means nothing to the driver: the job is one like others.</summary>
    Job,

    /// <summary>There is no such image: the author's to correct.</summary>
    NoImage,

    /// <summary>There is no job to speak of: the host's to look after, in every stage.</summary>
    NoJob,
}

/// <summary>One way to be hostile, made on a bench before the stages run.</summary>
internal sealed record Attack(Outcome Outcome, Action<StageBench> Arrange)
{
    public static Attack Image(string name) => new(Outcome.NoImage, bench => bench.WriteResponse(name));

    /// <summary>A job response in which one thing is different.</summary>
    public static Attack Response(Outcome outcome, Action<JsonObject> change) => new(outcome, bench =>
    {
        var response = JsonNode.Parse(File.ReadAllText(bench.PathOf("response.json")))!.AsObject();
        change(response);
        bench.Write("response.json", response.ToJsonString());
    });

    public static Attack Content(Outcome outcome, string json) => new(outcome, bench => bench.Write("response.json", json));

    public static Attack Bytes(Outcome outcome, params byte[] content) =>
        new(outcome, bench => File.WriteAllBytes(bench.PathOf("response.json"), content));

    /// <summary>The real response with bytes in place of the image's name.</summary>
    public static Attack ImageBytes(Outcome outcome, params byte[] name) => new(outcome, bench =>
    {
        var text = File.ReadAllText(bench.WriteResponse("IMAGE").PathOf("response.json"));
        var at = text.IndexOf("IMAGE", StringComparison.Ordinal);
        File.WriteAllBytes(bench.PathOf("response.json"), [.. Encoding.UTF8.GetBytes(text[..at]), .. name, .. Encoding.UTF8.GetBytes(text[(at + 5)..])]);
    });

    public static Attack At(Outcome outcome, string path) => new(outcome, bench => bench.Environment["JOB_RESPONSE_FILE"] = path);

    public static Attack Environment(Outcome outcome, string name, string value) => new(outcome, bench => bench.Environment[name] = value);
}
