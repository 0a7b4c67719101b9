using System.Diagnostics.CodeAnalysis;

namespace GaleLb.Cli.Api;

/// <summary>Where replicas answer: <c>--api</c>, else <c>GALECTL_API</c>, else this machine.</summary>
internal static class ApiAddresses
{
    public const string Variable = "GALECTL_API";
    public const string Default = "http://127.0.0.1:5555";

    private static readonly char[] Separators = [',', ' '];

    /// <summary>Reads addresses; each text may hold several, divided by commas or blanks.</summary>
    public static bool TryParse(IEnumerable<string> texts, [NotNullWhen(true)] out IReadOnlyList<Uri>? addresses, out string error)
    {
        List<Uri> found = [];
        addresses = null;
        foreach (string text in texts.SelectMany(t => t.Split(Separators, StringSplitOptions.RemoveEmptyEntries)))
        {
            string url = text.Contains("://", StringComparison.Ordinal) ? text : "http://" + text;
            if (!Uri.TryCreate(url, UriKind.Absolute, out Uri? address)
                || address.Scheme is not ("http" or "https")
                || address.PathAndQuery != "/"
                || address.Host.Length == 0)
            {
                error = $"\"{text}\" is not the address of a replica's API; expected one as \"{Default}\"";
                return false;
            }

            if (!found.Contains(address))
            {
                found.Add(address);
            }
        }

        error = found.Count == 0 ? $"no API address is given; expected one as \"{Default}\"" : "";
        addresses = found.Count == 0 ? null : found;
        return found.Count > 0;
    }
}
