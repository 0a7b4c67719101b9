using GaleLb.Simulation.Faults;
using GaleLb.Simulation.Replicas;

namespace GaleLb.Simulation.Tests;

/// <summary>
/// The simulator with a fixed budget, which is a number of seeds and steps and never a time. A failure names the seed: repeat it
/// with <c>./build.sh sim --seed S --replicas KIND --trace</c>.
/// </summary>
public sealed class SimulationTests
{
    private const long Steps = 30_000;

    [Theory]
    [InlineData(1, 500)]
    [InlineData(501, 500)]
    public void Run_OfCores_BreaksNoOracle(int first, int count) => RunSeeds(first, count, () => new CoreMemberFactory());

    [Theory]
    [InlineData(1, 125)]
    [InlineData(126, 125)]
    public void Run_OfWholeReplicas_BreaksNoOracle(int first, int count) => RunSeeds(first, count, () => new DriverMemberFactory());

    [Theory]
    [InlineData("core")]
    [InlineData("driver")]
    public void Run_SameSeedTwice_IsTheSameRun(string replicas)
    {
        (long, long, long, int, int) Trace()
        {
            var world = new World(seed: 7, PlantedBug.None, Runner.FactoryOf(replicas), trace: null);
            world.Run(10_000);
            return (world.Now, world.Steps, world.Messages, world.Oracles.Orders.Acknowledged, world.Oracles.Reads.Answered);
        }

        Trace().Should().Be(Trace());
    }

    [Fact]
    public void Run_Orders_AreAcknowledgedAndReadsAnswered()
    {
        var world = new World(seed: 1, PlantedBug.None, new DriverMemberFactory(), trace: null);
        world.Run(Steps);
        world.Oracles.Orders.Acknowledged.Should().BePositive("a run in which nothing happens proves nothing");
    }

    private static void RunSeeds(int first, int count, Func<IMemberFactory> members)
    {
        for (int seed = first; seed < first + count; seed++)
        {
            var world = new World((ulong)seed, PlantedBug.None, members(), trace: null);
            Action run = () => world.Run(Steps);
            run.Should().NotThrow($"seed {seed} must be clean");
        }
    }
}
