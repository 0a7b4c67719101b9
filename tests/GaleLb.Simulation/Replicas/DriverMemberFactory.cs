using System.Collections.Immutable;
using GaleLb.Raft;
using GaleLb.Replica;
using GaleLb.Replica.Storage;
using GaleLb.Simulation.Oracles;
using GaleLb.Simulation.Workload;
using GaleLb.State.Commands;

namespace GaleLb.Simulation.Replicas;

/// <summary>Runs of whole replicas. They always begin with empty directories and found their cluster themselves.</summary>
internal sealed class DriverMemberFactory : IMemberFactory
{
    private readonly Dictionary<ulong, ulong> _orders = [];

    public bool IsSelfFounding => true;

    public SimulatedMember Create(MemberId id, string address, Membership? initial, IReadOnlyList<string> addresses, ISimulationHost host)
    {
        ImmutableArray<string> list = addresses.Contains(address) ? [.. addresses] : [.. addresses, address];
        return new DriverMember(id, OptionsFor(address, list, host), host);
    }

    /// <summary>An order's number is the idempotency key of its command, so that no two have the same bytes.</summary>
    public ReadOnlyMemory<byte> Order(ulong number, SimulatedMember target, SimulationRandom random)
    {
        State.ClusterState state = ((DriverMember)target).State;
        var envelope = new CommandEnvelope(CommandMix.Next(state, random))
        {
            LogTime = state.LogTime.Plus(random.Next(50)),
            Origin = "client",
            IdempotencyKey = number.ToString(System.Globalization.CultureInfo.InvariantCulture),
        };
        byte[] bytes = CommandCodec.Encode(envelope);
        _orders[Digest.Of(bytes)] = number;
        return bytes;
    }

    public ulong? OrderOf(Entry entry) =>
        entry.Kind == EntryKind.Command && _orders.TryGetValue(Digest.Of(entry.Payload.Span), out ulong number) ? number : null;

    private static ReplicaOptions OptionsFor(string address, ImmutableArray<string> list, ISimulationHost host) => new()
    {
        Address = address,
        Addresses = list,
        Raft = new RaftOptions
        {
            AppendBytesMax = host.Profile.AppendBytes,
            InflightAppendsMax = 8,
            UncommittedBytesMax = 16_000,
            SnapshotChunkBytes = 512,
            PendingReadsMax = 32,
            PromotionLagMax = 16,
        },
        Store = new StoreOptions { SegmentBytes = 8192, SetDamageAside = true },
        LeaseReads = host.Profile.Leases,
        Snapshots = new SnapshotPolicy { EntriesMax = host.Profile.SnapshotEntries, TrailingEntries = host.Profile.TrailingEntries },
    };
}
