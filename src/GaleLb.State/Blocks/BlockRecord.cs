using GaleLb.Raft;

namespace GaleLb.State.Blocks;

/// <summary>Clients that get no service, until <paramref name="Until"/> (null: until unblocked).</summary>
public sealed record BlockRecord(ClientPrefix Prefix, LogTime? Until, string Reason, LogIndex LastChange);
