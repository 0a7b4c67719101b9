namespace GaleLb.Raft;

/// <summary>The source of election jitter; the core has no randomness of its own.</summary>
public interface IElectionJitter
{
    /// <summary>A number in [0, <paramref name="bound"/>).</summary>
    int Next(int bound);
}
