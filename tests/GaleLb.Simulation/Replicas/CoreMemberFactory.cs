using System.Buffers.Binary;
using GaleLb.Raft;
using GaleLb.Simulation.Oracles;

namespace GaleLb.Simulation.Replicas;

/// <summary>Runs of the consensus core alone.</summary>
internal sealed class CoreMemberFactory : IMemberFactory
{
    public bool IsSelfFounding => false;

    public SimulatedMember Create(MemberId id, string address, Membership? initial, IReadOnlyList<string> addresses, ISimulationHost host)
    {
        var member = new CoreMember(id, address, OptionsFor(host), host);
        if (initial is not null)
        {
            var empty = new RegisterMachine();
            member.Preset(new Snapshot(new SnapshotMetadata(new LogIndex(1), new Term(1), initial), empty.Capture()));
        }
        return member;
    }

    public ReadOnlyMemory<byte> Order(ulong number, SimulatedMember target, SimulationRandom random)
    {
        var payload = new byte[8 + random.Next(60)];
        BinaryPrimitives.WriteUInt64LittleEndian(payload, number);
        return payload;
    }

    public ulong? OrderOf(Entry entry) =>
        entry.Kind == EntryKind.Command ? AcknowledgedOrders.NumberOf(entry.Payload.Span) : null;

    private static RaftOptions OptionsFor(ISimulationHost host) => new()
    {
        HeartbeatTicks = 5,
        ElectionTicks = 30,
        AppendBytesMax = host.Profile.AppendBytes,
        InflightAppendsMax = 8,
        UncommittedBytesMax = 8_000,
        SnapshotChunkBytes = 256,
        PendingReadsMax = 32,
        PromotionLagMax = 16,
    };
}
