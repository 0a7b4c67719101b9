using System.Globalization;

namespace GaleLb.Rpc.Framing;

/// <summary>The <c>grpc-timeout</c> header: up to eight digits and a unit of <c>H M S m u n</c>.</summary>
internal static class Timeout
{
    private const long ValueMax = 99_999_999;

    // Beyond this a timer cannot be set; such a deadline is none.
    private static readonly TimeSpan TimerMax = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    public static string Encode(TimeSpan timeout)
    {
        long ticks = Math.Max(timeout.Ticks, 0);
        (long Units, char Unit)[] forms =
        [
            (ticks * 100, 'n'),
            (ticks / TimeSpan.TicksPerMicrosecond, 'u'),
            (ticks / TimeSpan.TicksPerMillisecond, 'm'),
            (ticks / TimeSpan.TicksPerSecond, 'S'),
            (ticks / TimeSpan.TicksPerMinute, 'M'),
            (ticks / TimeSpan.TicksPerHour, 'H'),
        ];
        // Nanoseconds may overflow for timeouts of centuries; those fit in hours.
        foreach ((long units, char unit) in forms)
        {
            if (units is >= 0 and <= ValueMax && (unit != 'n' || ticks <= ValueMax / 100))
                return string.Create(CultureInfo.InvariantCulture, $"{units}{unit}");
        }
        return $"{ValueMax}H";
    }

    /// <summary>False when the header is malformed. A timeout too long for a timer is read as null: none.</summary>
    public static bool TryDecode(string header, out TimeSpan? timeout)
    {
        timeout = null;
        if (header.Length is < 2 or > 9 || !long.TryParse(header.AsSpan(0, header.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out long value))
            return false;
        long? ticksPerUnit = header[^1] switch
        {
            'H' => TimeSpan.TicksPerHour,
            'M' => TimeSpan.TicksPerMinute,
            'S' => TimeSpan.TicksPerSecond,
            'm' => TimeSpan.TicksPerMillisecond,
            'u' => TimeSpan.TicksPerMicrosecond,
            'n' => 0,
            _ => null,
        };
        if (ticksPerUnit is null)
            return false;
        Int128 ticks = ticksPerUnit == 0 ? value / 100 : (Int128)value * ticksPerUnit.Value;
        if (ticks <= TimerMax.Ticks)
            timeout = TimeSpan.FromTicks((long)ticks);
        return true;
    }
}
