namespace GaleLb.Raft.Tests.Harness;

/// <summary>Always the same jitter, so that a test knows who times out first.</summary>
internal sealed class FixedJitter(int value) : IElectionJitter
{
    public int Next(int bound) => Math.Min(value, bound - 1);
}
