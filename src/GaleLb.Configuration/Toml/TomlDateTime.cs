using System.Globalization;

namespace GaleLb.Configuration.Toml;

public enum TomlDateTimeKind
{
    OffsetDateTime,
    LocalDateTime,
    LocalDate,
    LocalTime,
}

/// <summary>A calendar date, year 0 to 9999 (RFC 3339).</summary>
public readonly record struct TomlDate(int Year, int Month, int Day);

/// <summary>A time of day; <paramref name="Second"/> may be 60 (leap second), the fraction is truncated to nanoseconds.</summary>
public readonly record struct TomlTime(int Hour, int Minute, int Second, int Nanosecond);

/// <summary>A date, a time or both, as far as the document gives them; not bound to what .NET's own types can hold.</summary>
public sealed class TomlDateTime : TomlValue
{
    public TomlDateTime(TomlPosition position, TomlDate? date, TomlTime? time, int? offsetMinutes)
        : base(position)
    {
        Date = date;
        Time = time;
        OffsetMinutes = offsetMinutes;
    }

    public TomlDate? Date { get; }
    public TomlTime? Time { get; }

    /// <summary>Minutes east of UTC; null for a local date or time.</summary>
    public int? OffsetMinutes { get; }

    public TomlDateTimeKind Kind =>
        OffsetMinutes is not null ? TomlDateTimeKind.OffsetDateTime
        : Date is null ? TomlDateTimeKind.LocalTime
        : Time is null ? TomlDateTimeKind.LocalDate
        : TomlDateTimeKind.LocalDateTime;

    public override string TypeName => Kind switch
    {
        TomlDateTimeKind.OffsetDateTime => "a date-time",
        TomlDateTimeKind.LocalDateTime => "a local date-time",
        TomlDateTimeKind.LocalDate => "a date",
        _ => "a time",
    };

    /// <summary>RFC 3339, with the fraction's trailing zeros cut and <c>Z</c> for an offset of zero.</summary>
    public override string Display
    {
        get
        {
            string date = Date is { } d ? string.Create(CultureInfo.InvariantCulture, $"{d.Year:D4}-{d.Month:D2}-{d.Day:D2}") : "";
            string time = "";
            if (Time is { } t)
            {
                time = string.Create(CultureInfo.InvariantCulture, $"{t.Hour:D2}:{t.Minute:D2}:{t.Second:D2}");
                if (t.Nanosecond != 0)
                {
                    time += "." + t.Nanosecond.ToString("D9", CultureInfo.InvariantCulture).TrimEnd('0');
                }
            }

            string offset = OffsetMinutes switch
            {
                null => "",
                0 => "Z",
                int m => string.Create(CultureInfo.InvariantCulture, $"{(m < 0 ? '-' : '+')}{Math.Abs(m) / 60:D2}:{Math.Abs(m) % 60:D2}"),
            };
            return date + (date.Length > 0 && time.Length > 0 ? "T" : "") + time + offset;
        }
    }
}
