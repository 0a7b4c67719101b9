using System.Text;

namespace GaleLb.Configuration.Toml;

/// <summary>One pass over a document: headers, lines and the rules of who may define which table.</summary>
internal sealed partial class TomlParser
{
    private readonly string _text;
    private readonly TomlVersion _version;
    private readonly StringBuilder _buffer = new();
    private readonly TomlTable _root = new(TomlPosition.Start, TomlTableOrigin.Header);

    /// <summary>The keys that lead to where the parser stands, for messages; joined only when one is needed.</summary>
    private readonly List<string> _path = [];

    private TomlTable _current;
    private int _at;

    // Positions are asked for in rising order, so that counting columns stays linear even on one endless line.
    private int _countedTo;
    private int _line = 1;
    private int _column = 1;

    public TomlParser(string text, TomlVersion version)
    {
        _text = text;
        _version = version;
        _current = _root;
    }

    public TomlTable ParseDocument()
    {
        const char byteOrderMark = '\uFEFF';
        if (_text.Length > 0 && _text[0] == byteOrderMark)
        {
            _at = 1;
            _countedTo = 1;
        }

        while (true)
        {
            SkipWhitespace();
            if (_at == _text.Length)
            {
                return _root;
            }

            switch (_text[_at])
            {
                case '\n' or '\r':
                    SkipNewline();
                    continue;
                case '#':
                    SkipComment();
                    continue;
                case '[':
                    ParseHeader();
                    break;
                default:
                    ParseKeyValue(_current, _path.Count);
                    break;
            }

            EndLine();
        }
    }

    private void EndLine()
    {
        SkipWhitespace();
        if (_at < _text.Length && _text[_at] == '#')
        {
            SkipComment();
        }

        if (_at == _text.Length)
        {
            return;
        }

        if (_text[_at] is not ('\n' or '\r'))
        {
            throw Fail(_at, $"expected the end of the line, found {TomlText.Found(_text, _at)}");
        }

        SkipNewline();
    }

    private void ParseHeader()
    {
        TomlPosition position = PositionOf(_at++);
        bool isArray = Next('[');
        _path.Clear();
        List<KeyPart> parts = ParseKey(depth: 1);
        if (!Next(']'))
        {
            throw Fail(_at, $"expected ] to close the table header, found {TomlText.Found(_text, _at)}");
        }

        if (isArray && !Next(']'))
        {
            throw Fail(_at, $"expected ]] to close the header of an array of tables, found {TomlText.Found(_text, _at)}");
        }

        TomlTable parent = _root;
        foreach (KeyPart part in parts[..^1])
        {
            _path.Add(part.Name);
            parent = DescendByHeader(parent, part);
        }

        KeyPart last = parts[^1];
        _path.Add(last.Name);
        _current = isArray ? AppendTable(parent, last, position) : DefineTable(parent, last, position);
    }

    private TomlTable DescendByHeader(TomlTable parent, KeyPart part)
    {
        if (!parent.TryGet(part.Name, out TomlEntry? entry))
        {
            TomlTable made = new(part.Position, TomlTableOrigin.Implicit);
            parent.Add(part.Name, part.Position, made);
            return made;
        }

        return entry.Value switch
        {
            TomlTable { Origin: not TomlTableOrigin.Inline } table => table,
            TomlTable => throw Fail(part, $"is an inline table (line {entry.Position.Line}); nothing can be added to it"),
            TomlArray { IsArrayOfTables: true } array => (TomlTable)array.Items[^1],
            TomlValue value => throw Fail(part, $"is {value.TypeName} (line {entry.Position.Line}); expected a table"),
        };
    }

    private TomlTable DefineTable(TomlTable parent, KeyPart part, TomlPosition position)
    {
        if (!parent.TryGet(part.Name, out TomlEntry? entry))
        {
            TomlTable made = new(position, TomlTableOrigin.Header);
            parent.Add(part.Name, part.Position, made);
            return made;
        }

        if (entry.Value is TomlTable { Origin: TomlTableOrigin.Implicit } table)
        {
            table.Origin = TomlTableOrigin.Header;
            return table;
        }

        throw Fail(part, $"already defined on line {entry.Position.Line} as {entry.Value.TypeName}; expected every table once");
    }

    private TomlTable AppendTable(TomlTable parent, KeyPart part, TomlPosition position)
    {
        TomlTable made = new(position, TomlTableOrigin.Header);
        if (!parent.TryGet(part.Name, out TomlEntry? entry))
        {
            TomlArray array = new(position, isArrayOfTables: true);
            array.Add(made);
            parent.Add(part.Name, part.Position, array);
            return made;
        }

        if (entry.Value is TomlArray { IsArrayOfTables: true } existing)
        {
            existing.Add(made);
            return made;
        }

        string what = entry.Value is TomlArray ? "an array written in full" : entry.Value.TypeName;
        throw Fail(part, $"already defined on line {entry.Position.Line} as {what}; [[ ]] cannot add to it");
    }

    private void ParseKeyValue(TomlTable table, int depth)
    {
        int outer = _path.Count;
        List<KeyPart> parts = ParseKey(depth);
        if (!Next('='))
        {
            throw Fail(_at, $"expected = after the key, found {TomlText.Found(_text, _at)}");
        }

        foreach (KeyPart part in parts[..^1])
        {
            _path.Add(part.Name);
            table = DescendByDottedKey(table, part);
        }

        KeyPart last = parts[^1];
        _path.Add(last.Name);
        if (table.TryGet(last.Name, out TomlEntry? entry))
        {
            throw Fail(last, $"already defined on line {entry.Position.Line}; expected every key once");
        }

        SkipWhitespace();
        table.Add(last.Name, last.Position, ParseValue(depth + parts.Count - 1));
        _path.RemoveRange(outer, _path.Count - outer);
    }

    private TomlTable DescendByDottedKey(TomlTable parent, KeyPart part)
    {
        if (!parent.TryGet(part.Name, out TomlEntry? entry))
        {
            TomlTable made = new(part.Position, TomlTableOrigin.Dotted);
            parent.Add(part.Name, part.Position, made);
            return made;
        }

        if (entry.Value is TomlTable { Origin: TomlTableOrigin.Dotted or TomlTableOrigin.Implicit } table)
        {
            table.Origin = TomlTableOrigin.Dotted;
            return table;
        }

        string what = entry.Value is TomlTable { Origin: TomlTableOrigin.Inline } ? "an inline table" : entry.Value.TypeName;
        throw Fail(part, $"already defined on line {entry.Position.Line} as {what}; a dotted key cannot add to it");
    }

    private bool Next(char expected)
    {
        if (_at < _text.Length && _text[_at] == expected)
        {
            _at++;
            return true;
        }

        return false;
    }

    private void SkipWhitespace()
    {
        while (_at < _text.Length && _text[_at] is ' ' or '\t')
        {
            _at++;
        }
    }

    private void SkipNewline()
    {
        if (_text[_at] == '\r')
        {
            if (_at + 1 == _text.Length || _text[_at + 1] != '\n')
            {
                throw Fail(_at, "a carriage return stands alone; expected a line to end in LF or CR LF");
            }

            _at++;
        }

        _at++;
    }

    private void SkipComment()
    {
        while (_at < _text.Length && _text[_at] is not ('\n' or '\r'))
        {
            if (IsForbiddenControl(_text[_at]))
            {
                throw Fail(_at, $"a comment holds the control character {TomlText.Found(_text, _at)}; expected text and tabs");
            }

            _at++;
        }
    }

    private void SkipWhitespaceCommentsNewlines()
    {
        while (true)
        {
            SkipWhitespace();
            if (_at == _text.Length)
            {
                return;
            }

            switch (_text[_at])
            {
                case '\n' or '\r':
                    SkipNewline();
                    break;
                case '#':
                    SkipComment();
                    break;
                default:
                    return;
            }
        }
    }

    private static bool IsForbiddenControl(char c) => (c < ' ' && c != '\t') || c == '\x7F';

    private TomlPosition PositionOf(int offset)
    {
        if (offset < _countedTo)
        {
            (_countedTo, _line, _column) = (0, 1, 1);
        }

        for (; _countedTo < offset; _countedTo++)
        {
            char c = _text[_countedTo];
            (_line, _column) = c == '\n' ? (_line + 1, 1) : (_line, char.IsLowSurrogate(c) ? _column : _column + 1);
        }

        return new TomlPosition(_line, _column);
    }

    private TomlException Fail(int offset, string detail) => Fail(PositionOf(offset), detail);

    private TomlException Fail(KeyPart part, string detail) => Fail(part.Position, detail);

    private TomlException Fail(TomlPosition position, string detail) =>
        new(position, string.Join('.', _path.Select(TomlText.Key)), detail);

    private readonly record struct KeyPart(string Name, TomlPosition Position);
}
