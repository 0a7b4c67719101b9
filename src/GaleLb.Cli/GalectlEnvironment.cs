namespace GaleLb.Cli;

/// <summary>What galectl takes from where it runs.</summary>
/// <param name="Variable">An environment variable's value, null when unset.</param>
/// <param name="IsTerminal">True when a person looks at the output: colours and a table that redraws itself.</param>
internal sealed record GalectlEnvironment(Func<string, string?> Variable, TextWriter Output, TextWriter Error, bool IsTerminal)
{
    /// <summary>Makes the key under which an order is carried out once, however often it is sent.</summary>
    public Func<string> NewKey { get; init; } = () => Guid.NewGuid().ToString("N");

    /// <summary>How long a half-typed line may wait for the cluster to complete it.</summary>
    public TimeSpan CompletionPatience { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>What certificates are dated by.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Waits between two looks at the cluster.</summary>
    public Func<TimeSpan, CancellationToken, Task> Delay { get; init; } = Task.Delay;
}
