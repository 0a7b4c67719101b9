namespace GaleLb.LoadBalancer.Rest;

// A state as the log decided it: log times, no wall times, and nothing of one replica alone. galectl is compiled with it, and so
// shows a state that it rebuilt from files as a replica shows its own.

/// <summary>
/// All that the log has decided up to an index. Events and the answers kept for idempotency keys are part of
/// <paramref name="StateDigest"/> only.
/// </summary>
/// <param name="StateDigest">SHA-256 of the state as a snapshot holds it: the same on every replica.</param>
/// <param name="NodeHealth">In force, by key.</param>
/// <param name="Baseline">What every replica's file is compared with, by key.</param>
/// <param name="Staged">The next baseline.</param>
/// <param name="Events">How many are kept; GET /api/v1/events tells them.</param>
internal sealed record StateDocument(
    ulong AppliedIndex, string StateDigest, string TableDigest, long LogTimeMs, uint StateVersion, string ClusterId, string HashSeed,
    ulong SettingsIndex, IReadOnlyDictionary<string, string> NodeHealth, IReadOnlyDictionary<string, string> Baseline,
    IReadOnlyDictionary<string, string>? Staged, IReadOnlyList<ServiceStateDocument> Services, IReadOnlyList<NodeStateDocument> Nodes,
    IReadOnlyList<RetiredPlaceDocument> RetiredPlaces, IReadOnlyList<BanStateDocument> Blacklist, IReadOnlyList<BlockStateDocument> Blocks,
    IReadOnlyList<EjectionDocument> Ejections, int Events);

/// <param name="Ids">Its rows in the forwarding table, in the order of its addresses.</param>
/// <param name="Ring">Null while no node is in it.</param>
internal sealed record ServiceStateDocument(
    string Name, IReadOnlyList<string> Addresses, int Port, string Protocol, string Forwarding, string Scheduler, string Hash, int TargetPort,
    IReadOnlyList<int> Ids, uint? Ring, int Nodes, ulong Index);

/// <param name="Address">Null, as its place in the kernel's maps is, after it was lost to another node.</param>
/// <param name="Services">Empty: all.</param>
internal sealed record NodeStateDocument(
    string Id, string Instance, string? Address, int? Place, uint? Generation, int Port, string State, string Phase, long PhaseSinceLogMs, string? Reason, bool Draining,
    long? SuspectSinceLogMs, int Weight, int? OrderedWeight, int Fails, bool FlowsRefused, IReadOnlyList<string> Services,
    IReadOnlyList<string> NotServing, ulong RegisteredIndex, ulong Index);

/// <summary>A place in the kernel's maps that its node gave up.</summary>
internal sealed record RetiredPlaceDocument(string Node, string Address, int Place, uint Generation, long SinceLogMs);

internal sealed record BanStateDocument(string Node, long SinceLogMs, long UntilLogMs, bool Ordered, string Reason, ulong Index);

internal sealed record BlockStateDocument(string Cidr, long? UntilLogMs, string Reason, ulong Index);

internal sealed record EjectionDocument(string Node, long AtLogMs);
