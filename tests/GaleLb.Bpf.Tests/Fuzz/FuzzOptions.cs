using System.Globalization;
using GaleLb.DataPlane;

namespace GaleLb.Bpf.Tests.Fuzz;

/// <summary>The fuzzer's command line.</summary>
internal sealed record FuzzOptions
{
    public const string Usage = "usage: fuzz packets [--packets N] [--seed S] [--hook xdp|tc]     (--count N is --packets N)";

    /// <summary>How many packets in all; a session has at most <see cref="FuzzSession.PacketsMax"/>.</summary>
    public long Packets { get; init; } = 1_000_000;

    /// <summary>The first session's; each further one has the next.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Where clients' packets are seen; null: half of them here, half there.</summary>
    public PublicHook? Hook { get; init; }

    /// <exception cref="FormatException">An argument is unknown or has no valid value.</exception>
    public static FuzzOptions Parse(string[] arguments)
    {
        FuzzOptions options = new();
        for (int i = 0; i < arguments.Length; i++)
        {
            string name = arguments[i];
            string Value() => ++i < arguments.Length ? arguments[i] : throw new FormatException($"{name} needs a value.");
            options = name switch
            {
                "--packets" or "--count" => options with { Packets = Number(name, Value(), 1, long.MaxValue) },
                "--hook" => options with { Hook = Hooked(name, Value()) },
                "--seed" => options with { Seed = (int)Number(name, Value(), 0, int.MaxValue) },
                _ => throw new FormatException($"Unknown argument {name}."),
            };
        }

        return options;
    }

    private static PublicHook? Hooked(string name, string text) => text switch
    {
        "xdp" => PublicHook.Xdp,
        "tc" => PublicHook.Tc,
        _ => throw new FormatException($"{name} {text}: xdp or tc is expected."),
    };

    private static long Number(string name, string text, long min, long max) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value) && value >= min && value <= max
            ? value
            : throw new FormatException($"{name} {text}: a number from {min} to {max} is expected.");
}
