using GaleLb.State.Commands;

namespace GaleLb.LoadBalancer.Rest;

/// <summary>What a request asks of the state, or what is wrong with it.</summary>
internal readonly record struct Ordered(Command? Command, Problem? Problem)
{
    public static implicit operator Ordered(Command command) => new(command, null);

    public static implicit operator Ordered(Problem problem) => new(null, problem);
}
