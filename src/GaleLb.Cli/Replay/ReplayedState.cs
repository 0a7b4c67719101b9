using GaleLb.Raft;
using GaleLb.Replica.Storage;
using GaleLb.State;
using GaleLb.State.Forwarding;

namespace GaleLb.Cli.Replay;

/// <summary>The state and the table that a replica had at a log index, made again from its files.</summary>
/// <param name="Term">Of the entry at this index.</param>
internal sealed record ReplayedState(ClusterState State, ForwardingTable Table, Term Term)
{
    /// <exception cref="StorageException">The log does not hold this index, or is damaged.</exception>
    /// <exception cref="InvalidDataException">A snapshot is intact and yet no state of this version.</exception>
    /// <exception cref="UnsupportedStateVersionException">The cluster was of a later version there.</exception>
    public static ReplayedState At(StoredLog log, LogIndex index)
    {
        (Snapshot? start, var entries) = log.To(index);
        ClusterStateMachine machine = new();
        Term term = Term.Zero;
        if (start is not null)
        {
            machine.Restore(start.Metadata.Index, start.State.Span);
            term = start.Metadata.Term;
        }

        foreach (Entry entry in entries)
        {
            machine.Apply(entry.Index, entry.Term, entry.Kind, entry.Payload);
            term = entry.Term;
        }

        return new ReplayedState(machine.Current, ForwardingTableBuilder.Derive(machine.Current), term);
    }
}
