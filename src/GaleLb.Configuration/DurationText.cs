using System.Globalization;
using System.Text;

namespace GaleLb.Configuration;

/// <summary>Durations as people write them: <c>500ms</c>, <c>5s</c>, <c>1m30s</c>, <c>24h</c>, <c>7d</c>.</summary>
/// <remarks>Whole numbers, each with a unit, from the largest unit to the smallest and each unit once. Resolution: 1 ms.</remarks>
public static class DurationText
{
    /// <summary>How a duration is described to whoever wrote something else.</summary>
    public const string Expected = "a duration as \"500ms\", \"5s\", \"1m30s\" or \"24h\"";

    private static readonly (string Unit, long Milliseconds)[] Units =
        [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

    /// <summary>Reads a duration; false for anything else, also for one beyond what <see cref="TimeSpan"/> holds.</summary>
    public static bool TryParse(string text, out TimeSpan duration)
    {
        ArgumentNullException.ThrowIfNull(text);
        duration = TimeSpan.Zero;
        long total = 0;
        int at = 0, unitFrom = 0;
        while (at < text.Length)
        {
            int numberStart = at;
            at += RunOfDigits(text, at);
            int unitStart = at;
            while (at < text.Length && char.IsAsciiLetterLower(text[at]))
            {
                at++;
            }

            int unit = Array.FindIndex(Units, unitFrom, u => text.AsSpan(unitStart, at - unitStart).SequenceEqual(u.Unit));
            if (unit < 0
                || !long.TryParse(text.AsSpan(numberStart, unitStart - numberStart), NumberStyles.None, CultureInfo.InvariantCulture, out long count)
                || count > ((long.MaxValue / TimeSpan.TicksPerMillisecond) - total) / Units[unit].Milliseconds)
            {
                return false;
            }

            total += count * Units[unit].Milliseconds;
            unitFrom = unit + 1;
        }

        duration = TimeSpan.FromTicks(total * TimeSpan.TicksPerMillisecond);
        return text.Length > 0;
    }

    /// <summary>The shortest text that reads back as the same duration; not for negative ones.</summary>
    public static string Format(TimeSpan duration)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(duration.Ticks, nameof(duration));
        long rest = duration.Ticks / TimeSpan.TicksPerMillisecond;
        StringBuilder text = new();
        foreach ((string unit, long milliseconds) in Units[1..])
        {
            if (rest >= milliseconds)
            {
                text.Append(rest / milliseconds).Append(unit);
                rest %= milliseconds;
            }
        }

        return text.Length == 0 ? "0s" : text.ToString();
    }

    private static int RunOfDigits(string text, int start)
    {
        int end = start;
        while (end < text.Length && char.IsAsciiDigit(text[end]))
        {
            end++;
        }

        return end - start;
    }
}
