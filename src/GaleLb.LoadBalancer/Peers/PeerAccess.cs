using System.Collections.Concurrent;
using System.Net;
using GaleLb.LoadBalancer.Hosting;
using GaleLb.Raft;
using GaleLb.Rpc;
using GaleLb.Rpc.Server;

namespace GaleLb.LoadBalancer.Peers;

/// <summary>Who may call the replica port: with mTLS who shows a certificate, otherwise listed and member addresses alone.</summary>
internal sealed class PeerAccess(ReplicaIdentity identity, Func<Membership> membership, bool mutualTls, ILogger<PeerAccess> log)
{
    private readonly ConcurrentDictionary<IPAddress, bool> _reported = new();

    public RpcStatus Judge(RpcServerContext context)
    {
        if (mutualTls)
            return RpcStatus.Ok;
        IPAddress caller = CallerAddress.Normalize(context.RemoteEndPoint.Address)!;
        if (identity.Peers.Any(p => Is(p, caller)) || membership().Members.Any(m => Is(m.Address, caller)))
            return RpcStatus.Ok;
        // Once an address: a refused caller calls again and again.
        if (_reported.Count < 1000 && _reported.TryAdd(caller, true))
            log.LogWarning("A call of {Caller} to the replica port is refused: it is neither listed nor a member", caller);
        return new RpcStatus(StatusCode.PermissionDenied, $"{caller} is neither listed in load_balancer_quorum.addresses nor a member");
    }

    private static bool Is(string endpoint, IPAddress address) => IPEndPoint.Parse(endpoint).Address.Equals(address);
}
