using System.Collections.Immutable;
using GaleLb.Raft;
using GaleLb.State.Blocks;
using GaleLb.State.Commands;
using GaleLb.State.Events;
using GaleLb.State.Nodes;
using GaleLb.State.Services;
using GaleLb.State.Settings;

namespace GaleLb.State;

/// <summary>
/// Everything that the log has decided up to <see cref="AppliedIndex"/>. Immutable, so that a capture is a reference;
/// each change shares what it did not touch and costs O(log n). Collections are in ordinal order of their keys.
/// </summary>
public sealed record ClusterState
{
    /// <summary>
    /// What this program can apply: 1 is the first version, 2 takes orders about members into the history.
    /// </summary>
    public const uint StateVersionMax = 2;
    public const int EventsMax = 10_000;
    public const int AnswersMax = 10_000;

    public static readonly ClusterState Empty = new();

    public LogIndex AppliedIndex { get; init; }
    public LogTime LogTime { get; init; }

    /// <summary>Which rules apply; only an entry raises it.</summary>
    public uint StateVersion { get; init; } = 1;

    /// <summary><see cref="ClusterId.None"/> until the cluster is founded.</summary>
    public ClusterId ClusterId { get; init; }
    public ulong HashSeed { get; init; }
    public NodeHealthSettings NodeHealth { get; init; } = new();

    /// <summary>What every replica's file is compared with.</summary>
    public ClusterSettings Baseline { get; init; } = new(new NodeHealthSettings(), []);
    public StagedSettings? Staged { get; init; }

    /// <summary>The ETag of the settings.</summary>
    public LogIndex SettingsLastChange { get; init; }

    public ImmutableSortedDictionary<string, ServiceRecord> Services { get; init; } =
        ImmutableSortedDictionary.Create<string, ServiceRecord>(StringComparer.Ordinal);

    public ImmutableSortedDictionary<string, NodeRecord> Nodes { get; init; } =
        ImmutableSortedDictionary.Create<string, NodeRecord>(StringComparer.Ordinal);

    /// <summary>By address; no address is both here and some node's.</summary>
    public ImmutableSortedDictionary<IpKey, RetiredPlace> Retired { get; init; } =
        ImmutableSortedDictionary<IpKey, RetiredPlace>.Empty;

    public ImmutableSortedDictionary<string, BlacklistEntry> Blacklist { get; init; } =
        ImmutableSortedDictionary.Create<string, BlacklistEntry>(StringComparer.Ordinal);

    public ImmutableSortedDictionary<ClientPrefix, BlockRecord> Blocks { get; init; } =
        ImmutableSortedDictionary<ClientPrefix, BlockRecord>.Empty;

    /// <summary>The last <see cref="EventsMax"/>, oldest first.</summary>
    public ImmutableList<StateEvent> Events { get; init; } = [];

    /// <summary>Automatic ejections of the last checks_timeout, for max_eject_share.</summary>
    public ImmutableSortedSet<Ejection> Ejections { get; init; } = [];

    /// <summary>Which node holds an address. Derived from <see cref="Nodes"/>.</summary>
    public ImmutableSortedDictionary<IpKey, string> AddressHolders { get; init; } =
        ImmutableSortedDictionary<IpKey, string>.Empty;

    /// <summary>Derived from <see cref="Nodes"/>.</summary>
    public NodeTally Tally { get; init; }

    /// <summary>The rings in use by their input. Derived from <see cref="Services"/>.</summary>
    public ImmutableSortedDictionary<RingInput, RingUse> Rings { get; init; } =
        ImmutableSortedDictionary<RingInput, RingUse>.Empty;

    /// <summary>What was answered to an order of this idempotency key; null when none is remembered.</summary>
    public CommandAnswer? AnswerTo(string idempotencyKey) => Answers.GetValueOrDefault(idempotencyKey)?.Answer;

    /// <summary>What orders under an idempotency key were answered, the last <see cref="AnswersMax"/>.</summary>
    internal ImmutableSortedDictionary<string, RememberedAnswer> Answers { get; init; } =
        ImmutableSortedDictionary.Create<string, RememberedAnswer>(StringComparer.Ordinal);

    /// <summary>The keys of <see cref="Answers"/>, oldest first.</summary>
    internal ImmutableList<string> AnswerKeys { get; init; } = [];

    /// <summary>Every node index below was given once; 0 is never given.</summary>
    internal ushort NodeIndexNext { get; init; } = 1;

    /// <summary>Indexes that came back, longest free first.</summary>
    internal ImmutableList<ushort> NodeIndexesFree { get; init; } = [];
    internal uint GenerationNext { get; init; } = 1;

    public bool IsFounded => !ClusterId.IsNone;

    public NodeRecord? FindNode(string name) => Nodes.GetValueOrDefault(name);

    /// <summary>The events of later entries than <paramref name="index"/>, oldest first.</summary>
    public IEnumerable<StateEvent> EventsAfter(LogIndex index)
    {
        // Events are in order of their indexes, so the first one is found by halving.
        int low = 0;
        int high = Events.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (Events[middle].Index > index)
                high = middle;
            else
                low = middle + 1;
        }

        for (int i = low; i < Events.Count; i++)
            yield return Events[i];
    }

    /// <summary>
    /// False when some of the events after <paramref name="index"/> may have been dropped for newer ones: of the oldest entry
    /// that still has some, others may be gone.
    /// </summary>
    public bool HasAllEventsAfter(LogIndex index) => Events.Count < EventsMax || index >= Events[0].Index;

    public ServiceRecord? FindService(string name) => Services.GetValueOrDefault(name);
}
