namespace GaleLb.Configuration.Schema;

/// <summary>Finds what someone most likely meant to write.</summary>
internal static class NearestName
{
    /// <summary>
    /// The candidate with the fewest edits from <paramref name="written"/>, at most for a third of the letters, else the only one that
    /// begins with it; null when there is none.
    /// </summary>
    public static string? Find(string written, IReadOnlyList<string> candidates)
    {
        const int lengthMax = 64;
        if (written.Length > lengthMax)
        {
            return null;
        }

        string normal = Normal(written);
        string? nearest = null;
        int fewest = int.MaxValue;
        foreach (string candidate in candidates)
        {
            int distance = Distance(normal, Normal(candidate));
            if (distance < fewest && distance <= Math.Max(1, Math.Max(normal.Length, candidate.Length) / 3))
            {
                (nearest, fewest) = (candidate, distance);
            }
        }

        string[] longer = [.. candidates.Where(c => c.StartsWith(normal, StringComparison.Ordinal))];
        return nearest ?? (longer.Length == 1 ? longer[0] : null);
    }

    /// <summary>Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours.</summary>
    internal static int Distance(string a, string b)
    {
        int[,] cost = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++)
        {
            for (int j = 0; j <= b.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    cost[i, j] = i + j;
                    continue;
                }

                int change = a[i - 1] == b[j - 1] ? 0 : 1;
                int best = Math.Min(Math.Min(cost[i - 1, j], cost[i, j - 1]) + 1, cost[i - 1, j - 1] + change);
                bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
                cost[i, j] = swapped ? Math.Min(best, cost[i - 2, j - 2] + 1) : best;
            }
        }

        return cost[a.Length, b.Length];
    }

    private static string Normal(string name) => name.Replace('-', '_').ToLowerInvariant();
}
