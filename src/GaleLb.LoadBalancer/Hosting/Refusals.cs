using System.Collections.Concurrent;
using System.Net;
using GaleLb.Rpc.Security;

namespace GaleLb.LoadBalancer.Hosting;

/// <summary>Why a caller was refused.</summary>
internal enum RefusalReason
{
    /// <summary>It calls from an address that may not.</summary>
    Address,

    /// <summary>It showed no token, or none that is known.</summary>
    Token,

    /// <summary>It may read, and wanted to change.</summary>
    Role,

    /// <summary>It showed no certificate, none that is believed, or one that does not name who it would have to be.</summary>
    Certificate,

    /// <summary>The TLS handshake was not completed.</summary>
    Handshake,
}

/// <summary>Every refusal on every port: counted each time, told once a caller. Thread-safe.</summary>
internal sealed class Refusals(ILogger<Refusals> log)
{
    /// <summary>Callers told of at most, so that forged ones fill neither the log nor the memory.</summary>
    public const int ToldMax = 10_000;

    private static readonly int Reasons = Enum.GetValues<RefusalReason>().Length;

    private readonly long[] _counts = new long[Enum.GetValues<ListenerKind>().Length * Reasons];
    private readonly ConcurrentDictionary<(ListenerKind Port, IPAddress Caller), bool> _told = new();

    /// <summary>Counts one; <paramref name="words"/> says why, and never holds a secret.</summary>
    public void Add(ListenerKind port, RefusalReason reason, IPAddress? caller, string words)
    {
        Interlocked.Increment(ref _counts[Place(port, reason)]);
        (ListenerKind, IPAddress) key = (port, CallerAddress.Normalize(caller) ?? IPAddress.None);
        // Once a caller: a refused one calls again and again.
        if (!_told.ContainsKey(key) && _told.Count < ToldMax && _told.TryAdd(key, true))
            log.LogWarning("A call of {Caller} to the {Port} port is refused: {Reason}", key.Item2, Name(port), words);
    }

    /// <summary>For a port with TLS: takes the callers that got no further than its handshake.</summary>
    public Action<IPEndPoint?, TlsRefusal> OfHandshakes(ListenerKind port) => (caller, refusal) =>
    {
        if (refusal == TlsRefusal.Certificate)
            Add(port, RefusalReason.Certificate, caller?.Address, "it shows no certificate that the [security] ca vouches for");
        else
            Add(port, RefusalReason.Handshake, caller?.Address, "the TLS handshake was not completed");
    };

    public ulong Count(ListenerKind port, RefusalReason reason) => (ulong)Interlocked.Read(ref _counts[Place(port, reason)]);

    /// <summary>A port's name for people and metrics.</summary>
    public static string Name(ListenerKind port) => port switch
    {
        ListenerKind.Api => "rest",
        ListenerKind.Peer => "peer",
        _ => "node",
    };

    private static int Place(ListenerKind port, RefusalReason reason) => (int)port * Reasons + (int)reason;
}
