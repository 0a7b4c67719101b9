using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using GaleLb.State.Events;

namespace GaleLb.LoadBalancer.Rest;

// The documents of the REST API, as clients see them: snake_case, times in milliseconds, ids as text.

/// <summary>
/// What every answer has besides: which state it shows, the digest of the forwarding table of just that state, and for how long at most
/// that has been out of date. Part of a longer answer has none of its own.
/// </summary>
internal abstract record AnswerDocument
{
    [JsonPropertyOrder(-3), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ulong? AppliedIndex { get; init; }

    [JsonPropertyOrder(-2), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? TableDigest { get; init; }

    [JsonPropertyOrder(-1), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? AgeMs { get; init; }
}

internal sealed record StatusDocument(
    ReplicaDocument Replica, RaftDocument Raft, NodeCountsDocument Nodes, DataPlaneDocument DataPlane, string? Waiting,
    IReadOnlyList<string> Warnings) : AnswerDocument;

internal sealed record ReplicaDocument(string Id, string Address, string ClusterId, string Version, long UptimeMs);

internal sealed record RaftDocument(
    string Role, ulong Term, string? Leader, string? LeaderAddress, ulong CommitIndex, ulong AppliedIndex, ulong LastIndex,
    ulong SnapshotIndex, bool LeaderContact, string Log);

internal sealed record NodeCountsDocument(int Total, int Routable, int Probing, int Draining, int Blacklisted, int Down, int Suspect);

internal sealed record DataPlaneDocument(
    bool Attached, string Mode, ulong AppliedIndex, string TableDigest, IReadOnlyList<InterfaceDocument> Interfaces,
    IReadOnlyList<string> UnresolvedNodes, string? Error);

internal sealed record InterfaceDocument(string Name, string Side, string Mode);

internal sealed record ClusterDocument(
    string ClusterId, string? Leader, ulong Term, IReadOnlyList<MemberDocument> Members, IReadOnlyList<StrangerDocument> Waiting,
    IReadOnlyList<StrangerDocument> Refused, string? Founding, bool DigestsAgree) : AnswerDocument;

internal sealed record MemberDocument(
    string Id, string Address, string Role, bool Vacant, bool Reachable, ulong? MatchIndex, string? ConfigDigest, ulong? AppliedIndex,
    string? TableDigest, string? ApiAddress, string? Version, IReadOnlyList<DifferenceDocument> Differences);

/// <summary>A replica that introduced itself and is no member: waiting for the operator, or refused, and why.</summary>
internal sealed record StrangerDocument(string Id, string Address, string Reason, IReadOnlyList<DifferenceDocument> Differences);

/// <param name="ComparedWith">"cluster", or "here": the file of the replica that answers, where it knows no better or is itself at fault.</param>
/// <param name="Cluster">The cluster's value, when that is what was compared.</param>
/// <param name="Here">The answering replica's own value, when that is what was compared.</param>
internal sealed record DifferenceDocument(string Key, string ComparedWith, string? Cluster, string? Here, string? Replica);

internal sealed record NodesDocument(IReadOnlyList<NodeDocument> Nodes) : AnswerDocument;

internal sealed record NodeDocument(
    string Id, string Address, int Port, string State, bool Suspect, int Weight, uint Passes, uint Fails, long? LastHeartbeatMsAgo,
    string? Replica, DateTimeOffset? BlacklistedUntil, long? BlacklistedMsLeft, string? Reason, IReadOnlyList<string> Services,
    bool Resolved, ulong Connections, ulong Packets, ulong Bytes, ulong Index) : AnswerDocument;

/// <summary>What a stream of nodes tells after the whole list: nodes that are new or changed, and the names of those that are gone.</summary>
internal sealed record NodeChangesDocument(IReadOnlyList<NodeDocument> Nodes, IReadOnlyList<string> Removed) : AnswerDocument;

internal sealed record BlacklistDocument(IReadOnlyList<BanDocument> Blacklist) : AnswerDocument;

internal sealed record BanDocument(string Id, string Node, string Reason, long MsLeft, DateTimeOffset? Until, ulong Index);

internal sealed record BlocksDocument(IReadOnlyList<BlockDocument> Blocks) : AnswerDocument;

/// <summary>Clients that get no service; without times: until unblocked. Packets and bytes are what this replica dropped.</summary>
internal sealed record BlockDocument(string Cidr, string Reason, long? MsLeft, DateTimeOffset? Until, ulong Packets, ulong Bytes, ulong Index);

internal sealed record ServicesDocument(IReadOnlyList<ServiceDocument> Services) : AnswerDocument;

internal sealed record ServiceDocument(
    string Name, IReadOnlyList<string> Addresses, int Port, string Protocol, string Forwarding, string Scheduler, string Hash,
    int TargetPort, int Nodes, ulong Index) : AnswerDocument;

internal sealed record RingDocument(string Service, int Slots, IReadOnlyList<RingShareDocument> Shares) : AnswerDocument;

internal sealed record RingShareDocument(string Node, int Slots, double Share);

/// <remarks>In a stream the index is that of the entry, and there is no digest and no age.</remarks>
internal sealed record EventsDocument(IReadOnlyList<EventDocument> Events) : AnswerDocument;

internal sealed record EventDocument(ulong Index, long LogTimeMs, DateTimeOffset? Time, string Kind, string Subject, string Origin, string Cause)
{
    public static EventDocument Of(StateEvent told) => new(
        told.Index.Value, told.LogTime.Milliseconds, told.WallTimeMs == 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(told.WallTimeMs),
        JsonNamingPolicy.SnakeCaseLower.ConvertName(told.Kind.ToString()), told.Subject, told.Origin, told.Cause);
}

/// <summary>
/// An order that was carried out. The lists are there when it waited: addresses of the members whose kernels forward by it,
/// of those not known to, and which of these could not be reached.
/// </summary>
internal sealed record OrderDocument(
    ulong Index, string Outcome, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Detail,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? AppliedOn,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Missing,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Unreachable);

/// <summary>What an order would change, tried on the state of the index that it names.</summary>
internal sealed record DryRunDocument(
    bool DryRun, string Outcome, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Detail,
    IReadOnlyList<ImpactDocument> Services) : AnswerDocument;

/// <summary>Slots of one service that would change hands; <paramref name="Share"/> is of all its slots.</summary>
internal sealed record ImpactDocument(
    string Service, int Slots, int Moved, double Share, IReadOnlyList<SlotMoveDocument> Moves, string Summary);

/// <summary>Null is no node: the ring is empty.</summary>
internal sealed record SlotMoveDocument(string? From, string? To, int Slots);

internal sealed record WeightRequest(int? Weight);

internal sealed record BanRequest(string? Node, string? Duration, string? Reason);

internal sealed record MemberRequest(string? Address, string? Role);

/// <param name="Baseline">The digest of <paramref name="Settings"/>, which is what the cluster goes by.</param>
/// <param name="Refusal">Why this replica's own file is not taken, and no new connection with it; null when it is.</param>
internal sealed record ConfigDocument(
    ulong Index, string Baseline, IReadOnlyDictionary<string, string> Settings, StagedDocument? Staged,
    IReadOnlyList<ConfigurationGroupDocument> Replicas, string? Refusal) : AnswerDocument;

internal sealed record StagedDocument(ulong Index, string Digest, IReadOnlyList<StagedDifferenceDocument> Differences);

internal sealed record StagedDifferenceDocument(string Key, string? Baseline, string? Staged);

/// <param name="Is">"baseline", "staged" or "other".</param>
internal sealed record ConfigurationGroupDocument(string Digest, string Is, IReadOnlyList<string> Replicas);

internal sealed record TransferRequest(string? To);

internal sealed record BlockRequest(string? Cidr, string? Duration, string? Reason);

internal sealed record ServiceRequest(
    string? Name, IReadOnlyList<string>? Addresses, int? Port, string? Protocol, string? Forwarding, string? Hash, int? TargetPort,
    string? Scheduler);

/// <param name="OldestIndex">With 410: from which index on it could be answered.</param>
internal sealed record ProblemDocument(string Type, string Title, int Status, string Detail,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Field,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ulong? OldestIndex);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    WriteIndented = false)]
[JsonSerializable(typeof(StatusDocument))]
[JsonSerializable(typeof(ClusterDocument))]
[JsonSerializable(typeof(NodesDocument))]
[JsonSerializable(typeof(NodeDocument))]
[JsonSerializable(typeof(NodeChangesDocument))]
[JsonSerializable(typeof(BlacklistDocument))]
[JsonSerializable(typeof(BlocksDocument))]
[JsonSerializable(typeof(ServicesDocument))]
[JsonSerializable(typeof(ServiceDocument))]
[JsonSerializable(typeof(RingDocument))]
[JsonSerializable(typeof(EventsDocument))]
[JsonSerializable(typeof(ConnectionsDocument))]
[JsonSerializable(typeof(ExplanationDocument))]
[JsonSerializable(typeof(PacketDocument))]
[JsonSerializable(typeof(TraceEndDocument))]
[JsonSerializable(typeof(StateDocument))]
[JsonSerializable(typeof(DifferencesDocument))]
[JsonSerializable(typeof(OrderDocument))]
[JsonSerializable(typeof(DryRunDocument))]
[JsonSerializable(typeof(WeightRequest))]
[JsonSerializable(typeof(BanRequest))]
[JsonSerializable(typeof(BlockRequest))]
[JsonSerializable(typeof(MemberRequest))]
[JsonSerializable(typeof(TransferRequest))]
[JsonSerializable(typeof(ServiceRequest))]
[JsonSerializable(typeof(ConfigDocument))]
[JsonSerializable(typeof(ProblemDocument))]
internal sealed partial class RestJson : JsonSerializerContext
{
    /// <summary>For answers: they are JSON documents and no part of a page, so that quotes stay readable.</summary>
    public static RestJson Answers { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
