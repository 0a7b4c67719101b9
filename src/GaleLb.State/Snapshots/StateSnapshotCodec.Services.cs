using System.Collections.Immutable;
using GaleLb.Raft;
using GaleLb.State.Blocks;
using GaleLb.State.Formats;
using GaleLb.State.Forwarding;
using GaleLb.State.Nodes;
using GaleLb.State.Services;

namespace GaleLb.State.Snapshots;

public static partial class StateSnapshotCodec
{
    private static void WriteServices(CanonicalWriter writer, ClusterState state)
    {
        writer.Count(state.Services.Count);
        foreach (ServiceRecord service in state.Services.Values)
        {
            writer.Service(service.Definition);
            writer.Count(service.Endpoints.Length);
            foreach (ServiceEndpoint endpoint in service.Endpoints)
            {
                writer.U16(endpoint.Id.Value);
                writer.OptionalAddress(endpoint.Address);
            }

            writer.U32(service.Ring?.Value ?? 0);
            writer.U64(service.LastChange.Value);
        }

        writer.Count(state.Blocks.Count);
        foreach (BlockRecord block in state.Blocks.Values)
        {
            writer.Prefix(block.Prefix);
            writer.OptionalI64(block.Until?.Milliseconds);
            writer.Text(block.Reason);
            writer.U64(block.LastChange.Value);
        }
    }

    private static ClusterState ReadServices(ref CanonicalReader reader, ClusterState state)
    {
        int count = reader.Count(ForwardingTable.ServicesMax, elementBytesMin: 30);
        ImmutableSortedDictionary<string, ServiceRecord>.Builder services =
            ImmutableSortedDictionary.CreateBuilder<string, ServiceRecord>(StringComparer.Ordinal);
        ImmutableSortedDictionary<RingInput, RingUse>.Builder rings = ImmutableSortedDictionary.CreateBuilder<RingInput, RingUse>();
        string? last = null;
        for (int i = 0; i < count; i++)
        {
            ServiceRecord service = ReadService(ref reader, state);
            CheckOrder(ref reader, last, service.Name, StringComparer.Ordinal, i == 0);
            last = service.Name;
            services.Add(service.Name, service);
            if (service.Ring is { } ring)
                CountRing(ref reader, rings, service.Input, ring);
        }

        return state with { Services = services.ToImmutable(), Rings = rings.ToImmutable(), Blocks = ReadBlocks(ref reader) };
    }

    private static ServiceRecord ReadService(ref CanonicalReader reader, ClusterState state)
    {
        ServiceDefinition definition = reader.Service();
        int count = reader.Count(ServiceDefinition.AddressesMax, elementBytesMin: 3);
        ImmutableArray<ServiceEndpoint>.Builder endpoints = ImmutableArray.CreateBuilder<ServiceEndpoint>(count);
        for (int i = 0; i < count; i++)
            endpoints.Add(new ServiceEndpoint(new ServiceId(reader.U16()), reader.OptionalAddress()));
        uint ring = reader.U32();
        LogIndex lastChange = new(reader.U64());

        RingInput input = RingInput.Empty;
        foreach (NodeRecord node in state.Nodes.Values)
            if (node.InRing && node.Serves(definition.Name))
                input = input.Add(node.RingToken);
        if ((ring == 0) != (input.Nodes == 0))
            throw reader.Bad($"service '{definition.Name}' has ring {ring} with {input.Nodes} nodes");
        return new ServiceRecord
        {
            Definition = definition,
            Endpoints = endpoints.MoveToImmutable(),
            Input = input,
            RingInput = ring == 0 ? RingInput.Empty : input,
            Ring = ring == 0 ? null : new RingId(ring),
            LastChange = lastChange,
        };
    }

    private static void CountRing(
        ref CanonicalReader reader, ImmutableSortedDictionary<RingInput, RingUse>.Builder rings, RingInput input, RingId ring)
    {
        RingUse use = rings.GetValueOrDefault(input, new RingUse(ring, 0));
        bool otherInput = rings.Any(r => r.Value.Id == ring && r.Key != input);
        if (use.Id != ring || otherInput)
            throw reader.Bad($"ring {ring.Value} does not stand for one set of nodes");
        rings[input] = use with { Services = use.Services + 1 };
    }

    private static ImmutableSortedDictionary<ClientPrefix, BlockRecord> ReadBlocks(ref CanonicalReader reader)
    {
        int count = reader.Count(Rules.BlockRules.BlocksMax, elementBytesMin: 17);
        ImmutableSortedDictionary<ClientPrefix, BlockRecord>.Builder blocks =
            ImmutableSortedDictionary.CreateBuilder<ClientPrefix, BlockRecord>();
        ClientPrefix? last = null;
        for (int i = 0; i < count; i++)
        {
            BlockRecord block = new(
                reader.Prefix(), reader.OptionalI64() is { } until ? new LogTime(until) : null, reader.Text(),
                new LogIndex(reader.U64()));
            CheckOrder(ref reader, last, block.Prefix, Comparer<ClientPrefix>.Default, i == 0);
            last = block.Prefix;
            blocks.Add(block.Prefix, block);
        }

        return blocks.ToImmutable();
    }
}
