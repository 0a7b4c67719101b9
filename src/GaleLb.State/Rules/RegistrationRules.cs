using System.Collections.Immutable;
using GaleLb.State.Commands;
using GaleLb.State.Events;
using GaleLb.State.Forwarding;
using GaleLb.State.Nodes;

namespace GaleLb.State.Rules;

/// <summary>How nodes get and lose their records and their places.</summary>
internal static class RegistrationRules
{
    public static CommandAnswer Register(Transition t, NodeRegister command)
    {
        if (NameRules.CheckNode(command.Node) is { } badName)
            return t.Invalid("node", badName);
        if (command.Description.Check() is { } wrong)
            return t.Invalid(wrong.Field, wrong.Message);
        NodeRecord? node = t.State.FindNode(command.Node);
        if ((node?.LastChange ?? Raft.LogIndex.Zero) != command.Seen)
            return t.Stale($"node '{command.Node}' has changed since index {command.Seen}");

        IpKey address = IpKey.Of(command.Description.Address);
        string? holderName = t.State.AddressHolders.GetValueOrDefault(address);
        if (holderName is not null && holderName != command.Node)
        {
            NodeRecord holder = t.State.Nodes[holderName];
            if (holder.Phase != NodePhase.Down)
                return t.Conflict($"address {command.Description.Address} is held by node '{holderName}'", "address");
            LoseAddress(t, holder, $"claimed by node '{command.Node}' after its silence");
        }

        bool moves = node?.Place is null || !node.Place.Address.Equals(command.Description.Address);
        if (moves && !HasFreeIndex(t.State, address))
            return t.Conflict($"{ForwardingTable.NodesMax - 1} nodes are registered, which is the most");
        return node is null ? Add(t, command) : Change(t, node, command, moves);
    }

    /// <summary>Takes a node's address from it, in favour of another.</summary>
    public static void LoseAddress(Transition t, NodeRecord node, string cause)
    {
        NodePlace? place = node.Place;
        bool wasUp = node.Phase is NodePhase.Probing or NodePhase.Routable;
        t.PutNode(node, node with
        {
            Place = null,
            Phase = wasUp ? NodePhase.Down : node.Phase,
            PhaseSince = wasUp ? t.Now : node.PhaseSince,
            DownReason = node.Phase == NodePhase.Blacklisted ? DownReason.None : DownReason.AddressLost,
            SuspectSince = null,
        });
        if (place is not null)
            FreeIndex(t, place.Index);
        t.Tell(EventKind.NodeAddressLost, node.Name, cause);
    }

    /// <summary>Drops a record. Its place stays in the table with its flows refused until it is released.</summary>
    public static void Drop(Transition t, NodeRecord node)
    {
        t.DropNode(node);
        if (node.Place is not null)
            Retire(t, node.Place, node.Name);
    }

    public static CommandAnswer Release(Transition t, PlaceReleased command)
    {
        foreach ((IpKey address, RetiredPlace retired) in t.State.Retired)
        {
            if (retired.Place.Index != command.Index || retired.Place.Generation != command.Generation)
                continue;
            if (t.Now.Since(retired.Since) < t.State.NodeHealth.FlowGraceMs)
                return t.Conflict($"the place of '{retired.Name}' is kept for flow_grace");
            DropRetired(t, address);
            t.Tell(EventKind.PlaceReleased, retired.Name, $"index {retired.Place.Index.Value} is free");
            return t.Ok();
        }

        return t.NotFound($"no place {command.Index.Value} of generation {command.Generation.Value} is retired");
    }

    private static CommandAnswer Add(Transition t, NodeRegister command)
    {
        NodeDescription said = command.Description;
        BlacklistEntry? banned = t.State.Blacklist.GetValueOrDefault(command.Node);
        NodePhase phase = banned is not null ? NodePhase.Blacklisted : command.Serving ? NodePhase.Probing : NodePhase.Down;
        t.PutNode(null, new NodeRecord
        {
            Name = command.Node,
            Instance = said.Instance,
            Place = GivePlace(t, said),
            Port = said.Port,
            Weight = said.Weight,
            Services = said.Services,
            Phase = phase,
            PhaseSince = t.Now,
            DownReason = phase == NodePhase.Down ? DownReason.NotServing : DownReason.None,
            FlowsRefused = banned is not null,
            RegisteredIndex = t.Index,
        });
        t.Tell(EventKind.NodeRegistered, command.Node, $"at {said.Address}, {phase}");
        return t.Ok();
    }

    private static CommandAnswer Change(Transition t, NodeRecord node, NodeRegister command, bool moves)
    {
        NodeDescription said = command.Description;
        NodePlace? left = moves ? node.Place : null;
        bool elsewhere = moves || said.Port != node.Port;
        NodeRecord after = node with
        {
            Instance = said.Instance,
            Place = moves ? GivePlace(t, said) : node.Place,
            Port = said.Port,
            Weight = said.Weight,
            Services = said.Services,
        };

        // What answered the checks was the old endpoint: the new one has to pass them itself.
        bool probe = command.Serving && (node.Phase == NodePhase.Down || (elsewhere && node.Phase == NodePhase.Routable));
        if (probe)
        {
            after = after with
            {
                Phase = NodePhase.Probing,
                PhaseSince = t.Now,
                DownReason = DownReason.None,
                SuspectSince = null,
                FlowsRefused = false,
            };
        }

        t.PutNode(node, after);
        if (left is not null)
            Retire(t, left, node.Name);
        t.Tell(EventKind.NodeChanged, node.Name, DescribeChange(node, after));
        return t.Ok();
    }

    private static string DescribeChange(NodeRecord before, NodeRecord after)
    {
        List<string> changes = [];
        if (before.Instance != after.Instance)
            changes.Add("process restarted");
        if (!Equals(before.Place?.Address, after.Place?.Address))
            changes.Add($"address {before.Place?.Address.ToString() ?? "none"} to {after.Place?.Address}");
        if (before.Port != after.Port)
            changes.Add($"port {before.Port} to {after.Port}");
        if (before.Weight != after.Weight)
            changes.Add($"weight {before.Weight} to {after.Weight}");
        if (!before.Services.AsSpan().SequenceEqual(after.Services.AsSpan()))
            changes.Add(after.Services.IsEmpty ? "serves all services" : $"serves {after.Services.Length} services");
        if (before.Phase != after.Phase)
            changes.Add($"{before.Phase} to {after.Phase}");
        return changes.Count == 0 ? "nothing" : string.Join(", ", changes);
    }

    private static bool HasFreeIndex(ClusterState state, IpKey address) =>
        state.NodeIndexNext < ForwardingTable.NodesMax || !state.NodeIndexesFree.IsEmpty || state.Retired.ContainsKey(address);

    /// <summary>
    /// A place of its own: an index never given before or else the one that has been free longest, under a generation
    /// above all that were.
    /// </summary>
    private static NodePlace GivePlace(Transition t, NodeDescription said)
    {
        IpKey address = IpKey.Of(said.Address);
        if (t.State.Retired.ContainsKey(address))
            DropRetired(t, address);
        ClusterState state = t.State;
        ushort index = state.NodeIndexNext;
        if (index < ForwardingTable.NodesMax)
        {
            state = state with { NodeIndexNext = (ushort)(index + 1) };
        }
        else
        {
            index = state.NodeIndexesFree[0];
            state = state with { NodeIndexesFree = state.NodeIndexesFree.RemoveAt(0) };
        }

        t.State = state with { GenerationNext = state.GenerationNext + 1 };
        return new NodePlace(new NodeIndex(index), new Generation(state.GenerationNext), said.Address);
    }

    private static void Retire(Transition t, NodePlace place, string name) => t.State = t.State with
    {
        Retired = t.State.Retired.SetItem(IpKey.Of(place.Address), new RetiredPlace(place, name, t.Now)),
    };

    private static void DropRetired(Transition t, IpKey address)
    {
        RetiredPlace retired = t.State.Retired[address];
        t.State = t.State with { Retired = t.State.Retired.Remove(address) };
        FreeIndex(t, retired.Place.Index);
    }

    private static void FreeIndex(Transition t, NodeIndex index) =>
        t.State = t.State with { NodeIndexesFree = t.State.NodeIndexesFree.Add(index.Value) };
}
