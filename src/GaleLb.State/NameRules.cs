using System.Buffers;

namespace GaleLb.State;

/// <summary>What a name may look like. The methods return null for a good one, else what is wrong, for people.</summary>
public static class NameRules
{
    public const int NodeNameMax = 253;
    public const int ServiceNameMax = 63;
    public const int TextMax = 1024;

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

    public static string? CheckNode(string name) => Check("node", name, NodeNameMax);

    public static string? CheckService(string name) => Check("service", name, ServiceNameMax);

    private static string? Check(string what, string name, int lengthMax)
    {
        if (name.Length is 0 || name.Length > lengthMax)
            return $"a {what} name has 1 to {lengthMax} characters; this one has {name.Length}";
        int bad = name.AsSpan().IndexOfAnyExcept(Allowed);
        return bad < 0 ? null : $"a {what} name consists of a-z, A-Z, 0-9, '.', '_' and '-'; '{name}' has another character at {bad}";
    }
}
