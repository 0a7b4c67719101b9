using GaleLb.State.Commands;
using GaleLb.State.Events;
using GaleLb.State.Nodes;

namespace GaleLb.State.Rules;

/// <summary>The transitions of a node's life (docs/node-lifecycle.md), as far as the leader decides them.</summary>
internal static class HealthRules
{
    public static CommandAnswer Judge(Transition t, NodeDecision decision)
    {
        if (decision is BlacklistExpired expired)
            return BlacklistRules.Expire(t, expired);
        if (t.State.FindNode(decision.Node) is not { } node)
            return t.UnknownNode(decision.Node);
        if (node.LastChange != decision.Seen)
            return t.Stale($"node '{node.Name}' changed at index {node.LastChange}, after {decision.Seen}");
        return decision switch
        {
            NodeReturned => Return(t, node),
            NodeRoutable => Route(t, node),
            NodeSuspectCleared => Clear(t, node),
            NodeDown down => TakeDown(t, node, down.Reason),
            NodeServiceHealth health => SetServiceHealth(t, node, health),
            NodeFlowsRefused => RefuseFlows(t, node),
            NodeFailsReset => ResetFails(t, node),
            NodeForget => Forget(t, node),
            _ => t.Invalid("kind", $"{decision.Kind} has no rule"),
        };
    }

    private static CommandAnswer Return(Transition t, NodeRecord node)
    {
        if (node.Phase != NodePhase.Down || node.Place is null)
            return OutOfTurn(t, node);
        t.PutNode(node, node with
        {
            Phase = NodePhase.Probing,
            PhaseSince = t.Now,
            DownReason = DownReason.None,
            FlowsRefused = false,
        });
        t.Tell(EventKind.NodeReturned, node.Name, $"heard again, was down: {Words(node.DownReason)}");
        return t.Ok();
    }

    private static CommandAnswer Route(Transition t, NodeRecord node)
    {
        if (node.Phase != NodePhase.Probing)
            return OutOfTurn(t, node);
        t.PutNode(node, node with { Phase = NodePhase.Routable, PhaseSince = t.Now });
        t.State = t.State with { Ejections = t.State.Ejections.Except(t.State.Ejections.Where(e => e.Node == node.Name)) };
        t.Tell(EventKind.NodeRoutable, node.Name, $"{t.State.NodeHealth.ChecksBeforeRouting} checks passed in a row");
        return t.Ok();
    }

    private static CommandAnswer Clear(Transition t, NodeRecord node)
    {
        if (!node.IsSuspect)
            return OutOfTurn(t, node);
        t.PutNode(node, node with { SuspectSince = null });
        t.Tell(EventKind.NodeSuspectCleared, node.Name, "heard again");
        return t.Ok();
    }

    private static CommandAnswer TakeDown(Transition t, NodeRecord node, DownReason reason)
    {
        if (reason == DownReason.None)
            return t.Invalid("reason", "a node goes down for a reason");
        if (reason == DownReason.AddressLost && node.Place is not null)
        {
            RegistrationRules.LoseAddress(t, node, "claimed by another node after its silence");
            return t.Ok();
        }

        if (node.Phase is not (NodePhase.Probing or NodePhase.Routable))
            return OutOfTurn(t, node);
        return reason is DownReason.Timeout or DownReason.NotServing ? Fail(t, node, reason) : Leave(t, node, reason);
    }

    private static CommandAnswer Leave(Transition t, NodeRecord node, DownReason reason)
    {
        t.PutNode(node, Down(t, node, reason));
        t.Tell(EventKind.NodeDown, node.Name, Words(reason));
        return t.Ok();
    }

    /// <summary>Out of the rings and one fail more, or suspect when a guard stands against it.</summary>
    private static CommandAnswer Fail(Transition t, NodeRecord node, DownReason reason)
    {
        if (EjectionGuard.Hold(t.State, node, t.Now) is { } held)
        {
            if (node.IsSuspect)
                return t.Conflict($"node '{node.Name}' stays: {held}");
            t.PutNode(node, node with { SuspectSince = t.Now });
            t.Tell(EventKind.NodeSuspect, node.Name, $"{Words(reason)}; stays routable: {held}");
            return t.Ok($"kept as suspect: {held}");
        }

        if (node.InRing && !node.IsSuspect)
            RememberEjection(t, node.Name);
        int fails = node.Fails + 1;
        int limit = t.State.NodeHealth.BlackListAfterFails;
        NodeRecord after = Down(t, node, reason) with { Fails = fails };
        string cause = limit > 0 ? $"{Words(reason)}, fail {fails} of {limit}" : $"{Words(reason)}, fail {fails}";
        if (limit > 0 && fails >= limit)
        {
            BlacklistRules.BlacklistForFails(t, node, after, cause);
        }
        else
        {
            t.PutNode(node, after);
            t.Tell(EventKind.NodeDown, node.Name, cause);
        }

        return t.Ok();
    }

    private static CommandAnswer SetServiceHealth(Transition t, NodeRecord node, NodeServiceHealth command)
    {
        if (NodeDescription.CheckServices("not_serving", command.NotServing) is { } wrong)
            return t.Invalid(wrong.Field, wrong.Message);
        t.PutNode(node, node with { NotServing = command.NotServing });
        t.Tell(EventKind.NodeChanged, node.Name,
            command.NotServing.IsEmpty ? "serves all its services again" : $"does not serve {string.Join(", ", command.NotServing)}");
        return t.Ok();
    }

    private static CommandAnswer RefuseFlows(Transition t, NodeRecord node)
    {
        bool isOut = node.Phase is NodePhase.Down or NodePhase.Blacklisted;
        if (!isOut || node.FlowsRefused)
            return OutOfTurn(t, node);
        if (t.Now.Since(node.PhaseSince) < t.State.NodeHealth.FlowGraceMs)
            return t.Conflict($"node '{node.Name}' is within flow_grace");
        t.PutNode(node, node with { FlowsRefused = true });
        t.Tell(EventKind.NodeFlowsRefused, node.Name, $"out for flow_grace ({t.State.NodeHealth.FlowGraceMs} ms)");
        return t.Ok();
    }

    private static CommandAnswer ResetFails(Transition t, NodeRecord node)
    {
        if (node.Phase != NodePhase.Routable || node.Fails == 0)
            return OutOfTurn(t, node);
        if (t.Now.Since(node.PhaseSince) < t.State.NodeHealth.BlackListExpiryMs)
            return t.Conflict($"node '{node.Name}' has not been routable for black_list_expiry");
        t.PutNode(node, node with { Fails = 0 });
        t.Tell(EventKind.NodeFailsReset, node.Name, $"routable for black_list_expiry, {node.Fails} fails forgiven");
        return t.Ok();
    }

    private static CommandAnswer Forget(Transition t, NodeRecord node)
    {
        if (node.Phase != NodePhase.Down)
            return OutOfTurn(t, node);
        if (t.Now.Since(node.PhaseSince) < t.State.NodeHealth.ForgetAfterMs)
            return t.Conflict($"node '{node.Name}' is within forget_after");
        RegistrationRules.Drop(t, node);
        t.Tell(EventKind.NodeForgotten, node.Name, $"silent for forget_after ({t.State.NodeHealth.ForgetAfterMs} ms)");
        return t.Ok();
    }

    private static NodeRecord Down(Transition t, NodeRecord node, DownReason reason) => node with
    {
        Phase = NodePhase.Down,
        PhaseSince = t.Now,
        DownReason = reason,
        SuspectSince = null,
    };

    private static void RememberEjection(Transition t, string node)
    {
        LogTime oldest = t.Now.Plus(-t.State.NodeHealth.ChecksTimeoutMs);
        System.Collections.Immutable.ImmutableSortedSet<Ejection> ejections = t.State.Ejections;
        while (ejections.Count > 0 && ejections[0].At < oldest)
            ejections = ejections.Remove(ejections[0]);
        t.State = t.State with { Ejections = ejections.Add(new Ejection(t.Now, node)) };
    }

    private static CommandAnswer OutOfTurn(Transition t, NodeRecord node) =>
        t.Conflict($"node '{node.Name}' is {(node.IsSuspect ? "suspect" : node.Phase.ToString().ToLowerInvariant())}");

    private static string Words(DownReason reason) => reason switch
    {
        DownReason.Timeout => "no heartbeat within checks_timeout",
        DownReason.NotServing => "its own check failed",
        DownReason.Leaving => "it said that it leaves",
        DownReason.AddressLost => "another node took over its address",
        DownReason.Silent => "not heard since its probation began",
        _ => "no reason",
    };
}
