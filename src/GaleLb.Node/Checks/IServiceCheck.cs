using GaleLb.Node.Heartbeats;

namespace GaleLb.Node.Checks;

/// <summary>One look at the node's own service.</summary>
internal interface IServiceCheck
{
    /// <summary>Never throws but for the token: a check that cannot be made has failed, and the report says why.</summary>
    Task<ServiceReport> CheckAsync(CancellationToken cancellationToken);
}
