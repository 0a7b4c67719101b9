namespace GaleLb.Cli.Output;

/// <summary>Says how good or bad a value is; a terminal shows it as a colour.</summary>
internal enum Tone
{
    Plain,
    Good,
    Attention,
    Bad,
    Faint,
}

/// <summary>A value of a table, on one line.</summary>
internal readonly record struct Cell(string Text, Tone Tone = Tone.Plain)
{
    public static implicit operator Cell(string text) => new(text);

    public static Cell FromString(string text) => new(text);
}
