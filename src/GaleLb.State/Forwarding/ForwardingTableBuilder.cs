using System.Collections.Immutable;
using GaleLb.State.Blocks;
using GaleLb.State.Nodes;
using GaleLb.State.Services;

namespace GaleLb.State.Forwarding;

/// <summary>
/// Derives the forwarding table from the state. What it remembers saves work and decides nothing: a fresh builder derives
/// the same table. A ring whose input did not change is the same object in the next table, so is an unchanged node row.
/// Not thread-safe.
/// </summary>
public sealed class ForwardingTableBuilder
{
    private readonly NodeRow?[] _nodeRows = new NodeRow?[ForwardingTable.NodesMax];
    private ImmutableSortedDictionary<RingInput, BuiltRing> _rings = ImmutableSortedDictionary<RingInput, BuiltRing>.Empty;
    private ForwardingTable? _last;
    private byte[] _lastRows = [];
    private ClusterState? _lastState;

    /// <summary>The table of a state, from nothing.</summary>
    public static ForwardingTable Derive(ClusterState state) => new ForwardingTableBuilder().Next(state);

    /// <summary>The table of a state, sharing with the last one what is equal.</summary>
    public ForwardingTable Next(ClusterState state)
    {
        if (_last is null || _lastState is null || !SameRows(_lastState, state))
            _last = Derive(state, out _lastRows);
        else if (!ReferenceEquals(_lastState.Blocks, state.Blocks))
            _last = Table(state, _last.Services, _last.Rings, _last.Nodes, _lastRows);
        else if (_last.Index != state.AppliedIndex)
            _last = _last with { Index = state.AppliedIndex };
        _lastState = state;
        return _last;
    }

    private ForwardingTable Derive(ClusterState state, out byte[] encodedRows)
    {
        // Walking the tree costs more than all else that is done to a node: once for all rings and rows.
        NodeRecord[] records = [.. state.Nodes.Values];
        ImmutableArray<ServiceRow> services = ServiceRows(state);
        ImmutableArray<BuiltRing> rings = RingRows(state, records);
        ImmutableArray<NodeRow> nodes = NodeRows(state, records);
        _rings = ImmutableSortedDictionary.CreateRange(rings.Select(r => KeyValuePair.Create(r.Input, r)));
        encodedRows = ForwardingTableDigest.Encode(services, rings, nodes);
        return Table(state, services, [.. rings.Select(r => r.Row)], nodes, encodedRows);
    }

    private static ForwardingTable Table(
        ClusterState state, ImmutableArray<ServiceRow> services, ImmutableArray<RingRow> rings, ImmutableArray<NodeRow> nodes, byte[] encodedRows)
    {
        ImmutableArray<ClientPrefix> blocks = [.. state.Blocks.Keys];
        return new ForwardingTable(state.AppliedIndex, services, rings, nodes)
        {
            Blocks = blocks,
            Digest = ForwardingTableDigest.Of(encodedRows, blocks),
        };
    }

    private static bool SameRows(ClusterState a, ClusterState b) =>
        ReferenceEquals(a.Nodes, b.Nodes) && ReferenceEquals(a.Services, b.Services)
        && ReferenceEquals(a.Retired, b.Retired) && a.HashSeed == b.HashSeed;

    private static ImmutableArray<ServiceRow> ServiceRows(ClusterState state)
    {
        List<ServiceRow> rows = [];
        foreach (ServiceRecord service in state.Services.Values)
        {
            ServiceDefinition defined = service.Definition;
            foreach (ServiceEndpoint endpoint in service.Endpoints)
            {
                rows.Add(new ServiceRow(
                    endpoint.Id, defined.Name, endpoint.Address, defined.Port, defined.Protocol, defined.Forwarding, defined.Hash, defined.TargetPort,
                    service.Ring));
            }
        }

        return [.. rows.OrderBy(r => r.Id.Value)];
    }

    private ImmutableArray<BuiltRing> RingRows(ClusterState state, NodeRecord[] records)
    {
        List<BuiltRing> rings = [];
        foreach ((RingInput input, RingUse use) in state.Rings)
        {
            BuiltRing? built = _rings.GetValueOrDefault(input);
            if (built is null)
                built = BuildRing(state, records, input, use.Id);
            else if (built.Row.Id != use.Id)
                built = built with { Row = built.Row with { Id = use.Id } };
            rings.Add(built);
        }

        return [.. rings.OrderBy(r => r.Row.Id.Value)];
    }

    private static BuiltRing BuildRing(ClusterState state, NodeRecord[] records, RingInput input, RingId id)
    {
        ServiceRecord service = state.Services.Values.First(s => s.Ring == id);
        List<MaglevNode> nodes = new(input.Nodes);
        foreach (NodeRecord node in records)
        {
            if (!service.HasInRing(node))
                continue;
            MaglevPermutation permutation = Maglev.Permutation(node.Name, state.HashSeed);
            nodes.Add(new MaglevNode(node.Place!.Index, permutation, node.EffectiveWeight));
        }

        ImmutableArray<NodeIndex> slots = Maglev.Build(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(nodes));
        return new BuiltRing(input, new RingRow(id, slots), ForwardingTableDigest.OfSlots(slots));
    }

    private ImmutableArray<NodeRow> NodeRows(ClusterState state, NodeRecord[] records)
    {
        List<NodeRow> rows = new(records.Length + state.Retired.Count);
        foreach (NodeRecord node in records)
            if (node.Place is not null)
                Add(new NodeRow(
                    node.Place.Index, node.Place.Generation, node.Name, node.Place.Address, node.Port,
                    node.FlowsRefused ? NodeFlows.Refuse : NodeFlows.Keep));
        foreach (RetiredPlace retired in state.Retired.Values)
            Add(new NodeRow(
                retired.Place.Index, retired.Place.Generation, retired.Name, retired.Place.Address, 0, NodeFlows.Refuse));
        rows.Sort(static (a, b) => a.Index.Value.CompareTo(b.Index.Value));
        return [.. rows];

        void Add(NodeRow row)
        {
            // What a node that is gone left here decides nothing: only an equal row is taken from it.
            ref NodeRow? last = ref _nodeRows[row.Index.Value];
            last = row == last ? last : row;
            rows.Add(last);
        }
    }
}

/// <summary>A ring with the input it was built from and the SHA-256 of its slots.</summary>
internal sealed record BuiltRing(RingInput Input, RingRow Row, ImmutableArray<byte> SlotsHash);
