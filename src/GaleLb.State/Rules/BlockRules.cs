using GaleLb.State.Blocks;
using GaleLb.State.Commands;
using GaleLb.State.Events;
using GaleLb.State.Settings;

namespace GaleLb.State.Rules;

/// <summary>Blocked client ranges.</summary>
internal static class BlockRules
{
    public const int BlocksMax = 65_536;

    public static CommandAnswer Judge(Transition t, Command command) => command switch
    {
        BlockClients block => Block(t, block),
        UnblockClients unblock => Unblock(t, unblock.Prefix, "unblocked"),
        BlockExpired expired => Expire(t, expired),
        _ => t.Invalid("kind", $"{command.Kind} has no rule"),
    };

    private static CommandAnswer Block(Transition t, BlockClients order)
    {
        if (order.Prefix.Check() is { } wrong)
            return t.Invalid("prefix", wrong);
        if (order.DurationMs is < 1 or > NodeHealthSettings.DurationMsMax)
            return t.Invalid("duration", $"from 1 ms to 10 years expected, not {order.DurationMs} ms");
        if (order.Reason.Length > NameRules.TextMax)
            return t.Invalid("reason", $"at most {NameRules.TextMax} characters expected, not {order.Reason.Length}");
        if (t.State.Blocks.Count >= BlocksMax && !t.State.Blocks.ContainsKey(order.Prefix))
            return t.Conflict($"{BlocksMax} ranges are blocked already");
        LogTime? until = order.DurationMs is { } duration ? t.Now.Plus(duration) : null;
        BlockRecord block = new(order.Prefix, until, order.Reason, t.Index);
        t.State = t.State with { Blocks = t.State.Blocks.SetItem(order.Prefix, block) };
        t.Tell(EventKind.ClientsBlocked, order.Prefix.ToString(), order.Reason);
        return t.Ok();
    }

    private static CommandAnswer Unblock(Transition t, ClientPrefix prefix, string cause)
    {
        if (!t.State.Blocks.ContainsKey(prefix))
            return t.NotFound($"{prefix} is not blocked");
        t.State = t.State with { Blocks = t.State.Blocks.Remove(prefix) };
        t.Tell(EventKind.ClientsUnblocked, prefix.ToString(), cause);
        return t.Ok();
    }

    private static CommandAnswer Expire(Transition t, BlockExpired command)
    {
        BlockRecord? block = t.State.Blocks.GetValueOrDefault(command.Prefix);
        if (block is not null && block.LastChange != command.Seen)
            return t.Stale($"the block of {command.Prefix} changed at index {block.LastChange}");
        if (block is not null && (block.Until is not { } until || t.Now < until))
            return t.Conflict($"the block of {command.Prefix} has time left");
        return Unblock(t, command.Prefix, "expired");
    }
}
