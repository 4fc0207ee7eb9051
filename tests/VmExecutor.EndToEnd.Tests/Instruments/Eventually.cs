using System.Diagnostics;

namespace VmExecutor.EndToEnd.Tests.Instruments;

/// <summary>Asks again until the answer is right or the time is over: for what ends by itself a moment later.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <returns>The last answer.</returns>
    public static async Task<T> AskAsync<T>(Func<Task<T>> question, Func<T, bool> isRight, TimeSpan limit)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            var answer = await question();
            if (isRight(answer) || Stopwatch.GetElapsedTime(started) > limit)
            {
                return answer;
            }

            await Task.Delay(Pause);
        }
    }
}
