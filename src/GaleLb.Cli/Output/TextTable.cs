using System.Globalization;

namespace GaleLb.Cli.Output;

/// <summary>A table of aligned columns under upper-case headings, as scripts and people read it.</summary>
internal sealed class TextTable
{
    private const string Gap = "   ";

    private readonly string[] _headings;
    private readonly bool[] _isNumeric;
    private readonly List<Cell[]> _rows = [];

    /// <param name="headings">A heading that begins with '#' marks a column of numbers, aligned to the right.</param>
    public TextTable(params string[] headings)
    {
        _headings = [.. headings.Select(h => h.TrimStart('#'))];
        _isNumeric = [.. headings.Select(h => h.StartsWith('#'))];
    }

    public void Add(params Cell[] cells)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(cells.Length, _headings.Length, nameof(cells));
        _rows.Add(cells);
    }

    public void Write(TextOutput output)
    {
        int[] widths =
        [
            .. Enumerable.Range(0, _headings.Length)
                .Select(i => _rows.Select(r => Width(r[i].Text)).Append(Width(_headings[i])).Max()),
        ];
        WriteRow(output, [.. _headings.Select(h => new Cell(h, Tone.Faint))], widths);
        foreach (Cell[] row in _rows)
        {
            WriteRow(output, row, widths);
        }
    }

    private void WriteRow(TextOutput output, Cell[] row, int[] widths)
    {
        for (int i = 0; i < row.Length; i++)
        {
            string padding = new(' ', widths[i] - Width(row[i].Text));
            bool isLast = i == row.Length - 1;
            output.Write(_isNumeric[i] ? padding : "");
            output.Write(row[i].Text, row[i].Tone);
            output.Write(_isNumeric[i] || isLast ? "" : padding);
            output.Write(isLast ? "\n" : Gap);
        }
    }

    /// <summary>Columns of a terminal, one for each character that people see.</summary>
    private static int Width(string text) => new StringInfo(text).LengthInTextElements;
}
