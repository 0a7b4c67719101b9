using System.Text.Json.Serialization;

namespace GaleLb.Cli.Api;

// The REST API's documents as far as galectl shows them. What it does not know it skips, and what is absent has a default,
// so that a galectl of another version still works; -o json shows an answer whole. Setters rather than init, because generated
// readers set every init property, and so lose the defaults of absent ones.

internal sealed record StatusDocument
{
    public ReplicaDocument Replica { get; set; } = new();
    public RaftDocument Raft { get; set; } = new();
    public NodeCountsDocument Nodes { get; set; } = new();
    public DataPlaneDocument DataPlane { get; set; } = new();
    public string? Waiting { get; set; }
    public IReadOnlyList<string> Warnings { get; set; } = [];
}

internal sealed record ReplicaDocument
{
    public string Id { get; set; } = "";
    public string Address { get; set; } = "";
    public string ClusterId { get; set; } = "";
    public string Version { get; set; } = "";
    public long UptimeMs { get; set; }
}

internal sealed record RaftDocument
{
    public string Role { get; set; } = "";
    public ulong Term { get; set; }
    public string? Leader { get; set; }
    public string? LeaderAddress { get; set; }
    public ulong CommitIndex { get; set; }
    public ulong AppliedIndex { get; set; }
    public bool LeaderContact { get; set; } = true;

    /// <summary>Empty when the replica's version does not say.</summary>
    public string Log { get; set; } = "";
}

internal sealed record NodeCountsDocument
{
    public int Total { get; set; }
    public int Routable { get; set; }
    public int Probing { get; set; }
    public int Draining { get; set; }
    public int Blacklisted { get; set; }
    public int Down { get; set; }
    public int Suspect { get; set; }
}

internal sealed record DataPlaneDocument
{
    public bool Attached { get; set; }
    public string Mode { get; set; } = "";
    public ulong AppliedIndex { get; set; }
    public string TableDigest { get; set; } = "";
    public IReadOnlyList<InterfaceDocument> Interfaces { get; set; } = [];
    public IReadOnlyList<string> UnresolvedNodes { get; set; } = [];
    public string? Error { get; set; }
}

internal sealed record InterfaceDocument
{
    public string Name { get; set; } = "";
    public string Side { get; set; } = "";
    public string Mode { get; set; } = "";
}

internal sealed record ClusterDocument
{
    public string ClusterId { get; set; } = "";
    public string? Leader { get; set; }
    public ulong Term { get; set; }
    public IReadOnlyList<MemberDocument> Members { get; set; } = [];
    public IReadOnlyList<StrangerDocument> Waiting { get; set; } = [];
    public IReadOnlyList<StrangerDocument> Refused { get; set; } = [];
    public string? Founding { get; set; }
    public bool DigestsAgree { get; set; } = true;
}

internal sealed record MemberDocument
{
    public string Id { get; set; } = "";
    public string Address { get; set; } = "";
    public string Role { get; set; } = "";
    public bool Vacant { get; set; }
    public bool Reachable { get; set; }
    public ulong? MatchIndex { get; set; }
    public string? ConfigDigest { get; set; }
    public ulong? AppliedIndex { get; set; }
    public string? TableDigest { get; set; }
    public string? ApiAddress { get; set; }
    public string? Version { get; set; }
    public IReadOnlyList<DifferenceDocument> Differences { get; set; } = [];
}

internal sealed record StrangerDocument
{
    public string Id { get; set; } = "";
    public string Address { get; set; } = "";
    public string Reason { get; set; } = "";
    public IReadOnlyList<DifferenceDocument> Differences { get; set; } = [];
}

internal sealed record DifferenceDocument
{
    public string Key { get; set; } = "";
    /// <summary>"cluster" or "here"; the first release said nothing of it.</summary>
    public string ComparedWith { get; set; } = "cluster";
    public string? Cluster { get; set; }
    public string? Here { get; set; }
    public string? Replica { get; set; }
}

internal sealed record NodesDocument
{
    public ulong AppliedIndex { get; set; }
    public string TableDigest { get; set; } = "";
    public long AgeMs { get; set; }
    public IReadOnlyList<NodeDocument> Nodes { get; set; } = [];
}

internal sealed record NodeDocument
{
    public string Id { get; set; } = "";
    public string Address { get; set; } = "";
    public int Port { get; set; }
    public string State { get; set; } = "";
    public bool Suspect { get; set; }
    public int Weight { get; set; }
    public uint Passes { get; set; }
    public uint Fails { get; set; }
    public long? LastHeartbeatMsAgo { get; set; }
    public string? Replica { get; set; }
    public DateTimeOffset? BlacklistedUntil { get; set; }
    public long? BlacklistedMsLeft { get; set; }
    public string? Reason { get; set; }
    public IReadOnlyList<string> Services { get; set; } = [];
    public bool Resolved { get; set; } = true;
    public ulong Connections { get; set; }
    public ulong Packets { get; set; }
    public ulong Bytes { get; set; }
    public ulong Index { get; set; }
}

internal sealed record BlacklistDocument
{
    public ulong AppliedIndex { get; set; }
    public IReadOnlyList<BanDocument> Blacklist { get; set; } = [];
}

internal sealed record BanDocument
{
    public string Id { get; set; } = "";
    public string Node { get; set; } = "";
    public string Reason { get; set; } = "";
    public long MsLeft { get; set; }
    public DateTimeOffset? Until { get; set; }
}

internal sealed record ConfigDocument
{
    public ulong Index { get; set; }
    public IReadOnlyDictionary<string, string> Settings { get; set; } = new Dictionary<string, string>();
    public StagedDocument? Staged { get; set; }
    public IReadOnlyList<ConfigurationGroupDocument> Replicas { get; set; } = [];
    public string? Refusal { get; set; }
}

internal sealed record StagedDocument
{
    public ulong Index { get; set; }
    public IReadOnlyList<StagedDifferenceDocument> Differences { get; set; } = [];
}

internal sealed record StagedDifferenceDocument
{
    public string Key { get; set; } = "";
    public string? Staged { get; set; }
}

internal sealed record ConfigurationGroupDocument
{
    public string Digest { get; set; } = "";
    public string Is { get; set; } = "";
    public IReadOnlyList<string> Replicas { get; set; } = [];
}

internal sealed record ServicesDocument
{
    public ulong AppliedIndex { get; set; }
    public IReadOnlyList<ServiceDocument> Services { get; set; } = [];
}

internal sealed record ServiceDocument
{
    public string Name { get; set; } = "";
    public IReadOnlyList<string> Addresses { get; set; } = [];
    public int Port { get; set; }
    public string Protocol { get; set; } = "";
    public string Forwarding { get; set; } = "";
    public string Scheduler { get; set; } = "";
    public string Hash { get; set; } = "";
    public int TargetPort { get; set; }
    public int Nodes { get; set; }
    public ulong Index { get; set; }
}

internal sealed record RingDocument
{
    public string Service { get; set; } = "";
    public int Slots { get; set; }
    public ulong AppliedIndex { get; set; }
    public string TableDigest { get; set; } = "";
    public IReadOnlyList<RingShareDocument> Shares { get; set; } = [];
}

internal sealed record RingShareDocument
{
    public string Node { get; set; } = "";
    public int Slots { get; set; }
    public double Share { get; set; }
}

internal sealed record EventsDocument
{
    public ulong AppliedIndex { get; set; }
    public IReadOnlyList<EventDocument> Events { get; set; } = [];
}

internal sealed record EventDocument
{
    public ulong Index { get; set; }
    public long LogTimeMs { get; set; }
    public DateTimeOffset? Time { get; set; }
    public string Kind { get; set; } = "";
    public string Subject { get; set; } = "";
    public string Origin { get; set; } = "";
    public string Cause { get; set; } = "";
}

internal sealed record OrderDocument
{
    public ulong Index { get; set; }
    public string Outcome { get; set; } = "";
    public string? Detail { get; set; }
    public IReadOnlyList<string>? AppliedOn { get; set; }
    public IReadOnlyList<string>? Missing { get; set; }
}

internal sealed record DryRunDocument
{
    public bool DryRun { get; set; }
    public string? Detail { get; set; }
    public IReadOnlyList<ImpactDocument> Services { get; set; } = [];
}

internal sealed record ImpactDocument
{
    public string Summary { get; set; } = "";
}

internal sealed record DifferencesDocument
{
    public ulong From { get; set; }
    public ulong To { get; set; }
    public IReadOnlyList<FieldDifferenceDocument> Settings { get; set; } = [];
    public IReadOnlyList<ItemDifferenceDocument> Services { get; set; } = [];
    public IReadOnlyList<ItemDifferenceDocument> Nodes { get; set; } = [];
    public IReadOnlyList<ItemDifferenceDocument> Blacklist { get; set; } = [];
    public IReadOnlyList<ItemDifferenceDocument> Blocks { get; set; } = [];
    public IReadOnlyList<ImpactDocument> Slots { get; set; } = [];
}

internal sealed record FieldDifferenceDocument
{
    public string Field { get; set; } = "";
    public string? From { get; set; }
    public string? To { get; set; }
}

internal sealed record ItemDifferenceDocument
{
    public string Id { get; set; } = "";
    public string Change { get; set; } = "";
    public IReadOnlyList<FieldDifferenceDocument> Fields { get; set; } = [];
}

internal sealed record ProblemDocument
{
    public string? Title { get; set; }
    public int Status { get; set; }
    public string? Detail { get; set; }
    public string? Field { get; set; }
}

internal sealed record WeightRequest(int? Weight);

internal sealed record BanRequest(string Node, string? Duration, string? Reason);

internal sealed record MemberRequest(string Address, string? Role);

internal sealed record TransferRequest(string? To);

internal sealed record BlockRequest(string Cidr, string? Duration, string? Reason);

internal sealed record ServiceRequest(
    string Name, IReadOnlyList<string>? Addresses, int? Port, string? Protocol, string? Forwarding, string? Hash, int? TargetPort);

/// <summary>A packet of a trace.</summary>
internal sealed class PacketDocument
{
    public DateTimeOffset Time { get; set; }
    public string Side { get; set; } = "";
    public string Protocol { get; set; } = "";
    public string Source { get; set; } = "";
    public string Destination { get; set; } = "";
    public string? SentSource { get; set; }
    public string? SentDestination { get; set; }
    public uint Length { get; set; }
    public string? TcpFlags { get; set; }
    public string Verdict { get; set; } = "";
    public string Reason { get; set; } = "";
    public string? Answer { get; set; }
    public string? Service { get; set; }
    public string? Node { get; set; }
}

/// <summary>How a trace ended.</summary>
internal sealed class TraceEndDocument
{
    public int Packets { get; set; }
    public ulong Lost { get; set; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(StatusDocument))]
[JsonSerializable(typeof(ClusterDocument))]
[JsonSerializable(typeof(NodesDocument))]
[JsonSerializable(typeof(NodeDocument))]
[JsonSerializable(typeof(BlacklistDocument))]
[JsonSerializable(typeof(ServicesDocument))]
[JsonSerializable(typeof(ConfigDocument))]
[JsonSerializable(typeof(RingDocument))]
[JsonSerializable(typeof(EventsDocument))]
[JsonSerializable(typeof(PacketDocument))]
[JsonSerializable(typeof(TraceEndDocument))]
[JsonSerializable(typeof(OrderDocument))]
[JsonSerializable(typeof(DryRunDocument))]
[JsonSerializable(typeof(DifferencesDocument))]
[JsonSerializable(typeof(ProblemDocument))]
[JsonSerializable(typeof(BanRequest))]
[JsonSerializable(typeof(MemberRequest))]
[JsonSerializable(typeof(TransferRequest))]
[JsonSerializable(typeof(BlockRequest))]
[JsonSerializable(typeof(ServiceRequest))]
internal sealed partial class CliJson : JsonSerializerContext;

/// <summary>A null weight means what the node says, so it must be written.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(WeightRequest))]
internal sealed partial class CliJsonWithNulls : JsonSerializerContext;
