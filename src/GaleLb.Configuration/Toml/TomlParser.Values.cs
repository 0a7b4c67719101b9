namespace GaleLb.Configuration.Toml;

internal sealed partial class TomlParser
{
    private TomlValue ParseValue(int depth)
    {
        int start = _at;
        if (_at == _text.Length)
        {
            throw Fail(start, "expected a value, found the end of the file");
        }

        TomlPosition position = PositionOf(start);
        switch (_text[_at])
        {
            case '"':
                return new TomlString(position, StartsWith("\"\"\"") ? ParseMultilineBasicString() : ParseBasicString());
            case '\'':
                return new TomlString(position, StartsWith("'''") ? ParseMultilineLiteralString() : ParseLiteralString());
            case '[':
                return ParseArray(position, Deeper(depth));
            case '{':
                return ParseInlineTable(position, Deeper(depth));
            default:
                return ParseScalar(position);
        }
    }

    private int Deeper(int depth) =>
        depth < TomlReader.DepthMax
            ? depth + 1
            : throw Fail(_at, $"values nest more than {TomlReader.DepthMax} deep; expected fewer levels");

    private TomlArray ParseArray(TomlPosition position, int depth)
    {
        TomlArray array = new(position, isArrayOfTables: false);
        _at++;
        while (true)
        {
            SkipWhitespaceCommentsNewlines();
            if (Next(']'))
            {
                return array;
            }

            array.Add(ParseValue(depth));
            SkipWhitespaceCommentsNewlines();
            if (Next(','))
            {
                continue;
            }

            if (Next(']'))
            {
                return array;
            }

            throw Fail(_at, $"expected , or ] in the array that starts on line {position.Line}, found {TomlText.Found(_text, _at)}");
        }
    }

    private TomlTable ParseInlineTable(TomlPosition position, int depth)
    {
        TomlTable table = new(position, TomlTableOrigin.Inline);
        _at++;
        SkipInsideInlineTable();
        if (Next('}'))
        {
            return table;
        }

        while (true)
        {
            ParseKeyValue(table, depth);
            SkipInsideInlineTable();
            if (Next('}'))
            {
                return table;
            }

            if (!Next(','))
            {
                string hint = _version == TomlVersion.V10 && _at < _text.Length && _text[_at] is '\n' or '\r' or '#'
                    ? " (TOML 1.0 wants an inline table on one line)"
                    : "";
                throw Fail(_at, $"expected , or }} in the inline table that starts on line {position.Line}, found "
                    + TomlText.Found(_text, _at) + hint);
            }

            SkipInsideInlineTable();
            if (_version == TomlVersion.V11 && Next('}'))
            {
                return table;
            }
        }
    }

    private void SkipInsideInlineTable()
    {
        if (_version == TomlVersion.V10)
        {
            SkipWhitespace();
        }
        else
        {
            SkipWhitespaceCommentsNewlines();
        }
    }

    private TomlValue ParseScalar(TomlPosition position)
    {
        int start = _at;
        while (_at < _text.Length && IsScalarCharacter(_text[_at]))
        {
            _at++;
        }

        if (_at == start)
        {
            throw Fail(start, $"expected a value, found {TomlText.Found(_text, start)}");
        }

        ReadOnlySpan<char> token = _text.AsSpan(start, _at - start);
        if (token is "true" or "false")
        {
            return new TomlBoolean(position, token is "true");
        }

        if (LooksLikeDate(token) || LooksLikeTime(token))
        {
            return ParseDateTime(start, position);
        }

        if (char.IsAsciiDigit(token[0]) || token[0] is '+' or '-' or '.' or '_' || token is "inf" or "nan")
        {
            return ParseNumber(start, token, position);
        }

        string word = TomlText.Cut(token);
        throw Fail(start, word.ToUpperInvariant() switch
        {
            "TRUE" or "FALSE" => $"{word} is not a value; expected {word.ToLowerInvariant()}",
            _ => $"{word} is not a value; expected a string in quotation marks, a number, true or false, a date, [ or {{",
        });
    }

    private bool StartsWith(string expected) => string.CompareOrdinal(_text, _at, expected, 0, expected.Length) == 0;

    private static bool IsScalarCharacter(char c) => char.IsAsciiLetterOrDigit(c) || c is '+' or '-' or '_' or '.' or ':';
}
