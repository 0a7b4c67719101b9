namespace GaleLb.Configuration.Schema;

/// <summary>A table of the file with the keys it may hold.</summary>
/// <param name="Name">Dotted for a table within a table.</param>
/// <param name="Repeated">True for <c>[[name]]</c>.</param>
/// <param name="Description">One or two sentences for the reference.</param>
public sealed record ConfigurationSection(string Name, bool Repeated, string Description, IReadOnlyList<ConfigurationKey> Keys)
{
    /// <summary>The header as it is written in a file.</summary>
    public string Header => Repeated ? $"[[{Name}]]" : $"[{Name}]";
}
