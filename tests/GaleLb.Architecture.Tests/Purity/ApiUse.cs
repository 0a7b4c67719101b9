using System.Collections.Immutable;

namespace GaleLb.Architecture.Tests.Purity;

/// <summary>
/// One thing a method's body or signature mentions. <paramref name="Type"/> is the full name of the type concerned,
/// <paramref name="Member"/> the member called or read (empty where only the type is mentioned), and
/// <paramref name="TypeArguments"/> the types a generic method is called with.
/// </summary>
internal sealed record ApiUse(string InType, string InMethod, string Type, string Member, ImmutableArray<string> TypeArguments)
{
    /// <summary>All types that the method mentions anywhere.</summary>
    public ImmutableHashSet<string> Mentions { get; init; } = [];

    public override string ToString() => $"{InType}.{InMethod} uses {Type}{(Member.Length == 0 ? "" : "." + Member)}";
}
