using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace GaleLb.Bench.Raft;

/// <summary>One figure over the rounds. <paramref name="Ratio"/> is that of the medians to etcd's, null for etcd's own.</summary>
internal sealed record Figure(string Bench, string Name, string Variant, string Unit, double Min, double Median, double Max, double? Ratio);

/// <summary>Gathers samples by name and variant, and sets each beside etcd's of its name.</summary>
internal sealed class Report
{
    private readonly List<(string Name, string Unit, string Variant, List<double> Samples)> _rows = [];

    public void Add(string name, string unit, string variant, double sample)
    {
        int at = _rows.FindIndex(r => r.Name == name && r.Variant == variant);
        if (at < 0)
            _rows.Add((name, unit, variant, [sample]));
        else
            _rows[at].Samples.Add(sample);
    }

    public IReadOnlyList<Figure> Figures() =>
    [
        .. _rows.GroupBy(r => r.Name).SelectMany(name => name.Select(row =>
        {
            List<double> sorted = [.. row.Samples.Order()];
            double reference = Median([.. name.First(r => r.Variant == "etcd").Samples.Order()]);
            double? ratio = row.Variant == "etcd" ? null : Median(sorted) / reference;
            return new Figure("raft", row.Name, row.Variant, row.Unit, sorted[0], Median(sorted), sorted[^1], ratio);
        })),
    ];

    public void Print()
    {
        Console.WriteLine($"{"",-44} {"",-8} {"min",10} {"median",10} {"max",10}  ratio");
        foreach (Figure f in Figures())
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{f.Name + ", " + f.Unit,-44} {f.Variant,-8} {f.Min,10:0.#} {f.Median,10:0.#} {f.Max,10:0.#}  {f.Ratio:0.00}"));
    }

    public void Write(string path) => File.WriteAllText(path, JsonSerializer.Serialize(Figures(), FigureJson.Default.IReadOnlyListFigure) + "\n");

    private static double Median(List<double> sorted) => sorted.Count % 2 == 1 ? sorted[sorted.Count / 2] : (sorted[(sorted.Count / 2) - 1] + sorted[sorted.Count / 2]) / 2;
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(IReadOnlyList<Figure>))]
internal sealed partial class FigureJson : JsonSerializerContext;
