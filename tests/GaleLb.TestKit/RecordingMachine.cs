using System.Text;
using GaleLb.Raft;
using GaleLb.Replica;

namespace GaleLb.TestKit;

/// <summary>A state machine that remembers every command it applied; its answer to one is the count so far.</summary>
public sealed class RecordingMachine : IReplicatedStateMachine
{
    /// <summary>A command that this machine cannot apply.</summary>
    public const string Beyond = "beyond";

    private readonly List<string> _commands = [];

    public IReadOnlyList<string> Commands => _commands;

    public LogIndex AppliedIndex { get; private set; }

    public int Restored { get; private set; }

    public ReadOnlyMemory<byte> Apply(Entry entry)
    {
        if (entry.Index != AppliedIndex.Next())
            throw new InvalidOperationException($"Entry {entry.Index} was applied after {AppliedIndex}.");
        string? command = entry.Kind == EntryKind.Command ? Encoding.UTF8.GetString(entry.Payload.Span) : null;
        if (command == Beyond)
            throw new UnfitMachineException("Install a newer release.", new NotSupportedException());
        AppliedIndex = entry.Index;
        if (command is null)
            return default;
        _commands.Add(command);
        return BitConverter.GetBytes(_commands.Count);
    }

    public IStateCapture Capture() => new Captured([.. _commands]);

    public void Restore(SnapshotMetadata metadata, ReadOnlyMemory<byte> state)
    {
        string text = Encoding.UTF8.GetString(state.Span);
        _commands.Clear();
        _commands.AddRange(text.Length == 0 ? [] : text.Split('\n'));
        AppliedIndex = metadata.Index;
        Restored++;
    }

    private sealed class Captured(string[] commands) : IStateCapture
    {
        public ReadOnlyMemory<byte> Encode() => Encoding.UTF8.GetBytes(string.Join('\n', commands));
    }
}
