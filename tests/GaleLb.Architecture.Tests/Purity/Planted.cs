using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace GaleLb.Architecture.Tests.Purity;

/// <summary>Names the rule that a planted method breaks.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ViolatesAttribute(string rule) : Attribute
{
    public string Rule { get; } = rule;
}

/// <summary>Code that must not stand in a pure project, one violation a method, to show that the scanner sees each.</summary>
internal static class Planted
{
    private static readonly Dictionary<string, int> Counts = [];
    private static readonly HashSet<int> Members = [];
    private static readonly ImmutableDictionary<int, int> Shares = ImmutableDictionary<int, int>.Empty;

    [Violates("clock")]
    public static long ReadsUtcNow() => DateTime.UtcNow.Ticks;

    [Violates("clock")]
    public static long ReadsStopwatch() => Stopwatch.GetTimestamp();

    [Violates("clock")]
    public static long ReadsTickCount() => Environment.TickCount64;

    [Violates("clock")]
    public static long ReadsClockInLambda() => new Func<long>(() => DateTimeOffset.Now.Ticks)();

    [Violates("randomness")]
    public static int DrawsRandom() => Random.Shared.Next();

    [Violates("randomness")]
    public static Guid MakesGuid() => Guid.NewGuid();

    [Violates("randomness")]
    public static int DrawsSecurely() => RandomNumberGenerator.GetInt32(2);

    [Violates("hash code of this process")]
    public static int HashesText(object text) => text.GetHashCode();

    [Violates("hash code of this process")]
    public static int CombinesHashes(int left, int right) => HashCode.Combine(left, right);

    [Violates("task, thread or lock")]
    public static Task ReturnsTask() => Task.CompletedTask;

    [Violates("task, thread or lock")]
    public static void TakesLock()
    {
        lock (Members)
        {
            Members.Clear();
        }
    }

    [Violates("task, thread or lock")]
    public static void TakesToken(CancellationToken cancellation) => cancellation.ThrowIfCancellationRequested();

    [Violates("file, socket, console, process or environment")]
    public static bool AsksForFile() => File.Exists("state");

    [Violates("file, socket, console, process or environment")]
    public static void OpensSocket() => new Socket(SocketType.Dgram, ProtocolType.Udp).Dispose();

    [Violates("file, socket, console, process or environment")]
    public static void WritesToConsole() => Console.WriteLine();

    [Violates("file, socket, console, process or environment")]
    public static string NamesMachine() => Environment.MachineName;

    [Violates("culture")]
    public static CultureInfo AsksForCulture() => CultureInfo.CurrentCulture;

    [Violates("culture")]
    public static string LowersByCulture(string text) => text.ToLower();

    [Violates("enumeration without an order")]
    public static int SumsDictionary()
    {
        var sum = 0;
        foreach (var (_, count) in Counts)
        {
            sum = (31 * sum) + count;
        }

        return sum;
    }

    [Violates("enumeration without an order")]
    public static void VisitsKeys(List<string> into)
    {
        foreach (var key in Counts.Keys)
        {
            into.Add(key);
        }
    }

    [Violates("enumeration without an order")]
    public static void VisitsSet(List<int> into)
    {
        foreach (var member in Members)
        {
            into.Add(member);
        }
    }

    [Violates("enumeration without an order")]
    public static void VisitsImmutable(List<int> into)
    {
        foreach (var (share, _) in Shares)
        {
            into.Add(share);
        }
    }

    [Violates("enumeration without an order")]
    public static List<int> SelectsFromDictionary() => Counts.Select(pair => pair.Value).ToList();

    [Violates("floating point")]
    public static bool DividesAsDouble(int share, int total) => share > total * 0.5;

    [Violates("floating point")]
    public static float TakesFloat(float weight) => weight;
}
