using System.Collections.Immutable;
using GaleLb.Raft;

namespace GaleLb.State.Commands;

/// <summary>What became of a command. The values are part of the answer's format.</summary>
public enum CommandOutcome : byte
{
    Ok = 0,

    /// <summary>What it names does not exist.</summary>
    NotFound = 1,

    /// <summary>The state stands against it: a guard, a name or address that is taken, a step out of turn.</summary>
    Conflict = 2,

    /// <summary>The resource has changed since the index that the command was based on.</summary>
    PreconditionFailed = 3,

    /// <summary>It can hold in no state: a field is out of range.</summary>
    Invalid = 4,
}

/// <summary>
/// The answer to the proposer of a command. Unless the outcome is <see cref="CommandOutcome.Ok"/> the state is unchanged
/// but for its index and time; <paramref name="Message"/> then says why and <paramref name="Field"/> names what was at
/// fault, if one thing was. <paramref name="Items"/> are the answers to the commands of a batch.
/// </summary>
public sealed record CommandAnswer(
    LogIndex Index, CommandOutcome Outcome, string Message, string Field, ImmutableArray<CommandAnswer> Items)
{
    public bool IsOk => Outcome == CommandOutcome.Ok;

    internal static CommandAnswer Ok(LogIndex index, string message = "") => new(index, CommandOutcome.Ok, message, "", []);
}
