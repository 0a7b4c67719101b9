namespace GaleLb.Cli.Commands;

/// <summary>Writes the query of a path.</summary>
internal static class QueryText
{
    /// <summary>"?key=value&amp;…" of those that have a value; empty when none has.</summary>
    public static string Of(params ReadOnlySpan<(string Key, string? Value)> parts)
    {
        List<string> texts = [];
        foreach ((string key, string? value) in parts)
        {
            if (value is not null)
            {
                texts.Add($"{key}={Uri.EscapeDataString(value)}");
            }
        }

        return texts.Count == 0 ? "" : "?" + string.Join('&', texts);
    }
}
