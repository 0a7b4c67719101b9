using GaleLb.Simulation.Faults;
using GaleLb.Simulation.Replicas;

namespace GaleLb.Simulation;

/// <summary>Runs seed after seed and says how to repeat one that failed.</summary>
internal sealed class Runner(SimulationOptions options)
{
    private int _runs;
    private int _failed;
    private int _acknowledged;
    private int _reads;
    private string _plants = "";

    public long Steps { get; private set; }

    public string Summary => $"{_runs} runs, {_failed} failed, {_acknowledged:N0} orders acknowledged, {_reads:N0} reads answered{_plants}";

    /// <summary>True when every run was clean.</summary>
    public bool RunAll()
    {
        for (int i = 0; i < options.Seeds; i++)
            foreach (string replicas in Kinds())
                if (Run(options.Seed + (ulong)i, options.Plant, FactoryOf(replicas)) is { } failure)
                    Report(options.Seed + (ulong)i, replicas, failure);
        return _failed == 0;
    }

    /// <summary>Plants every bug in turn; true when each is caught within the seeds given.</summary>
    public bool ProvePlants()
    {
        int caught = 0;
        foreach ((PlantedBug bug, string replicas, _, _) in PlantCatalog.All)
        {
            string result = Hunt(bug, replicas);
            caught += result.Length > 0 ? 1 : 0;
            Console.WriteLine($"{bug,-32}{(result.Length > 0 ? result : "NOT CAUGHT")}");
        }
        _plants = $", {caught} of {PlantCatalog.All.Count} planted bugs caught";
        return caught == PlantCatalog.All.Count;
    }

    private string Hunt(PlantedBug bug, string replicas)
    {
        for (int i = 0; i < options.Seeds; i++)
            if (Run(options.Seed + (ulong)i, bug, FactoryOf(replicas)) is { } failure)
                return $"seed {options.Seed + (ulong)i,-6}{replicas,-8}{failure.Oracle,-24}{failure.What}";
        return "";
    }

    private IEnumerable<string> Kinds() => options.Replicas == "both" ? ["core", "driver"] : [options.Replicas];

    public static IMemberFactory FactoryOf(string replicas) => replicas == "core" ? new CoreMemberFactory() : new DriverMemberFactory();

    private SimulationFailure? Run(ulong seed, PlantedBug bug, IMemberFactory members)
    {
        Action<string>? trace = options.Trace ? Console.Error.WriteLine : null;
        var world = new World(seed, bug, members, trace, options.Without);
        _runs++;
        try
        {
            world.Run(options.Steps);
            return null;
        }
        catch (SimulationFailure failure)
        {
            return failure;
        }
        finally
        {
            Steps += world.Steps;
            _acknowledged += world.Oracles.Orders.Acknowledged;
            _reads += world.Oracles.Reads.Answered;
        }
    }

    private void Report(ulong seed, string replicas, SimulationFailure failure)
    {
        _failed++;
        string plant = options.Plant == PlantedBug.None ? "" : $" --plant {options.Plant}";
        Console.WriteLine($"FAILED seed {seed}, {failure.Message}");
        Console.WriteLine($"  repeat: ./build.sh sim --seed {seed} --steps {options.Steps} --replicas {replicas}{Without(options.Without)}{plant} --trace");
        MinimalRun least = Minimizer.Minimize(seed, options.Plant, () => FactoryOf(replicas), options.Steps, options.Without, failure);
        Console.WriteLine($"  least:  ./build.sh sim --seed {seed} --steps {least.Steps} --replicas {replicas}{Without(least.Without)}{plant} --trace");
        Console.WriteLine($"          with {(least.Left.Count == 0 ? "no faults" : string.Join(", ", least.Left))}: {least.Failure.Message}");
    }

    private static string Without(IEnumerable<string> kinds) => string.Concat(kinds.Select(k => $" --without {k}"));
}
