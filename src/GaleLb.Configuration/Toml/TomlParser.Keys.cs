namespace GaleLb.Configuration.Toml;

internal sealed partial class TomlParser
{
    /// <summary>Reads a simple or dotted key and the whitespace around it.</summary>
    /// <param name="depth">How many tables its first part will be in, not counting the document.</param>
    private List<KeyPart> ParseKey(int depth)
    {
        List<KeyPart> parts = [];
        do
        {
            SkipWhitespace();
            int start = _at;
            TomlPosition position = PositionOf(start);
            if (depth + parts.Count > TomlReader.DepthMax)
            {
                throw Fail(start, $"tables nest more than {TomlReader.DepthMax} deep; expected fewer levels");
            }

            parts.Add(new KeyPart(ParseSimpleKey(), position));
            SkipWhitespace();
        }
        while (Next('.'));
        return parts;
    }

    private string ParseSimpleKey()
    {
        int start = _at;
        if (_at < _text.Length && _text[_at] is '"' or '\'')
        {
            char quote = _text[_at];
            if (string.CompareOrdinal(_text, _at, new string(quote, 3), 0, 3) == 0)
            {
                throw Fail(start, "a key cannot be a multi-line string; expected a bare key or one in single quotation marks");
            }

            return quote == '"' ? ParseBasicString() : ParseLiteralString();
        }

        while (_at < _text.Length && TomlText.IsBareKeyCharacter(_text[_at]))
        {
            _at++;
        }

        if (_at == start)
        {
            throw Fail(start, $"expected a key (letters, digits, - and _, or a quoted string), found {TomlText.Found(_text, start)}");
        }

        return _text[start.._at];
    }
}
