using System.Collections.Immutable;
using System.Net;
using GaleLb.DataPlane;
using GaleLb.DataPlane.Tracing;
using GaleLb.State.Forwarding;

namespace GaleLb.LoadBalancer.Forwarding;

/// <summary>What a replica would do with the first packet of a client, in the order in which its packet programs decide.</summary>
/// <param name="Verdict">"forward", "pass" (not for a service: the kernel's), "block" or "refuse".</param>
/// <param name="Slot">The ring's slot; null where none was looked at.</param>
/// <param name="Why">One sentence a step.</param>
internal sealed record PacketTrace(
    string Verdict, string? Service, NodeRow? Node, int? Slot, bool KnownFlow, ImmutableArray<string> Why)
{
    /// <summary>What the programs decided when they were asked, in the words of this model of them, or against those.</summary>
    public PacketTrace AsDecided(PacketDecision decision, ForwardingTable table)
    {
        string verdict = decision.Reason switch
        {
            var reason when reason.StartsWith("forwarded_", StringComparison.Ordinal) => "forward",
            var reason when reason.StartsWith("pass_", StringComparison.Ordinal) => "pass",
            "drop_blocked" => "block",
            _ => "refuse",
        };
        NodeRow? node = decision.Node is { } index ? table.Nodes.FirstOrDefault(row => row.Index == index) : null;
        ServiceRow? service = decision.Service is { } id ? table.Services.FirstOrDefault(row => row.Id == id) : null;
        string asked = $"The packet programs, asked by test-run: {decision.Reason}{(decision.Answer is { } answer ? $", {answer}" : "")}"
            + (verdict == "forward" && node is not null ? $", to {node.Name}." : ".");
        if (verdict == Verdict && (verdict != "forward" || node == Node))
            return this with { Why = Why.Add(asked) };
        return new PacketTrace(
            verdict, service?.Name, verdict == "forward" ? node : null, Slot: null, KnownFlow,
            [asked, "That is not what the state would have them do, which may have changed meanwhile:", .. Why]);
    }

    /// <param name="self">This replica's public addresses, for services that name none.</param>
    /// <param name="reserved">TCP and UDP ports that win over services.</param>
    /// <param name="flow">The flow that the kernel holds for this tuple, if any.</param>
    /// <param name="nextHops">This replica's ways to nodes.</param>
    public static PacketTrace Of(
        ForwardingTable table, ImmutableArray<IPAddress> self, ImmutableArray<ushort> reserved, uint hashSeed, FlowRow? flow,
        ImmutableArray<NextHopStatus> nextHops, IPEndPoint source, IPEndPoint destination, Protocol protocol)
    {
        ImmutableArray<string>.Builder why = ImmutableArray.CreateBuilder<string>();
        PacketTrace Result(string verdict, ServiceRow? service = null, NodeRow? node = null, int? slot = null) =>
            new(verdict, service?.Name, node, slot, flow is not null, why.ToImmutable());

        if (reserved.Contains((ushort)destination.Port))
        {
            why.Add($"Port {destination.Port} is one of the replica's own or protected: it wins over every service.");
            return Result("pass");
        }
        ServiceRow? found = table.Services.FirstOrDefault(row =>
            row.Protocol == protocol && row.Port == destination.Port
            && (row.Address is { } address ? address.Equals(destination.Address) : self.Contains(destination.Address)));
        if (found is null)
        {
            why.Add($"No service has {Name(protocol)} {destination}: the packet passes untouched.");
            return Result("pass");
        }
        why.Add($"{Name(protocol)} {destination} is service {found.Name}, {Name(found.Forwarding)}.");
        if (table.Blocks.FirstOrDefault(block => new IPNetwork(block.Address, block.Length).Contains(source.Address)) is { } range)
        {
            why.Add($"{source.Address} is blocked by {range}.");
            return Result("block", found);
        }
        if (flow is not null)
        {
            NodeRow? holder = table.Nodes.FirstOrDefault(row => row.Index == flow.NodeIndex);
            why.Add($"This replica tracks the connection ({flow.State}, idle for {flow.Idle.TotalSeconds:0.0} s): it stays with its node.");
            if (holder is { Flows: NodeFlows.Refuse })
            {
                why.Add($"{holder.Name} has been given up: the next packet is answered by on_node_failure.");
                return Result("refuse", found, holder);
            }
            return Result("forward", found, holder);
        }
        if (found.Ring is not { } id)
        {
            why.Add("No node is in its ring: answered by on_no_nodes.");
            return Result("refuse", found);
        }
        RingRow ring = table.Rings.First(row => row.Id == id);
        int slot = FlowHash.Slot(source, destination, protocol, found.Hash, hashSeed);
        NodeRow node = table.Nodes.First(row => row.Index == ring.Slots[slot]);
        string hashed = found.Hash == HashPolicy.Source ? "source address" : "addresses and ports";
        why.Add($"Hash of {hashed}: slot {slot} of {ForwardingTable.RingSlots} in ring {id.Value}, held by {node.Name} ({node.Address}).");
        NextHopStatus? hop = nextHops.FirstOrDefault(h => h.Node == node.Index);
        if (hop is { Resolved: false })
        {
            why.Add($"This replica has no way to {node.Name}: {hop.Problem}. The packet is dropped and counted.");
            return Result("refuse", found, node, slot);
        }
        return Result("forward", found, node, slot);
    }

    private static string Name(Protocol protocol) => protocol.ToString().ToLowerInvariant();

    private static string Name(ForwardingMode mode) => mode.ToString().ToLowerInvariant();
}
