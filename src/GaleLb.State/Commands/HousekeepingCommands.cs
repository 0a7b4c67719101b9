using GaleLb.Raft;
using GaleLb.State.Blocks;
using GaleLb.State.Forwarding;

namespace GaleLb.State.Commands;

/// <summary>flow_grace after its node gave it up, a place leaves the table and its index is free again.</summary>
public sealed record PlaceReleased(NodeIndex Index, Generation Generation) : Command
{
    public override CommandKind Kind => CommandKind.PlaceReleased;
}

/// <summary>A block's time is over. <paramref name="Seen"/> is its last change.</summary>
public sealed record BlockExpired(ClientPrefix Prefix, LogIndex Seen) : Command
{
    public override CommandKind Kind => CommandKind.BlockExpired;
}
