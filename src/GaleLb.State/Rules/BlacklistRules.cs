using GaleLb.State.Commands;
using GaleLb.State.Events;
using GaleLb.State.Nodes;
using GaleLb.State.Settings;

namespace GaleLb.State.Rules;

/// <summary>Blacklisting by fails and by order, and its ends.</summary>
internal static class BlacklistRules
{
    public static void BlacklistForFails(Transition t, NodeRecord before, NodeRecord after, string cause)
    {
        t.PutNode(before, after with { Phase = NodePhase.Blacklisted, DownReason = DownReason.None });
        Put(t, before.Name, t.State.NodeHealth.BlackListExpiryMs, ordered: false, cause);
    }

    public static CommandAnswer Ban(Transition t, NodeRecord node, BanNode order)
    {
        if (order.DurationMs is < 1 or > NodeHealthSettings.DurationMsMax)
            return t.Invalid("duration", $"from 1 ms to 10 years expected, not {order.DurationMs} ms");
        if (order.Reason.Length > NameRules.TextMax)
            return t.Invalid("reason", $"at most {NameRules.TextMax} characters expected, not {order.Reason.Length}");
        if (OrderGuard.Refuse(t, node, order.Force) is { } refusal)
            return refusal;
        t.PutNode(node, node with
        {
            Phase = NodePhase.Blacklisted,
            PhaseSince = t.Now,
            DownReason = DownReason.None,
            SuspectSince = null,
            FlowsRefused = true,
        });
        Put(t, node.Name, order.DurationMs ?? t.State.NodeHealth.BlackListExpiryMs, ordered: true, order.Reason);
        return t.Ok();
    }

    public static CommandAnswer Unban(Transition t, UnbanNode order)
    {
        if (t.State.Blacklist.ContainsKey(order.Node))
            return End(t, order.Node, "unbanned");
        return t.State.FindNode(order.Node) is null
            ? t.UnknownNode(order.Node)
            : t.NotFound($"node '{order.Node}' is not blacklisted");
    }

    public static CommandAnswer Expire(Transition t, BlacklistExpired command)
    {
        if (t.State.Blacklist.GetValueOrDefault(command.Node) is not { } entry)
            return t.NotFound($"node '{command.Node}' is not blacklisted");
        if (entry.LastChange != command.Seen)
            return t.Stale($"the blacklisting of '{command.Node}' changed at index {entry.LastChange}");
        return t.Now < entry.Until
            ? t.Conflict($"node '{command.Node}' is blacklisted for {entry.Until.Since(t.Now)} ms more")
            : End(t, command.Node, "expired");
    }

    private static CommandAnswer End(Transition t, string name, string cause)
    {
        t.State = t.State with { Blacklist = t.State.Blacklist.Remove(name) };
        if (t.State.FindNode(name) is { Phase: NodePhase.Blacklisted } node)
        {
            bool lostPlace = node.Place is null;
            t.PutNode(node, node with
            {
                Phase = lostPlace ? NodePhase.Down : NodePhase.Probing,
                PhaseSince = t.Now,
                DownReason = lostPlace ? DownReason.AddressLost : DownReason.None,
                Fails = 0,
                FlowsRefused = false,
            });
        }

        t.Tell(EventKind.NodeBlacklistEnded, name, cause);
        return t.Ok();
    }

    private static void Put(Transition t, string name, long durationMs, bool ordered, string reason)
    {
        BlacklistEntry entry = new(name, t.Now, t.Now.Plus(durationMs), ordered, reason, t.Index);
        t.State = t.State with { Blacklist = t.State.Blacklist.SetItem(name, entry) };
        t.Tell(EventKind.NodeBlacklisted, name, $"for {durationMs} ms: {reason}");
    }
}
