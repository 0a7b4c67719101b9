using System.Globalization;
using GaleLb.Simulation.Faults;

namespace GaleLb.Simulation;

/// <summary>The command line.</summary>
internal sealed record SimulationOptions
{
    public const string Usage =
        "usage: simulation [--seeds N] [--seed S] [--steps N] [--replicas core|driver|both] [--without KIND]... [--plant BUG] [--list-plants] [--prove-plants] [--trace]";

    /// <summary>How many seeds to run, from <see cref="Seed"/> on.</summary>
    public int Seeds { get; init; } = 100;

    public ulong Seed { get; init; } = 1;

    /// <summary>Steps of the safety phase of one run.</summary>
    public long Steps { get; init; } = 30_000;

    public string Replicas { get; init; } = "both";
    public PlantedBug Plant { get; init; }
    /// <summary>Kinds of faults left out.</summary>
    public System.Collections.Immutable.ImmutableArray<string> Without { get; init; } = [];

    public bool ListPlants { get; init; }
    public bool ProvePlants { get; init; }
    public bool Trace { get; init; }

    /// <exception cref="FormatException">An argument is unknown or has no valid value.</exception>
    public static SimulationOptions Parse(string[] arguments)
    {
        var options = new SimulationOptions();
        bool seedsGiven = false;
        for (int i = 0; i < arguments.Length; i++)
        {
            string name = arguments[i];
            string Value() => ++i < arguments.Length ? arguments[i] : throw new FormatException($"{name} needs a value.");
            options = name switch
            {
                "--seeds" => options with { Seeds = (int)Number(name, Value(), 1, int.MaxValue) },
                "--seed" => options with { Seed = Number(name, Value(), 0, ulong.MaxValue) },
                "--steps" => options with { Steps = (long)Number(name, Value(), 1, long.MaxValue) },
                "--replicas" => options with { Replicas = OneOf(name, Value(), ["core", "driver", "both"]) },
                "--without" => options with { Without = options.Without.Add(Value()) },
                "--plant" => options with { Plant = Bug(Value()) },
                "--list-plants" => options with { ListPlants = true },
                "--prove-plants" => options with { ProvePlants = true },
                "--trace" => options with { Trace = true },
                _ => throw new FormatException($"Unknown argument {name}."),
            };
            seedsGiven |= name == "--seeds";
        }
        return !seedsGiven && arguments.Contains("--seed") ? options with { Seeds = 1 } : options;
    }

    private static ulong Number(string name, string text, ulong min, ulong max) =>
        ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value) && value >= min && value <= max
            ? value
            : throw new FormatException($"{name} {text}: a number from {min} to {max} is expected.");

    private static string OneOf(string name, string text, string[] words) =>
        words.Contains(text) ? text : throw new FormatException($"{name} {text}: one of {string.Join(", ", words)} is expected.");

    private static PlantedBug Bug(string text) =>
        Enum.TryParse(text, out PlantedBug bug) && bug != PlantedBug.None && Enum.IsDefined(bug)
            ? bug
            : throw new FormatException($"--plant {text}: no such bug; --list-plants names them.");
}
