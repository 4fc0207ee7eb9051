using VmExecutor.Core.Services;

namespace VmExecutor.GitlabCi;

/// <summary>Reads a job's <c>services</c>, whose outer shape was looked at before (<see cref="CiShapes"/>).</summary>
internal sealed class CiServicesReader(string job, CiValues values, CiFindings findings)
{
    private const string Parent = "services";

    public IReadOnlyList<CiService> Read(CiEntry? entry)
    {
        var services = new List<CiService>();
        Gather(entry?.Value, depth: 0, services);
        return services;
    }

    /// <summary>A reference puts a list into the list.</summary>
    private void Gather(CiNode? node, int depth, List<CiService> services)
    {
        switch (node)
        {
            case CiList list when depth <= CiValues.DeepestScript:
                list.Items.ToList().ForEach(item => Gather(item, depth + 1, services));
                break;
            case CiScalar { IsText: true, Text.Length: > 0 } name when depth > 0:
                services.Add(new CiService { Name = name.Text });
                break;
            case CiMap map when depth > 0 && Read(map) is { } service:
                services.Add(service);
                break;
        }
    }

    private CiService? Read(CiMap map)
    {
        foreach (var entry in map.Entries)
        {
            if (entry.Key is "ports" or "kubernetes")
            {
                findings.Warn(entry.KeyAt, $"{Parent}.{entry.Key}", "is not looked at");
            }
            else if (entry.Key is not ("name" or "alias" or "entrypoint" or "command" or "variables" or "pull_policy" or "docker"))
            {
                values.Wrong(entry, "config contains unknown keys", Parent);
            }
        }

        if (values.Text(map.Find("name")) is not { } name)
        {
            if (map.Get("name") is null or CiScalar { IsNull: true })
            {
                findings.Wrong(map.At, $"{job}.{Parent}", "name can't be blank");
            }

            return null;
        }

        var docker = map.Get("docker") as CiMap;
        return new CiService
        {
            Name = name,
            Alias = values.Text(map.Find("alias")),
            Entrypoint = values.Texts(map.Find("entrypoint"), Parent),
            Command = values.Texts(map.Find("command"), Parent),
            Variables = Variables(map.Find("variables")),
            PullPolicy = Policy(map.Find("pull_policy")),
            User = values.Text(docker?.Find("user")),
            Platform = values.Text(docker?.Find("platform")),
        };
    }

    private List<CiVariable> Variables(CiEntry? entry)
    {
        var variables = new List<CiVariable>();
        foreach (var one in (entry?.Value as CiMap)?.Entries ?? [])
        {
            if (one.Value is CiScalar value && (value.IsAlphanumeric || value.Kind == CiKind.Boolean || value.IsNull))
            {
                variables.Add(new CiVariable(one.Key, value.Text));
            }
            else if (one.Value is not CiUnknown)
            {
                values.Wrong(one, "should be a hash of key value pairs, value can be a string or a number", $"{Parent}.variables");
            }
        }

        if (entry?.Value is not (null or CiMap or CiScalar { IsNull: true } or CiUnknown))
        {
            values.Wrong(entry, "should be a hash", Parent);
        }

        return variables;
    }

    private IReadOnlyList<string> Policy(CiEntry? entry)
    {
        IReadOnlyList<string> policies = entry?.Value is CiScalar { IsText: true } one ? [one.Text] : values.Texts(entry, Parent);
        if (policies.FirstOrDefault(policy => PullPolicyWords.Find(policy) is null) is { } unknown)
        {
            values.Wrong(entry!, $"should be one of: {string.Join(", ", PullPolicyWords.All)}, and is '{unknown}'", Parent);
        }

        return policies;
    }
}
