using Serilog;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting.Compact;
using Serilog.Parsing;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Observing;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Locks;

namespace VmExecutor.Host.Observing;

/// <summary>
/// The operator's log: compact JSON lines (clef, github.com/serilog/serilog-formatting-compact) in a file that many short processes write
/// to. A failure to write it is reported once and never fails a job.
/// </summary>
public sealed class OperatorLog(LogSettings settings, AbsolutePath stateDir, TimeProvider time)
{
    // A process that exchanges the file holds the lock for a millisecond.
    private static readonly TimeSpan LockLimit = TimeSpan.FromSeconds(2);

    private static readonly CompactJsonFormatter Formatter = new();

    public AbsolutePath File { get; } = settings.FileIn(stateDir);

    /// <summary>Writes one line, if it is important enough.</summary>
    /// <param name="line">The line.</param>
    /// <param name="journal">Also takes the line, for journald; null: it does not.</param>
    /// <returns>Why it could not be written; null: it was, or was not meant to be.</returns>
    public async Task<string?> WriteAsync(LogLine line, TextWriter? journal)
    {
        if (!settings.Enabled || line.Level < settings.Level)
        {
            // Before anything of Serilog is loaded, which takes longer than most stages do.
            return null;
        }

        var text = Format(line);
        if (journal is not null && settings.Journal)
        {
            await journal.WriteAsync($"<{Priority(line.Level)}>{text}").ConfigureAwait(false);
        }

        try
        {
            StateDirectories.Make(File.Parent());
            using var locks = new StateLocks(stateDir, time);
            using var held = await locks.TakeLogAsync(LockLimit, CancellationToken.None).ConfigureAwait(false)
                ?? throw new IOException("another process holds its lock");
            new LineFile(File, settings.MaxSize.Bytes, settings.Keep).Append(text);
            return null;
        }
        catch (Exception e) when (HostFileException.Explains(e) || e is HostFileException)
        {
            return $"the operator's log {File} cannot be written: {HostFileException.ReasonOf(e)}";
        }
    }

    /// <summary>The line as it stands in the file, with its end.</summary>
    internal string Format(LogLine line)
    {
        var sink = new TextSink();
        using (var logger = new LoggerConfiguration().MinimumLevel.Verbose().WriteTo.Sink(sink).CreateLogger())
        {
            logger.Write(new LogEvent(
                time.GetUtcNow(), Level(line.Level), exception: null, new MessageTemplate([new PropertyToken("stage", "{stage}"), new TextToken(" "), new PropertyToken("outcome", "{outcome}")]), Properties(line)));
        }

        return sink.Text;
    }

    /// <summary>The fields by name: a field that is not here cannot get into the log.</summary>
    private static IEnumerable<LogEventProperty> Properties(LogLine line)
    {
        (string Name, object? Value)[] fields =
        [
            ("stage", line.Stage), ("outcome", line.Outcome), ("job", line.Job), ("project", line.Project), ("image", line.Image), ("generation", line.Generation),
            ("start", line.Start), ("cold_reason", line.ColdReason), ("sub_stage", line.SubStage), ("exit_code", line.ExitCode), ("error", line.Error),
            ("result", line.Result), ("seconds", line.Seconds), ("peak_memory_bytes", line.PeakMemoryBytes), ("cpu_seconds", line.CpuSeconds),
            ("disk_bytes", line.DiskBytes), ("removed", line.Removed), ("failed", line.Failed),
        ];
        foreach (var (name, value) in fields)
        {
            if (value is not null)
            {
                yield return new LogEventProperty(name, new ScalarValue(value));
            }
        }

        if (line.Phases is { Count: > 0 } phases)
        {
            yield return new LogEventProperty("phases", new StructureValue(phases.Select(phase => new LogEventProperty(phase.Key, new ScalarValue(phase.Value)))));
        }
    }

    private static LogEventLevel Level(LogLevel level) => level switch
    {
        LogLevel.Debug => LogEventLevel.Debug,
        LogLevel.Info => LogEventLevel.Information,
        LogLevel.Warning => LogEventLevel.Warning,
        _ => LogEventLevel.Error,
    };

    /// <summary>syslog's number, as sd-daemon(3) has it.</summary>
    private static int Priority(LogLevel level) => level switch
    {
        LogLevel.Debug => 7,
        LogLevel.Info => 6,
        LogLevel.Warning => 4,
        _ => 3,
    };

    private sealed class TextSink : ILogEventSink
    {
        public string Text { get; private set; } = "";

        public void Emit(LogEvent logEvent)
        {
            using var writer = new StringWriter();
            Formatter.Format(logEvent, writer);
            Text = writer.ToString().ReplaceLineEndings("\n");
        }
    }
}
