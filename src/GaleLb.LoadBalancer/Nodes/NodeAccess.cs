using System.Collections.Immutable;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using GaleLb.LoadBalancer.Hosting;
using GaleLb.Rpc;
using GaleLb.Rpc.Server;

namespace GaleLb.LoadBalancer.Nodes;

/// <summary>Who may call the node port: the networks allowed, and the token where one is set. With mTLS the certificate decides.</summary>
internal sealed class NodeAccess(ImmutableArray<IPNetwork> allowed, string? token, bool mutualTls, Refusals refusals)
{
    /// <summary>A heartbeat names up to 512 services of 63 characters, twice.</summary>
    public const int MessageBytesMax = 128 << 10;

    public const string TokenHeader = "authorization";

    private readonly byte[]? _expected = token is null ? null : Encoding.UTF8.GetBytes("Bearer " + token);

    public RpcStatus Judge(RpcServerContext context)
    {
        IPAddress caller = CallerAddress.Normalize(context.RemoteEndPoint.Address)!;
        if (!mutualTls && !allowed.Any(network => network.Contains(caller)))
            return Refuse(caller, RefusalReason.Address, StatusCode.PermissionDenied, $"{caller} is in none of the allowed networks ({string.Join(", ", allowed)}); [security] allowed_nodes names them");
        if (_expected is null)
            return RpcStatus.Ok;
        byte[] shown = Encoding.UTF8.GetBytes(context.RequestMetadata.GetValue(TokenHeader) ?? "");
        return CryptographicOperations.FixedTimeEquals(shown, _expected)
            ? RpcStatus.Ok
            : Refuse(caller, RefusalReason.Token, StatusCode.Unauthenticated, $"the metadata {TokenHeader} with the node token expected");
    }

    private RpcStatus Refuse(IPAddress caller, RefusalReason reason, StatusCode code, string words)
    {
        refusals.Add(ListenerKind.Node, reason, caller, words);
        return new RpcStatus(code, words);
    }
}
