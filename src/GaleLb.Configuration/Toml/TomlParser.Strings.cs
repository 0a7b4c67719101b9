using System.Buffers;
using System.Globalization;
using System.Text;

namespace GaleLb.Configuration.Toml;

internal sealed partial class TomlParser
{
    private static readonly SearchValues<char> HexadecimalDigits = SearchValues.Create("0123456789abcdefABCDEF");

    private string ParseBasicString()
    {
        int start = _at++;
        _buffer.Clear();
        while (true)
        {
            CopyRun('"', '\\');
            char c = CharacterOrFail(start, "\"");
            switch (c)
            {
                case '"':
                    _at++;
                    return _buffer.ToString();
                case '\\':
                    ParseEscape();
                    break;
                default:
                    throw BadCharacter(start, "\"");
            }
        }
    }

    private string ParseLiteralString()
    {
        int start = _at++;
        _buffer.Clear();
        CopyRun('\'', '\'');
        if (CharacterOrFail(start, "'") != '\'')
        {
            throw BadCharacter(start, "'");
        }

        _at++;
        return _buffer.ToString();
    }

    private string ParseMultilineBasicString()
    {
        int start = _at;
        OpenMultiline();
        while (true)
        {
            CopyRun('"', '\\');
            switch (CharacterOrFail(start, "\"\"\""))
            {
                case '"':
                    if (CloseMultiline('"'))
                    {
                        return _buffer.ToString();
                    }

                    break;
                case '\\':
                    if (!SkipLineEndingBackslash())
                    {
                        ParseEscape();
                    }

                    break;
                case '\n' or '\r':
                    CopyNewline();
                    break;
                default:
                    throw BadCharacter(start, "\"\"\"");
            }
        }
    }

    private string ParseMultilineLiteralString()
    {
        int start = _at;
        OpenMultiline();
        while (true)
        {
            CopyRun('\'', '\'');
            switch (CharacterOrFail(start, "'''"))
            {
                case '\'':
                    if (CloseMultiline('\''))
                    {
                        return _buffer.ToString();
                    }

                    break;
                case '\n' or '\r':
                    CopyNewline();
                    break;
                default:
                    throw BadCharacter(start, "'''");
            }
        }
    }

    /// <summary>Copies plain text up to one of the two stops or a character that needs a look.</summary>
    private void CopyRun(char stop, char otherStop)
    {
        int start = _at;
        while (_at < _text.Length && _text[_at] is char c && c != stop && c != otherStop && !IsForbiddenControl(c))
        {
            _at++;
        }

        _buffer.Append(_text, start, _at - start);
    }

    private void OpenMultiline()
    {
        _buffer.Clear();
        _at += 3;
        if (_at < _text.Length && _text[_at] is '\n' or '\r')
        {
            SkipNewline();
        }
    }

    /// <summary>Up to two quotation marks may stand right before the closing three.</summary>
    private bool CloseMultiline(char quote)
    {
        const int delimiter = 3, contentMax = 2;
        int run = 0;
        while (run < delimiter + contentMax && _at + run < _text.Length && _text[_at + run] == quote)
        {
            run++;
        }

        _at += run;
        _buffer.Append(quote, run >= delimiter ? run - delimiter : run);
        return run >= delimiter;
    }

    private void CopyNewline()
    {
        int start = _at;
        SkipNewline();
        _buffer.Append(_text, start, _at - start);
    }

    private bool SkipLineEndingBackslash()
    {
        int next = _at + 1;
        while (next < _text.Length && _text[next] is ' ' or '\t')
        {
            next++;
        }

        if (next == _text.Length || _text[next] is not ('\n' or '\r'))
        {
            return false;
        }

        _at = next;
        while (_at < _text.Length && _text[_at] is ' ' or '\t' or '\n' or '\r')
        {
            if (_text[_at] is '\n' or '\r')
            {
                SkipNewline();
            }
            else
            {
                _at++;
            }
        }

        return true;
    }

    private void ParseEscape()
    {
        int start = _at++;
        char c = _at < _text.Length ? _text[_at] : '\0';
        _at++;
        char? simple = c switch
        {
            '"' => '"',
            '\\' => '\\',
            'b' => '\b',
            'f' => '\f',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'e' when _version == TomlVersion.V11 => '\x1B',
            _ => null,
        };
        if (simple is { } character)
        {
            _buffer.Append(character);
            return;
        }

        int digits = c switch
        {
            'x' when _version == TomlVersion.V11 => 2,
            'u' => 4,
            'U' => 8,
            _ => throw Fail(start, UnknownEscape(start)),
        };
        ReadOnlySpan<char> hex = _text.AsSpan(_at, Math.Min(digits, _text.Length - _at));
        if (hex.Length < digits || hex.ContainsAnyExcept(HexadecimalDigits))
        {
            throw Fail(start, $"expected {digits} hexadecimal digits after \\{c}");
        }

        uint scalar = uint.Parse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        if (!Rune.IsValid(scalar))
        {
            throw Fail(start, $"\\{c}{hex} is no character; expected a Unicode scalar value (up to 10FFFF, no surrogate)");
        }

        _buffer.Append(new Rune(scalar).ToString());
        _at += digits;
    }

    private string UnknownEscape(int start)
    {
        string known = _version == TomlVersion.V11
            ? "\\b \\t \\n \\f \\r \\e \\\" \\\\ \\xHH \\uHHHH \\UHHHHHHHH"
            : "\\b \\t \\n \\f \\r \\\" \\\\ \\uHHHH \\UHHHHHHHH";
        return $"unknown escape: \\ followed by {TomlText.Found(_text, start + 1)}; expected one of {known}, "
            + "or a 'literal string', which has no escapes";
    }

    private char CharacterOrFail(int start, string quote) =>
        _at < _text.Length ? _text[_at] : throw Fail(start, $"the string is not closed; expected {quote} before the end of the file");

    private TomlException BadCharacter(int start, string quote) =>
        _text[_at] is '\n' or '\r' && quote.Length == 1
            ? Fail(start, $"the string is not closed; expected {quote} before the end of the line")
            : Fail(_at, $"a string holds the control character {TomlText.Found(_text, _at)}; expected it as an escape");
}
