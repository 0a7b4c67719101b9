using GaleLb.Raft;
using GaleLb.State.Commands;
using GaleLb.State.Events;
using GaleLb.State.Rules;
using GaleLb.State.Snapshots;

namespace GaleLb.State;

/// <summary>
/// Holds the current state and moves it from entry to entry. One thread applies; <see cref="Current"/> may be read from
/// any, and what it returns never changes.
/// </summary>
/// <param name="versionMax">The highest state version to apply, at most <see cref="ClusterState.StateVersionMax"/>; less than that is how an older release behaves.</param>
public sealed class ClusterStateMachine(uint versionMax = ClusterState.StateVersionMax)
{
    private ClusterState _current = ClusterState.Empty;

    public ClusterState Current => Volatile.Read(ref _current);

    public LogIndex AppliedIndex => Current.AppliedIndex;

    /// <summary>Applies the next entry and returns the encoded <see cref="CommandAnswer"/>, empty for entries that are no command.</summary>
    /// <exception cref="UnsupportedStateVersionException">An entry raised the state's version beyond what this program can apply; nothing has changed.</exception>
    /// <exception cref="ArgumentException"><paramref name="index"/> is not the next one.</exception>
    public ReadOnlyMemory<byte> Apply(LogIndex index, Term term, EntryKind kind, ReadOnlyMemory<byte> payload)
    {
        ClusterState state = _current;
        if (index != state.AppliedIndex.Next())
            throw new ArgumentException($"Entry {index} does not follow the applied index {state.AppliedIndex}.", nameof(index));
        if (kind != EntryKind.Command)
        {
            EventKind told = kind == EntryKind.Empty ? EventKind.LeaderElected : EventKind.MembershipChanged;
            Advance(NoteRules.Note(state, index, told, $"term {term}"));
            return default;
        }

        CommandEnvelope envelope;
        try
        {
            envelope = CommandCodec.Decode(payload.Span);
        }
        catch (InvalidDataException e)
        {
            // Every replica of this state version finds the same fault, so this answer is part of the log's meaning.
            Advance(NoteRules.Note(state, index, EventKind.EntryUnreadable, e.Message));
            return CommandAnswerCodec.Encode(new CommandAnswer(index, CommandOutcome.Invalid, e.Message, "", []));
        }

        (ClusterState next, CommandAnswer answer) = CommandRules.Apply(state, index, envelope);
        Advance(next);
        return CommandAnswerCodec.Encode(answer);
    }

    /// <summary>The present state; <see cref="StateSnapshotCodec.Encode"/> may run on another thread.</summary>
    public ClusterState Capture() => Current;

    /// <exception cref="InvalidDataException">The bytes are not a state that this version can read; nothing has changed.</exception>
    /// <exception cref="UnsupportedStateVersionException">The state is of a later version; nothing has changed.</exception>
    public void Restore(LogIndex index, ReadOnlySpan<byte> bytes)
    {
        ClusterState state = StateSnapshotCodec.Decode(bytes);
        if (state.AppliedIndex != index)
            throw new InvalidDataException($"state snapshot: it covers index {state.AppliedIndex}, not {index}.");
        Advance(state);
    }

    private void Advance(ClusterState next)
    {
        if (next.StateVersion > versionMax)
            throw new UnsupportedStateVersionException(next.StateVersion, versionMax);
        Volatile.Write(ref _current, next);
    }
}
