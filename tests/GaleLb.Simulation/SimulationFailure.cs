namespace GaleLb.Simulation;

/// <summary>An oracle saw what must never happen, or did not see what must.</summary>
internal sealed class SimulationFailure(string oracle, string what) : Exception($"{oracle}: {what}")
{
    public string Oracle { get; } = oracle;
    public string What { get; } = what;
}
