using System.Globalization;
using GaleLb.Configuration;

namespace GaleLb.Cli.Output;

/// <summary>Numbers as people read them.</summary>
internal static class Quantity
{
    private static readonly string[] BinaryUnits = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    public static string Bytes(ulong count)
    {
        double value = count;
        int unit = 0;
        while (value >= 1024 && unit < BinaryUnits.Length - 1)
        {
            value /= 1024;
            unit++;
        }

        return value.ToString(unit == 0 ? "0" : "0.0", CultureInfo.InvariantCulture) + " " + BinaryUnits[unit];
    }

    /// <summary>An age or a remainder: to the millisecond below a second, to a tenth below ten, then to the second.</summary>
    public static string Milliseconds(long ms)
    {
        TimeSpan time = TimeSpan.FromMilliseconds(Math.Max(0, ms));
        return ms switch
        {
            < 1000 => DurationText.Format(time),
            < 10_000 => (ms / 1000.0).ToString("0.0", CultureInfo.InvariantCulture) + "s",
            _ => DurationText.Format(TimeSpan.FromSeconds((long)time.TotalSeconds)),
        };
    }

    public static string Share(double share) => (share * 100).ToString("0.00", CultureInfo.InvariantCulture) + " %";

    public static string Number(ulong? count) => count?.ToString(CultureInfo.InvariantCulture) ?? "-";

    /// <summary>The start of a digest, enough to compare by eye.</summary>
    public static string Digest(string? digest)
    {
        const int shown = 12;
        return string.IsNullOrEmpty(digest) ? "-" : digest[..Math.Min(shown, digest.Length)];
    }

    public static string Time(DateTimeOffset? time) =>
        time?.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture) ?? "-";

    public static string OrDash(string? text) => string.IsNullOrEmpty(text) ? "-" : text;
}
