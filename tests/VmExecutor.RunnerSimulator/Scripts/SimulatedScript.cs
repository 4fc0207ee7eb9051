using VmExecutor.RunnerSimulator.Jobs;

namespace VmExecutor.RunnerSimulator.Scripts;

/// <summary>One script as the runner writes it, for tests that need no job around it.</summary>
public static class SimulatedScript
{
    /// <param name="settings">The shell and its switches.</param>
    /// <param name="sideDirectory">The runner's own directory beside the project.</param>
    /// <param name="variables">The job's.</param>
    /// <param name="commands">The commands of the job's author.</param>
    public static string Write(ScriptSettings settings, string sideDirectory, IReadOnlyList<JobVariable> variables, params IEnumerable<string> commands)
    {
        var to = ScriptWriter.For(settings, sideDirectory);
        new JobScripts(variables, new JobPhase(), hostname: null).Exports(to);
        JobScripts.Write(to, "script_step", commands);
        return to.Finish();
    }
}
