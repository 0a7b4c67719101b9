using System.Text;

namespace GaleLb.DataPlane;

/// <summary>Writes names of this code as those of metrics and JSON: <c>DropNoNodes</c> becomes <c>drop_no_nodes</c>.</summary>
internal static class SnakeCase
{
    public static string Of<T>(T value)
        where T : struct, Enum
    {
        string name = value.ToString();
        StringBuilder text = new(name.Length + 4);
        foreach (char c in name)
        {
            if (char.IsAsciiLetterUpper(c) && text.Length > 0) text.Append('_');
            text.Append(char.ToLowerInvariant(c));
        }

        return text.ToString();
    }
}
