namespace GaleLb.Rpc.Client;

/// <summary>What one call brings along.</summary>
/// <param name="Timeout">The call ends with DEADLINE_EXCEEDED after it, on both sides; null: never.</param>
/// <param name="Metadata">Sent as headers.</param>
/// <param name="CancellationToken">Ends the call with CANCELLED.</param>
public readonly record struct RpcCallOptions(TimeSpan? Timeout = null, RpcMetadata? Metadata = null, CancellationToken CancellationToken = default);
