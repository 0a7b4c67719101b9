using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace GaleLb.Bench;

/// <summary>One figure over its samples. There is nothing of the same kind to be set beside it: <paramref name="Ratio"/> is null.</summary>
internal sealed record Figure(string Bench, string Name, string Variant, string Unit, double Min, double Median, double Max, double? Ratio);

/// <summary>Gathers samples by name, and tells each when it is there.</summary>
internal sealed class Report(string bench)
{
    private readonly List<(string Name, string Unit, List<double> Samples)> _rows = [];

    public void Add(string name, string unit, params IEnumerable<double> samples)
    {
        List<double> sorted = [.. samples.Order()];
        _rows.Add((name, unit, sorted));
        if (sorted.Count > 0)
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{bench}:   {name}: {sorted[sorted.Count / 2]:0.#} {unit}"));
    }

    public IReadOnlyList<Figure> Figures() =>
    [
        .. _rows.Where(r => r.Samples.Count > 0).Select(r =>
            new Figure(bench, r.Name, "gale-lb", r.Unit, r.Samples[0], r.Samples[r.Samples.Count / 2], r.Samples[^1], null)),
    ];

    public void Print()
    {
        Console.WriteLine($"{"",-64} {"min",10} {"median",10} {"max",10}");
        foreach (Figure f in Figures())
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{f.Name + ", " + f.Unit,-64} {f.Min,10:0.#} {f.Median,10:0.#} {f.Max,10:0.#}"));
    }

    public void Write(string path) => File.WriteAllText(path, JsonSerializer.Serialize(Figures(), FigureJson.Default.IReadOnlyListFigure) + "\n");
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(IReadOnlyList<Figure>))]
internal sealed partial class FigureJson : JsonSerializerContext;
