using System.Globalization;

namespace GaleLb.Configuration.Toml;

internal sealed partial class TomlParser
{
    private TomlValue ParseNumber(int start, ReadOnlySpan<char> token, TomlPosition position)
    {
        bool signed = token[0] is '+' or '-';
        ReadOnlySpan<char> unsigned = signed ? token[1..] : token;
        switch (unsigned)
        {
            case "inf":
                return new TomlFloat(position, token[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity);
            case "nan":
                return new TomlFloat(position, double.NaN);
            case ['0', 'x' or 'o' or 'b', ..]:
                return signed
                    ? throw Fail(start, $"{TomlText.Cut(token)} has a sign; expected hexadecimal, octal and binary numbers without one")
                    : new TomlInteger(position, ParsePrefixed(start, token));
        }

        int digits = CountDigits(unsigned);
        if (digits == 0)
        {
            throw Fail(start, $"{TomlText.Cut(token)} is not a number; expected digits{(unsigned is ['.', ..] ? " before the point" : "")}");
        }

        if (digits > 1 && unsigned[0] == '0')
        {
            throw Fail(start, $"{TomlText.Cut(token)} has a leading zero; expected a number without (octal numbers begin with 0o)");
        }

        ReadOnlySpan<char> rest = unsigned[digits..];
        if (rest.IsEmpty)
        {
            return long.TryParse(WithoutUnderscores(token), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value)
                ? new TomlInteger(position, value)
                : throw Fail(start, $"{TomlText.Cut(token)} is too large; expected an integer from {long.MinValue} to {long.MaxValue}");
        }

        if (rest[0] == '.')
        {
            int fraction = CountDigits(rest[1..]);
            if (fraction == 0)
            {
                throw Fail(start, $"{TomlText.Cut(token)} is not a number; expected digits on both sides of the point");
            }

            rest = rest[(1 + fraction)..];
        }

        if (rest is ['e' or 'E', ..])
        {
            rest = rest[1..];
            rest = rest is ['+' or '-', ..] ? rest[1..] : rest;
            int exponent = CountDigits(rest);
            if (exponent == 0)
            {
                throw Fail(start, $"{TomlText.Cut(token)} is not a number; expected digits in the exponent");
            }

            rest = rest[exponent..];
        }

        if (!rest.IsEmpty)
        {
            throw Fail(start, rest[0] == '_'
                ? $"{TomlText.Cut(token)} is not a number; expected underscores only between digits"
                : $"{TomlText.Cut(token)} is not a number; '{rest[0]}' does not belong in one (a string needs quotation marks)");
        }

        return new TomlFloat(position, double.Parse(WithoutUnderscores(token), NumberStyles.Float, CultureInfo.InvariantCulture));
    }

    private long ParsePrefixed(int start, ReadOnlySpan<char> token)
    {
        (int shift, string allowed, string name) = token[1] switch
        {
            'x' => (4, "0123456789abcdefABCDEF", "hexadecimal"),
            'o' => (3, "01234567", "octal"),
            _ => (1, "01", "binary"),
        };
        ReadOnlySpan<char> digits = token[2..];
        if (digits.IsEmpty)
        {
            throw Fail(start, $"{TomlText.Cut(token)} is not a number; expected {name} digits after {token[..2]}");
        }

        long value = 0;
        for (int i = 0; i < digits.Length; i++)
        {
            if (digits[i] == '_')
            {
                if (i == 0 || i == digits.Length - 1 || digits[i + 1] == '_')
                {
                    throw Fail(start, $"{TomlText.Cut(token)} is not a number; expected underscores only between digits");
                }

                continue;
            }

            if (!allowed.Contains(digits[i], StringComparison.Ordinal))
            {
                throw Fail(start, $"{TomlText.Cut(token)} is not a number; '{digits[i]}' is no {name} digit");
            }

            if (value > long.MaxValue >> shift)
            {
                throw Fail(start, $"{TomlText.Cut(token)} is too large; expected an integer up to {long.MaxValue}");
            }

            value = (value << shift) | (long)Convert.ToInt32(digits[i].ToString(), 16);
        }

        return value;
    }

    /// <summary>How many characters of digits with single underscores between them a text starts with.</summary>
    private static int CountDigits(ReadOnlySpan<char> text)
    {
        int count = 0;
        while (count < text.Length)
        {
            if (char.IsAsciiDigit(text[count]))
            {
                count++;
            }
            else if (text[count] == '_' && count > 0 && count + 1 < text.Length && char.IsAsciiDigit(text[count + 1]))
            {
                count += 2;
            }
            else
            {
                break;
            }
        }

        return count;
    }

    private static string WithoutUnderscores(ReadOnlySpan<char> token) =>
        token.ToString().Replace("_", "", StringComparison.Ordinal);
}
