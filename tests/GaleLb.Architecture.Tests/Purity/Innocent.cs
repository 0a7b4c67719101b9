namespace GaleLb.Architecture.Tests.Purity;

/// <summary>Code near each rule that breaks none, to show that the scanner does not cry wolf.</summary>
internal static class Innocent
{
    private static readonly Dictionary<string, int> Counts = [];
    private static readonly SortedDictionary<int, string> Sorted = [];

    public static int LooksUp(string key) => Counts.TryGetValue(key, out var count) ? count : Counts.Count;

    public static string VisitsInOrder()
    {
        var text = "";
        foreach (var (key, value) in Sorted)
        {
            text += $"{key}={value.ToLowerInvariant()};";
        }

        return text;
    }

    public static bool AsksSortedPairs(int key) => Sorted.Any(pair => pair.Key > key);

    public static IEnumerable<int> Iterates(int from)
    {
        for (var at = from; at < 10; at++)
        {
            yield return at;
        }
    }

    public static TimeSpan Adds(TimeSpan left, DateTime at) => left + at.TimeOfDay;

    public static string Orders(IEnumerable<string> names) =>
        string.Join(',', names.Where(name => name.Length > 0).OrderBy(name => name, StringComparer.Ordinal));

    internal sealed record Row(string Name, int Count);
}
