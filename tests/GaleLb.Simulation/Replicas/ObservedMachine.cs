using GaleLb.Raft;
using GaleLb.Replica;
using GaleLb.Simulation.Faults;
using GaleLb.Simulation.Oracles;
using GaleLb.State;
using GaleLb.State.Forwarding;
using GaleLb.State.Snapshots;

namespace GaleLb.Simulation.Replicas;

/// <summary>
/// The production state machine, told to the oracles entry by entry. Encoding the whole state and deriving the table cost too much
/// to be done at each, so they are compared at every sixty-fourth index, at snapshots, and after a restore.
/// </summary>
internal sealed class ObservedMachine(DriverMember member, ISimulationHost host) : IReplicatedStateMachine
{
    private const ulong DigestInterval = 64;

    private readonly ClusterStateMachine _machine = new();
    private readonly ForwardingTableBuilder _tables = new();

    public LogIndex AppliedIndex => _machine.AppliedIndex;
    public ClusterState State => _machine.Current;

    public ReadOnlyMemory<byte> Apply(Entry entry)
    {
        bool forgets = host.Bug == PlantedBug.ApplyDependsOnReplica && entry.Kind == EntryKind.Command && (member.Id.Value + entry.Index.Value) % 97 == 0;
        ReadOnlyMemory<byte> answer = _machine.Apply(entry.Index, entry.Term, forgets ? EntryKind.Empty : entry.Kind, entry.Payload);
        host.Oracles.Applied(member, entry, entry.Index.Value % DigestInterval == 0 ? DigestNow() : null);
        return answer;
    }

    public IStateCapture Capture()
    {
        host.Oracles.StateKnown(member, AppliedIndex, DigestNow());
        return new Captured(_machine.Capture());
    }

    public void Restore(SnapshotMetadata metadata, ReadOnlyMemory<byte> state)
    {
        _machine.Restore(metadata.Index, state.Span);
        if (member.IsUp)
            host.Oracles.Restored(member, metadata.Index, DigestNow());
        else
            host.Oracles.StateKnown(member, metadata.Index, DigestNow());
    }

    private ulong DigestNow() =>
        Digest.Of(System.Text.Encoding.ASCII.GetBytes(_tables.Next(State).Digest), Digest.Of(StateSnapshotCodec.Encode(State)));

    private sealed class Captured(ClusterState state) : IStateCapture
    {
        public ReadOnlyMemory<byte> Encode() => StateSnapshotCodec.Encode(state);
    }
}
