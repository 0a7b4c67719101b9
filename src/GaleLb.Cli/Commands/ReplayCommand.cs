using System.CommandLine;
using System.Text.Json;
using GaleLb.Cli.Output;
using GaleLb.Cli.Replay;
using GaleLb.LoadBalancer.Rest;
using GaleLb.Raft;
using GaleLb.Replica.Storage;
using GaleLb.State;

namespace GaleLb.Cli.Commands;

/// <summary><c>galectl replay LOGDIR</c>: state and table at a log index, from a copied data directory and without a cluster.</summary>
internal static class ReplayCommand
{
    public static Command Create(GlobalOptions globals)
    {
        Argument<DirectoryInfo> directory = new("LOGDIR") { Description = "A copy of a replica's data_directory; it is only read" };
        Option<ulong?> to = new("--to") { Description = "The log index to stop at; the last one when left out", HelpName = "INDEX" };
        Command command = new("replay", "Rebuild the state at a log index from a copied data directory, without a cluster") { directory, to };
        globals.HandleLocally(
            command, (display, parsed) => Run(display, parsed.GetRequiredValue(directory).ToString(), parsed.GetValue(to)));
        return command;
    }

    private static int Run(Display display, string directory, ulong? to)
    {
        try
        {
            using ReadOnlyDisk disk = ReadOnlyDisk.Open(directory);
            StoredLog log = StoredLog.Read(disk);
            ReplayedState replayed = ReplayedState.At(log, to is { } index ? new LogIndex(index) : log.Last);
            Show(display, log, replayed);
            Warn(display.Error, log, replayed.State.AppliedIndex);
            return ExitCode.Fine;
        }
        catch (StorageException e)
        {
            display.Error.WriteLine($"galectl: {e.Finding}");
        }
        catch (Exception e) when (e is InvalidDataException or UnsupportedStateVersionException)
        {
            display.Error.WriteLine($"galectl: {directory}: {e.Message}");
        }

        return ExitCode.Failed;
    }

    private static void Show(Display display, StoredLog log, ReplayedState replayed)
    {
        StateDocument document = StateDocuments.Of(replayed.State, replayed.Table.Digest);
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(document, ReplayJson.Default.StateDocument);
        if (display.Format == OutputFormat.Json)
        {
            display.WriteJson(json);
            return;
        }

        WriteField(display.Output, "member", log.Self.ToString());
        WriteField(display.Output, "term", replayed.Term.ToString());
        using JsonDocument parsed = JsonDocument.Parse(json);
        DocumentView.Write(parsed.RootElement, display.Output);
    }

    /// <summary>What the reader has to know about these files; not on the output, which scripts read.</summary>
    private static void Warn(TextOutput error, StoredLog log, LogIndex index)
    {
        if (index > log.Committed)
        {
            string proven = log.Committed == LogIndex.Zero ? "there is no snapshot yet" : $"the newest snapshot covers {log.Committed}";
            error.WriteLine(
                $"galectl: index {index} may not be committed: {proven}, and what lies behind it may have been replaced on the other members; "
                + "state_digest at the same index on another one tells");
        }

        if (log.TornBytes > 0)
        {
            string suspect = log.TailSuspect ? ", with an intact record behind the break" : "";
            error.WriteLine($"galectl: the log's last write is torn: {log.TornBytes} bytes behind index {log.Last} are left out{suspect}");
        }

        if (log.Loss != LogLoss.None)
        {
            string lost = log.Loss == LogLoss.Certain ? "has lost" : "may have lost";
            error.WriteLine($"galectl: by its own note this member {lost} entries at the end of its log");
        }
    }

    private static void WriteField(TextOutput output, string name, string value)
    {
        output.Write($"{name,-20} ", Tone.Faint);
        output.WriteLine(value);
    }
}
