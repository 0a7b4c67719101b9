using GaleLb.State.Commands;
using GaleLb.State.Events;
using GaleLb.State.Nodes;

namespace GaleLb.State.Rules;

/// <summary>Orders about nodes.</summary>
internal static class NodeOrderRules
{
    public static CommandAnswer Judge(Transition t, NodeOrder order)
    {
        if (order is UnbanNode unban)
            return BlacklistRules.Unban(t, unban);
        if (t.State.FindNode(order.Node) is not { } node)
            return t.UnknownNode(order.Node);
        return order switch
        {
            DrainNode drain => Drain(t, node, drain),
            UndrainNode => Undrain(t, node),
            SetNodeWeight weight => SetWeight(t, node, weight),
            RemoveNode remove => Remove(t, node, remove),
            BanNode ban => BlacklistRules.Ban(t, node, ban),
            _ => t.Invalid("kind", $"{order.Kind} has no rule"),
        };
    }

    private static CommandAnswer Drain(Transition t, NodeRecord node, DrainNode order)
    {
        if (node.Draining)
            return t.Ok("it is draining already");
        if (OrderGuard.Refuse(t, node, order.Force) is { } refusal)
            return refusal;
        t.PutNode(node, node with { Draining = true });
        t.Tell(EventKind.NodeDrained, node.Name, "ordered");
        return t.Ok();
    }

    private static CommandAnswer Undrain(Transition t, NodeRecord node)
    {
        if (!node.Draining)
            return t.Ok("it is not draining");
        t.PutNode(node, node with { Draining = false, Fails = node.Phase == NodePhase.Blacklisted ? node.Fails : 0 });
        t.Tell(EventKind.NodeUndrained, node.Name, "ordered");
        return t.Ok();
    }

    private static CommandAnswer SetWeight(Transition t, NodeRecord node, SetNodeWeight order)
    {
        if (order.Weight > NodeDescription.WeightMax)
            return t.Invalid("weight", $"a weight is from 0 to {NodeDescription.WeightMax}, not {order.Weight}");
        if (order.Weight == node.OrderedWeight)
            return t.Ok("nothing to change");
        bool leaves = (order.Weight ?? node.Weight) == 0;
        if (leaves && OrderGuard.Refuse(t, node, order.Force) is { } refusal)
            return refusal;
        t.PutNode(node, node with { OrderedWeight = order.Weight });
        t.Tell(EventKind.NodeChanged, node.Name,
            order.Weight is { } weight ? $"weight {node.EffectiveWeight} to {weight}, ordered" : $"weight back to its own, {node.Weight}");
        return t.Ok();
    }

    private static CommandAnswer Remove(Transition t, NodeRecord node, RemoveNode order)
    {
        if (OrderGuard.Refuse(t, node, order.Force) is { } refusal)
            return refusal;
        RegistrationRules.Drop(t, node);
        t.Tell(EventKind.NodeRemoved, node.Name, "ordered");
        return t.Ok();
    }
}
