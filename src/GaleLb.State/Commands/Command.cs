using System.Collections.Immutable;
using GaleLb.Raft;
using GaleLb.State.Settings;

namespace GaleLb.State.Commands;

/// <summary>
/// What an entry asks of the state. Every command may be applied to every state: whether it holds is judged at apply and
/// told in a <see cref="CommandAnswer"/>.
/// </summary>
public abstract record Command
{
    public abstract CommandKind Kind { get; }
}

/// <summary>The first command of a cluster. <paramref name="HashSeed"/> seeds the rings for good.</summary>
public sealed record Bootstrap(ClusterId ClusterId, ulong HashSeed, ClusterSettings Settings) : Command
{
    public override CommandKind Kind => CommandKind.Bootstrap;
}

/// <summary>Several commands in one entry, applied in order, each judged by itself. Batches do not nest.</summary>
public sealed record Batch(ImmutableArray<Command> Commands) : Command
{
    public const int CommandsMax = 4096;

    public override CommandKind Kind => CommandKind.Batch;

    /// <summary>Packs commands into as few entries as hold them, at most <paramref name="most"/> to one.</summary>
    public static IEnumerable<Command> Pack(ImmutableArray<Command> commands, int most = 1024)
    {
        for (int start = 0; start < commands.Length; start += most)
        {
            int count = Math.Min(most, commands.Length - start);
            yield return count == 1 ? commands[start] : new Batch(commands.Slice(start, count));
        }
    }
}

/// <summary>Lets the state use what <paramref name="Version"/> brought; proposed when every member supports it.</summary>
public sealed record RaiseStateVersion(uint Version) : Command
{
    public override CommandKind Kind => CommandKind.RaiseStateVersion;
}

/// <summary>Commits the next file baseline, so that files may change one replica after the other.</summary>
public sealed record StageSettings(ClusterSettings Settings) : Command
{
    public override CommandKind Kind => CommandKind.StageSettings;
}

/// <summary>Withdraws the staged baseline.</summary>
public sealed record UnstageSettings : Command
{
    public override CommandKind Kind => CommandKind.UnstageSettings;
}

/// <summary>
/// Makes the staged baseline the current one, proposed by the leader when every voter's file matches it.
/// <paramref name="Staged"/> is the entry that staged it.
/// </summary>
public sealed record SwitchSettings(LogIndex Staged) : Command
{
    public override CommandKind Kind => CommandKind.SwitchSettings;
}

/// <summary>
/// Takes an order about members into the history: those change the consensus, not the state. Proposed before the order is carried
/// out, so that none is without its author; whether it came about tell the events that follow. From state version
/// <see cref="VersionMin"/> on.
/// </summary>
/// <param name="Member">Whom it is about: an id, or an address.</param>
/// <param name="Order">What is ordered, in words.</param>
public sealed record RecordMemberOrder(string Member, string Order) : Command
{
    public const uint VersionMin = 2;

    public override CommandKind Kind => CommandKind.RecordMemberOrder;
}
