using System.Collections.Immutable;
using System.Net;
using GaleLb.Raft;
using GaleLb.State.Formats;
using GaleLb.State.Forwarding;
using GaleLb.State.Nodes;
using GaleLb.State.Services;

namespace GaleLb.State.Snapshots;

public static partial class StateSnapshotCodec
{
    private static void WriteNodes(CanonicalWriter writer, ClusterState state)
    {
        writer.Count(state.Nodes.Count);
        foreach (NodeRecord node in state.Nodes.Values)
            WriteNode(writer, node);
        writer.Count(state.Retired.Count);
        foreach (RetiredPlace retired in state.Retired.Values)
        {
            WritePlace(writer, retired.Place);
            writer.Text(retired.Name);
            writer.I64(retired.Since.Milliseconds);
        }

        writer.Count(state.Blacklist.Count);
        foreach (BlacklistEntry entry in state.Blacklist.Values)
        {
            writer.Text(entry.Node);
            writer.I64(entry.Since.Milliseconds);
            writer.I64(entry.Until.Milliseconds);
            writer.Bool(entry.Ordered);
            writer.Text(entry.Reason);
            writer.U64(entry.LastChange.Value);
        }

        writer.Count(state.Ejections.Count);
        foreach (Ejection ejection in state.Ejections)
        {
            writer.I64(ejection.At.Milliseconds);
            writer.Text(ejection.Node);
        }
    }

    private static ClusterState ReadNodes(ref CanonicalReader reader, ClusterState state)
    {
        (ImmutableSortedDictionary<string, NodeRecord> nodes, ImmutableSortedDictionary<IpKey, string> holders, NodeTally tally) =
            ReadNodeRecords(ref reader, state.HashSeed);
        return state with
        {
            Nodes = nodes,
            AddressHolders = holders,
            Tally = tally,
            Retired = ReadRetired(ref reader, holders),
            Blacklist = ReadBlacklist(ref reader),
            Ejections = ReadEjections(ref reader),
        };
    }

    private static (ImmutableSortedDictionary<string, NodeRecord>, ImmutableSortedDictionary<IpKey, string>, NodeTally)
        ReadNodeRecords(ref CanonicalReader reader, ulong hashSeed)
    {
        int count = reader.Count(ForwardingTable.NodesMax, elementBytesMin: 60);
        ImmutableSortedDictionary<string, NodeRecord>.Builder nodes =
            ImmutableSortedDictionary.CreateBuilder<string, NodeRecord>(StringComparer.Ordinal);
        ImmutableSortedDictionary<IpKey, string>.Builder holders = ImmutableSortedDictionary.CreateBuilder<IpKey, string>();
        NodeTally tally = default;
        string? last = null;
        for (int i = 0; i < count; i++)
        {
            NodeRecord node = ReadNode(ref reader);
            CheckOrder(ref reader, last, node.Name, StringComparer.Ordinal, i == 0);
            last = node.Name;
            node = node with { RingToken = RingInput.Token(hashSeed, node) };
            nodes.Add(node.Name, node);
            tally = tally.With(null, node);
            if (node.Place is not null && !holders.TryAdd(IpKey.Of(node.Place.Address), node.Name))
                throw reader.Bad($"two nodes hold the address {node.Place.Address}");
        }

        return (nodes.ToImmutable(), holders.ToImmutable(), tally);
    }

    private static void WriteNode(CanonicalWriter writer, NodeRecord node)
    {
        writer.Text(node.Name);
        writer.U64(node.Instance);
        writer.Bool(node.Place is not null);
        if (node.Place is not null)
            WritePlace(writer, node.Place);
        writer.U16(node.Port);
        writer.U16(node.Weight);
        writer.OptionalU16(node.OrderedWeight);
        writer.Texts(node.Services);
        writer.Texts(node.NotServing);
        writer.U8((byte)node.Phase);
        writer.I64(node.PhaseSince.Milliseconds);
        writer.U8((byte)node.DownReason);
        writer.Bool(node.Draining);
        writer.OptionalI64(node.SuspectSince?.Milliseconds);
        writer.I32(node.Fails);
        writer.Bool(node.FlowsRefused);
        writer.U64(node.RegisteredIndex.Value);
        writer.U64(node.LastChange.Value);
    }

    private static NodeRecord ReadNode(ref CanonicalReader reader) => new()
    {
        Name = reader.Text(),
        Instance = reader.U64(),
        Place = reader.Bool() ? ReadPlace(ref reader) : null,
        Port = reader.U16(),
        Weight = reader.U16(),
        OrderedWeight = reader.OptionalU16(),
        Services = reader.Texts(NodeDescription.ServicesMax),
        NotServing = reader.Texts(NodeDescription.ServicesMax),
        Phase = (NodePhase)reader.Choice((byte)NodePhase.Blacklisted, "a phase"),
        PhaseSince = new LogTime(reader.I64()),
        DownReason = (DownReason)reader.Choice((byte)DownReason.Silent, "a reason"),
        Draining = reader.Bool(),
        SuspectSince = reader.OptionalI64() is { } since ? new LogTime(since) : null,
        Fails = reader.I32(),
        FlowsRefused = reader.Bool(),
        RegisteredIndex = new LogIndex(reader.U64()),
        LastChange = new LogIndex(reader.U64()),
    };

    private static void WritePlace(CanonicalWriter writer, NodePlace place)
    {
        writer.U16(place.Index.Value);
        writer.U32(place.Generation.Value);
        writer.Address(place.Address);
    }

    private static NodePlace ReadPlace(ref CanonicalReader reader)
    {
        ushort index = reader.U16();
        if (index is 0 or >= ForwardingTable.NodesMax)
            throw reader.Bad($"a node index from 1 to {ForwardingTable.NodesMax - 1} expected, {index} found");
        return new NodePlace(new NodeIndex(index), new Generation(reader.U32()), reader.Address());
    }

    private static ImmutableSortedDictionary<IpKey, RetiredPlace> ReadRetired(
        ref CanonicalReader reader, ImmutableSortedDictionary<IpKey, string> holders)
    {
        int count = reader.Count(ForwardingTable.NodesMax, elementBytesMin: 21);
        ImmutableSortedDictionary<IpKey, RetiredPlace>.Builder places = ImmutableSortedDictionary.CreateBuilder<IpKey, RetiredPlace>();
        IpKey last = default;
        for (int i = 0; i < count; i++)
        {
            RetiredPlace retired = new(ReadPlace(ref reader), reader.Text(), new LogTime(reader.I64()));
            IPAddress address = retired.Place.Address;
            CheckOrder(ref reader, last, IpKey.Of(address), Comparer<IpKey>.Default, i == 0);
            last = IpKey.Of(address);
            if (holders.ContainsKey(last))
                throw reader.Bad($"the address {address} is held and retired");
            places.Add(last, retired);
        }

        return places.ToImmutable();
    }

    private static ImmutableSortedDictionary<string, BlacklistEntry> ReadBlacklist(ref CanonicalReader reader)
    {
        int count = reader.Count(int.MaxValue, elementBytesMin: 29);
        ImmutableSortedDictionary<string, BlacklistEntry>.Builder entries =
            ImmutableSortedDictionary.CreateBuilder<string, BlacklistEntry>(StringComparer.Ordinal);
        string? last = null;
        for (int i = 0; i < count; i++)
        {
            BlacklistEntry entry = new(
                reader.Text(), new LogTime(reader.I64()), new LogTime(reader.I64()), reader.Bool(), reader.Text(),
                new LogIndex(reader.U64()));
            CheckOrder(ref reader, last, entry.Node, StringComparer.Ordinal, i == 0);
            last = entry.Node;
            entries.Add(entry.Node, entry);
        }

        return entries.ToImmutable();
    }

    private static ImmutableSortedSet<Ejection> ReadEjections(ref CanonicalReader reader)
    {
        int count = reader.Count(int.MaxValue, elementBytesMin: 10);
        ImmutableSortedSet<Ejection>.Builder ejections = ImmutableSortedSet.CreateBuilder<Ejection>();
        Ejection last = default;
        for (int i = 0; i < count; i++)
        {
            Ejection ejection = new(new LogTime(reader.I64()), reader.Text());
            CheckOrder(ref reader, last, ejection, Comparer<Ejection>.Default, i == 0);
            last = ejection;
            ejections.Add(ejection);
        }

        return ejections.ToImmutable();
    }
}
