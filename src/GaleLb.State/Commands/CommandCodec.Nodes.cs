using GaleLb.Raft;
using GaleLb.State.Formats;
using GaleLb.State.Nodes;

namespace GaleLb.State.Commands;

public static partial class CommandCodec
{
    private static void WriteDecision(CanonicalWriter writer, NodeDecision decision)
    {
        writer.Text(decision.Node);
        writer.U64(decision.Seen.Value);
        switch (decision)
        {
            case NodeRegister register:
                writer.Description(register.Description);
                writer.Bool(register.Serving);
                break;
            case NodeDown down:
                writer.U8((byte)down.Reason);
                break;
            case NodeServiceHealth health:
                writer.Texts(health.NotServing);
                break;
        }
    }

    private static NodeDecision? ReadDecision(CommandKind kind, scoped ref CanonicalReader reader)
    {
        if (kind is < CommandKind.NodeRegister or > CommandKind.BlacklistExpired)
            return null;
        string node = reader.Text();
        LogIndex seen = new(reader.U64());
        return kind switch
        {
            CommandKind.NodeRegister => new NodeRegister(node, seen, reader.Description(), reader.Bool()),
            CommandKind.NodeReturned => new NodeReturned(node, seen),
            CommandKind.NodeRoutable => new NodeRoutable(node, seen),
            CommandKind.NodeSuspectCleared => new NodeSuspectCleared(node, seen),
            CommandKind.NodeDown => new NodeDown(node, seen, (DownReason)reader.Choice((byte)DownReason.Silent, "a reason")),
            CommandKind.NodeServiceHealth => new NodeServiceHealth(node, seen, reader.Texts(NodeDescription.ServicesMax)),
            CommandKind.NodeFlowsRefused => new NodeFlowsRefused(node, seen),
            CommandKind.NodeFailsReset => new NodeFailsReset(node, seen),
            CommandKind.NodeForget => new NodeForget(node, seen),
            CommandKind.BlacklistExpired => new BlacklistExpired(node, seen),
            _ => null,
        };
    }

    private static void WriteNodeOrder(CanonicalWriter writer, NodeOrder order)
    {
        writer.Text(order.Node);
        switch (order)
        {
            case DrainNode drain:
                writer.Bool(drain.Force);
                break;
            case SetNodeWeight weight:
                writer.OptionalU16(weight.Weight);
                writer.Bool(weight.Force);
                break;
            case RemoveNode remove:
                writer.Bool(remove.Force);
                break;
            case BanNode ban:
                writer.OptionalI64(ban.DurationMs);
                writer.Text(ban.Reason);
                writer.Bool(ban.Force);
                break;
        }
    }

    private static NodeOrder? ReadNodeOrder(CommandKind kind, scoped ref CanonicalReader reader)
    {
        if (kind is < CommandKind.DrainNode or > CommandKind.UnbanNode)
            return null;
        string node = reader.Text();
        return kind switch
        {
            CommandKind.DrainNode => new DrainNode(node, reader.Bool()),
            CommandKind.UndrainNode => new UndrainNode(node),
            CommandKind.SetNodeWeight => new SetNodeWeight(node, reader.OptionalU16(), reader.Bool()),
            CommandKind.RemoveNode => new RemoveNode(node, reader.Bool()),
            CommandKind.BanNode => new BanNode(node, reader.OptionalI64(), reader.Text(), reader.Bool()),
            CommandKind.UnbanNode => new UnbanNode(node),
            _ => null,
        };
    }
}
