namespace GaleLb.Configuration.Schema;

/// <summary>Finds what someone most likely meant to write.</summary>
internal static class NearestName
{
    /// <summary>The candidate with the fewest edits from <paramref name="written"/>, null when none is close.</summary>
    public static string? Find(string written, IEnumerable<string> candidates)
    {
        const int lengthMax = 64;
        if (written.Length > lengthMax)
        {
            return null;
        }

        string normal = Normal(written);
        int allowed = Math.Max(2, normal.Length / 3);
        string? nearest = null;
        foreach (string candidate in candidates)
        {
            int distance = Distance(normal, Normal(candidate));
            if (distance <= allowed && distance < candidate.Length)
            {
                (nearest, allowed) = (candidate, distance - 1);
            }
        }

        return nearest;
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
