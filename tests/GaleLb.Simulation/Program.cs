using System.Diagnostics;
using GaleLb.Simulation;
using GaleLb.Simulation.Faults;

SimulationOptions options;
try
{
    options = SimulationOptions.Parse(args);
}
catch (FormatException e)
{
    Console.Error.WriteLine(e.Message);
    Console.Error.WriteLine(SimulationOptions.Usage);
    return 2;
}

if (options.ListPlants)
{
    foreach ((PlantedBug bug, string replicas, _, string what) in PlantCatalog.All)
        Console.WriteLine($"{bug,-32}{replicas,-8}{what}");
    return 0;
}

string commit = Environment.GetEnvironmentVariable("GALE_COMMIT") is { Length: > 0 } known ? known : "unknown";
string without = options.Without.IsEmpty ? "nothing" : string.Join(", ", options.Without);
Console.WriteLine(
    $"simulation: commit {commit}, seed {options.Seed}, seeds {options.Seeds}, steps {options.Steps}, replicas {options.Replicas}, without {without}, plant {options.Plant}");
var watch = Stopwatch.StartNew();
var runner = new Runner(options);
bool clean = options.ProvePlants ? runner.ProvePlants() : runner.RunAll();
double seconds = watch.Elapsed.TotalSeconds;
Console.WriteLine($"simulation: {runner.Summary}, {runner.Steps:N0} steps in {seconds:F1} s ({runner.Steps / seconds:N0} steps/s)");
return clean ? 0 : 1;
