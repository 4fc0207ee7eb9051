using VmExecutor.RunnerSimulator.Jobs;

namespace VmExecutor.EndToEnd.Tests.Guests;

/// <summary>A project as there are many: a job in python that uses postgres and redis by their names.</summary>
internal static class PythonProject
{
    /// <summary>The job's own words in its log when it has succeeded.</summary>
    public const string Said = "hello from postgres\nhello from redis\n";

    private const string Test = """
        import os

        import psycopg2
        import redis

        database = psycopg2.connect(host="postgres", dbname=os.environ["POSTGRES_DB"], user=os.environ["POSTGRES_USER"], password=os.environ["POSTGRES_PASSWORD"])
        cursor = database.cursor()
        cursor.execute("CREATE TABLE greetings (text TEXT)")
        cursor.execute("INSERT INTO greetings VALUES ('hello from postgres')")
        cursor.execute("SELECT text FROM greetings")
        print(cursor.fetchone()[0])

        cache = redis.Redis(host="redis")
        cache.set("greeting", "hello from redis")
        print(cache.get("greeting").decode())

        """;

    private static readonly IReadOnlyList<JobVariable> Variables =
    [
        new("POSTGRES_DB", "app") { Public = true }, new("POSTGRES_USER", "runner") { Public = true }, new("POSTGRES_PASSWORD", "only-for-tests") { Public = true },
    ];

    /// <summary>Its files by their paths.</summary>
    public static IReadOnlyDictionary<string, string> Files(string image) => new Dictionary<string, string>
    {
        ["test_app.py"] = Test,
        [".gitlab-ci.yml"] = $"""
            test:
              image: {image}
              services:
                - postgres:15
                - redis:7
              variables:
            {string.Concat(Variables.Select(variable => $"    {variable.Key}: {variable.Value}\n"))}
              script:
                - python3 test_app.py
            """,
    };

    /// <summary>The same job as GitLab sends it.</summary>
    public static SimulatedJob Job(long id, string image, GitSource source) => new()
    {
        Id = id,
        Image = image,
        Git = source,
        Variables = Variables,
        Services = """[{ "name": "postgres:15" }, { "name": "redis:7" }]""",
        Script = ["python3 test_app.py"],
    };
}
