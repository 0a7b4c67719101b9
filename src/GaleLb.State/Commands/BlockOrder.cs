using GaleLb.State.Blocks;

namespace GaleLb.State.Commands;

/// <summary>A change of which clients get no service.</summary>
public abstract record BlockOrder(ClientPrefix Prefix) : Command;

/// <summary>Blocks for <paramref name="DurationMs"/> of log time, null for ever; a block that exists is replaced.</summary>
public sealed record BlockClients(ClientPrefix Prefix, long? DurationMs, string Reason) : BlockOrder(Prefix)
{
    public override CommandKind Kind => CommandKind.BlockClients;
}

public sealed record UnblockClients(ClientPrefix Prefix) : BlockOrder(Prefix)
{
    public override CommandKind Kind => CommandKind.UnblockClients;
}
