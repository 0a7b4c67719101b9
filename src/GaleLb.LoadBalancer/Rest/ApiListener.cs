using System.Net;
using GaleLb.Rpc.Security;

namespace GaleLb.LoadBalancer.Rest;

/// <summary>One address of the REST port.</summary>
/// <param name="EndPoint">Where it listens.</param>
/// <param name="Tls">Null: plaintext.</param>
internal sealed record ApiListener(IPEndPoint EndPoint, TlsIdentity? Tls)
{
    /// <summary>TLS where there are certificates, but on loopback never (docs/decisions/0010).</summary>
    public static ApiListener Of(IPEndPoint endpoint, TlsIdentity? tls) => new(endpoint, IPAddress.IsLoopback(endpoint.Address) ? null : tls);
}
