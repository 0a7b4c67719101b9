using System.Collections.Immutable;

namespace GaleLb.Architecture.Tests.Purity;

/// <summary>One thing that a pure project must not do, and how to recognize it.</summary>
internal sealed record PurityRule(string Name, Func<ApiUse, bool> Bans)
{
    private static readonly string[] Unordered =
    [
        "System.Collections.Generic.Dictionary`2", "System.Collections.Generic.HashSet`1", "System.Collections.Hashtable",
        "System.Collections.Concurrent.ConcurrentDictionary`2", "System.Collections.Concurrent.ConcurrentBag`1",
        "System.Collections.Immutable.ImmutableDictionary`2", "System.Collections.Immutable.ImmutableHashSet`1",
        "System.Collections.Frozen.FrozenDictionary`2", "System.Collections.Frozen.FrozenSet`1",
    ];

    private static readonly string[] Enumerating =
        ["GetEnumerator", "get_Keys", "get_Values", "get_Items", "CopyTo", "RemoveWhere", "EnsureOrder", "get_UnorderedItems"];

    public static readonly PurityRule Clock = new("clock", use =>
        use.Type is "System.Diagnostics.Stopwatch" or "System.TimeProvider"
        || (use.Type is "System.DateTime" or "System.DateTimeOffset" && use.Member is "get_Now" or "get_UtcNow" or "get_Today")
        || (use.Type == "System.Environment" && use.Member is "get_TickCount" or "get_TickCount64"));

    public static readonly PurityRule Randomness = new("randomness", use =>
        use.Type is "System.Random" or "System.Security.Cryptography.RandomNumberGenerator"
        || (use.Type == "System.Guid" && use.Member is "NewGuid" or "CreateVersion7"));

    // A string's hash code differs from process to process; it may only serve a GetHashCode, never a result.
    public static readonly PurityRule ProcessHash = new("hash code of this process", use =>
        use.InMethod != "GetHashCode"
        && (use.Type == "System.HashCode" || (use.Type is "System.String" or "System.Object" && use.Member == "GetHashCode")));

    // Volatile publishes an immutable state to readers; it decides nothing.
    public static readonly PurityRule Concurrency = new("task, thread or lock", use =>
        use.Type.StartsWith("System.Threading.", StringComparison.Ordinal) && use.Type != "System.Threading.Volatile");

    public static readonly PurityRule Outside = new("file, socket, console, process or environment", use =>
        use.Type.StartsWith("System.Net.Sockets.", StringComparison.Ordinal)
        || use.Type.StartsWith("System.Net.Http.", StringComparison.Ordinal)
        || use.Type.StartsWith("Microsoft.", StringComparison.Ordinal)
        || use.Type is "System.Console" or "System.Diagnostics.Process" or "System.Diagnostics.Trace"
            or "System.IO.File" or "System.IO.FileInfo" or "System.IO.FileStream" or "System.IO.Directory" or "System.IO.DirectoryInfo"
            or "System.IO.RandomAccess" or "System.Net.Dns"
        || (use.Type == "System.Environment"
            // The iterators that the compiler writes ask for the thread they were made on.
            && use.Member is not ("get_TickCount" or "get_TickCount64" or "get_CurrentManagedThreadId")));

    public static readonly PurityRule Culture = new("culture", use =>
        (use.Type == "System.Globalization.CultureInfo" && use.Member is "get_CurrentCulture" or "get_CurrentUICulture")
        || (use.Type == "System.StringComparer" && use.Member.StartsWith("get_CurrentCulture", StringComparison.Ordinal))
        || (use.Type == "System.String" && use.Member is "ToUpper" or "ToLower" or "CompareTo"));

    // The last case is LINQ over a dictionary, of which the call itself shows only that its elements are pairs.
    public static readonly PurityRule UnorderedEnumeration = new("enumeration without an order", use =>
        (Unordered.Contains(use.Type) && Enumerating.Contains(use.Member))
        || (use.Type == "System.Collections.Generic.PriorityQueue`2" && use.Member == "get_UnorderedItems")
        || (use.Type == "System.Linq.Enumerable"
            && use.TypeArguments.FirstOrDefault("").StartsWith("System.Collections.Generic.KeyValuePair`2", StringComparison.Ordinal)
            && use.Mentions.Overlaps(Unordered)));

    public static readonly PurityRule FloatingPoint = new("floating point", use =>
        use.Type is AssemblyScanner.FloatingPoint or "System.Single" or "System.Half" or "System.MathF");

    public static readonly ImmutableArray<PurityRule> ForBoth =
        [Clock, Randomness, ProcessHash, Concurrency, Outside, Culture, UnorderedEnumeration];

    public static readonly ImmutableArray<PurityRule> ForState = [.. ForBoth, FloatingPoint];

    public override string ToString() => Name;
}
