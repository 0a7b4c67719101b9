using System.Globalization;

namespace GaleLb.Configuration.Toml;

internal sealed partial class TomlParser
{
    private const int DateLength = 10;

    private static bool LooksLikeDate(ReadOnlySpan<char> token) =>
        token.Length > 4 && AreDigits(token[..4]) && token[4] == '-';

    private static bool LooksLikeTime(ReadOnlySpan<char> token) =>
        token.Length > 2 && AreDigits(token[..2]) && token[2] == ':';

    /// <summary>Reads from <paramref name="start"/> anew, because a blank may separate date and time.</summary>
    private TomlDateTime ParseDateTime(int start, TomlPosition position)
    {
        int end = _at;
        _at = start;
        if (_text[start + 2] == ':')
        {
            TomlTime only = ParseTime(start, end);
            EndOfToken(start, end, "a time as 07:32:00");
            return new TomlDateTime(position, null, only, null);
        }

        TomlDate date = ParseDate(start, end);
        if (_at == end && _at + 1 < _text.Length && _text[_at] == ' ' && char.IsAsciiDigit(_text[_at + 1]))
        {
            end = _at + 1;
            while (end < _text.Length && IsScalarCharacter(_text[end]))
            {
                end++;
            }
        }
        else if (_at == end)
        {
            return new TomlDateTime(position, date, null, null);
        }
        else if (_text[_at] is not ('T' or 't'))
        {
            EndOfToken(start, end, "a date as 1979-05-27");
        }

        _at++;
        TomlTime time = ParseTime(start, end);
        int? offset = ParseOffset(start, end);
        EndOfToken(start, end, "a date-time as 1979-05-27T07:32:00Z");
        return new TomlDateTime(position, date, time, offset);
    }

    private TomlDate ParseDate(int start, int end)
    {
        const string form = "a date as 1979-05-27";
        if (end - _at < DateLength)
        {
            throw BadDateTime(start, end, form);
        }

        int year = TakeDigits(4, start, end, form);
        Take('-', start, end, form);
        int month = TakeDigits(2, start, end, form);
        Take('-', start, end, form);
        int day = TakeDigits(2, start, end, form);
        if (month is < 1 or > 12)
        {
            throw BadDateTime(start, end, "a month from 01 to 12");
        }

        int days = month switch
        {
            2 => (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28,
            4 or 6 or 9 or 11 => 30,
            _ => 31,
        };
        return day >= 1 && day <= days
            ? new TomlDate(year, month, day)
            : throw BadDateTime(start, end, $"a day from 01 to {days} in month {month:D2} of {year:D4}");
    }

    private TomlTime ParseTime(int start, int end)
    {
        string form = _version == TomlVersion.V11 ? "a time as 07:32 or 07:32:00" : "a time as 07:32:00";
        int hour = TakeDigits(2, start, end, form);
        Take(':', start, end, form);
        int minute = TakeDigits(2, start, end, form);
        int second = 0, nanosecond = 0;
        if (_version == TomlVersion.V10 || (_at < end && _text[_at] == ':'))
        {
            Take(':', start, end, form);
            second = TakeDigits(2, start, end, form);
            nanosecond = ParseFraction(start, end);
        }

        // RFC 3339 allows 60 for a leap second, and which days have one is not known to a reader.
        if (hour > 23 || minute > 59 || second > 60)
        {
            throw BadDateTime(start, end, "hours to 23, minutes to 59 and seconds to 60");
        }

        return new TomlTime(hour, minute, second, nanosecond);
    }

    private int ParseFraction(int start, int end)
    {
        if (_at == end || _text[_at] != '.')
        {
            return 0;
        }

        int first = ++_at;
        int nanosecond = 0;
        for (int scale = 100_000_000; _at < end && char.IsAsciiDigit(_text[_at]); _at++, scale /= 10)
        {
            nanosecond += (_text[_at] - '0') * scale;
        }

        return _at > first ? nanosecond : throw BadDateTime(start, end, "digits after the point");
    }

    private int? ParseOffset(int start, int end)
    {
        if (_at == end)
        {
            return null;
        }

        char sign = _text[_at];
        if (sign is 'Z' or 'z')
        {
            _at++;
            return 0;
        }

        if (sign is not ('+' or '-'))
        {
            return null;
        }

        const string form = "an offset as Z, +01:00 or -07:30";
        _at++;
        int hours = TakeDigits(2, start, end, form);
        Take(':', start, end, form);
        int minutes = TakeDigits(2, start, end, form);
        if (hours > 23 || minutes > 59)
        {
            throw BadDateTime(start, end, "an offset with hours to 23 and minutes to 59");
        }

        return (sign == '-' ? -1 : 1) * ((hours * 60) + minutes);
    }

    private int TakeDigits(int count, int start, int end, string expected)
    {
        if (end - _at < count || !AreDigits(_text.AsSpan(_at, count)))
        {
            throw BadDateTime(start, end, expected);
        }

        _at += count;
        return int.Parse(_text.AsSpan(_at - count, count), NumberStyles.None, CultureInfo.InvariantCulture);
    }

    private void Take(char expected, int start, int end, string form)
    {
        if (_at >= end || _text[_at] != expected)
        {
            throw BadDateTime(start, end, form);
        }

        _at++;
    }

    private void EndOfToken(int start, int end, string form)
    {
        if (_at != end)
        {
            throw BadDateTime(start, end, form);
        }
    }

    private TomlException BadDateTime(int start, int end, string expected) =>
        Fail(start, $"{TomlText.Cut(_text.AsSpan(start, end - start))} is not a date or time; expected {expected}");

    private static bool AreDigits(ReadOnlySpan<char> text) => !text.ContainsAnyExceptInRange('0', '9');
}
