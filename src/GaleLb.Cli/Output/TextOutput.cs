namespace GaleLb.Cli.Output;

/// <summary>Where answers go; colours only where a person looks on.</summary>
internal sealed class TextOutput
{
    private readonly TextWriter _writer;
    private readonly bool _hasColours;

    public TextOutput(TextWriter writer, bool hasColours)
    {
        _writer = writer;
        _hasColours = hasColours;
    }

    public void Write(string text, Tone tone = Tone.Plain)
    {
        string? colour = tone switch
        {
            Tone.Good => "32",
            Tone.Attention => "33",
            Tone.Bad => "31",
            Tone.Faint => "2",
            _ => null,
        };
        string safe = WithoutControls(text);
        _writer.Write(_hasColours && colour is not null && text.Length > 0 ? $"\e[{colour}m{safe}\e[0m" : safe);
    }

    public void WriteLine(string text = "", Tone tone = Tone.Plain)
    {
        Write(text, tone);
        _writer.Write('\n');
    }

    /// <summary>Sends what a terminal understands as an order; nothing without one.</summary>
    public void Control(string sequence)
    {
        if (_hasColours)
        {
            _writer.Write(sequence);
        }
    }

    public void Flush() => _writer.Flush();

    /// <summary>Names and reasons come from nodes; they must not steer the operator's terminal.</summary>
    private static string WithoutControls(string text) =>
        text.Any(c => char.IsControl(c) && c != '\n')
            ? string.Concat(text.Select(c => char.IsControl(c) && c != '\n' ? '\uFFFD' : c))
            : text;
}
