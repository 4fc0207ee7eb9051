using VmExecutor.Core.Images.Sources;

namespace VmExecutor.Live;

/// <summary>The program's two streams while a <see cref="LiveScreen"/> is on its terminal.</summary>
internal sealed class LiveStreams : IDisposable
{
    private static volatile LiveScreen? _onTerminal;

    private readonly LiveScreen _screen;

    private LiveStreams(TextWriter output, TextWriter error, string work, TimeProvider time)
    {
        _screen = new LiveScreen(error, () => TerminalSize.Columns, work, time);

        // Clones that start at once write at once.
        Output = TextWriter.Synchronized(new LiveWriter(output, _screen, isTerminal: !Console.IsOutputRedirected));
        Error = TextWriter.Synchronized(new LiveWriter(error, _screen, isTerminal: true));
    }

    /// <summary>The screen that is on the process's terminal; null: there is none.</summary>
    public static LiveScreen? OnTerminal => _onTerminal;

    public TextWriter Output { get; }

    public TextWriter Error { get; }

    /// <param name="output">The standard output, which may be a file.</param>
    /// <param name="error">The standard error, which is the terminal.</param>
    /// <param name="work">As for the screen.</param>
    /// <param name="time">The clock.</param>
    public static LiveStreams Begin(TextWriter output, TextWriter error, string work, TimeProvider time)
    {
        var streams = new LiveStreams(output, error, work, time);
        _onTerminal = streams._screen;
        return streams;
    }

    /// <inheritdoc cref="LiveScreen.Show"/>
    public void Show(TransferAmount action) => _screen.Show(action);

    /// <inheritdoc cref="LiveScreen.End"/>
    public void End() => _screen.End();

    public void Dispose()
    {
        _onTerminal = null;
        _screen.Dispose();
        Output.Dispose();
        Error.Dispose();
    }
}
