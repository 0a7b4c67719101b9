using GaleLb.Simulation.Faults;

namespace GaleLb.Simulation.Tests;

/// <summary>An oracle that has never failed proves nothing: every planted bug is noticed within a fixed number of seeds.</summary>
public sealed class PlantedBugTests
{
    private const int SeedsMax = 100;
    private const long Steps = 30_000;

    public static TheoryData<string, string, int> Bugs
    {
        get
        {
            var data = new TheoryData<string, string, int>();
            foreach ((PlantedBug bug, string replicas, int seed, _) in PlantCatalog.All)
                data.Add(bug.ToString(), replicas, seed);
            return data;
        }
    }

    /// <summary>The seed on record is tried first, so that the hunt is short as long as runs have not changed.</summary>
    [Theory]
    [MemberData(nameof(Bugs))]
    public void Run_WithBugPlanted_IsCaught(string bug, string replicas, int seed)
    {
        string? oracle = null;
        for (int i = 0; i <= SeedsMax && oracle is null; i++)
            oracle = OracleThatCatches(Enum.Parse<PlantedBug>(bug), replicas, (ulong)(i == 0 ? seed : i));
        oracle.Should().NotBeNull($"{bug} must be caught within {SeedsMax} seeds");
    }

    private static string? OracleThatCatches(PlantedBug bug, string replicas, ulong seed)
    {
        try
        {
            new World(seed, bug, Runner.FactoryOf(replicas), trace: null).Run(Steps);
            return null;
        }
        catch (SimulationFailure failure)
        {
            return failure.Oracle;
        }
    }
}
