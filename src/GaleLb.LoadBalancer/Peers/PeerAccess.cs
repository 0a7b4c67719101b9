using System.Net;
using GaleLb.LoadBalancer.Hosting;
using GaleLb.Raft;
using GaleLb.Rpc;
using GaleLb.Rpc.Server;

namespace GaleLb.LoadBalancer.Peers;

/// <summary>Who may call the replica port: with mTLS who shows a certificate, otherwise listed and member addresses alone.</summary>
internal sealed class PeerAccess(ReplicaIdentity identity, Func<Membership> membership, bool mutualTls, Refusals refusals)
{
    public RpcStatus Judge(RpcServerContext context)
    {
        if (mutualTls)
            return RpcStatus.Ok;
        IPAddress caller = CallerAddress.Normalize(context.RemoteEndPoint.Address)!;
        if (identity.Peers.Any(p => Is(p, caller)) || membership().Members.Any(m => Is(m.Address, caller)))
            return RpcStatus.Ok;
        string words = $"{caller} is neither listed in load_balancer_quorum.addresses nor a member";
        refusals.Add(ListenerKind.Peer, RefusalReason.Address, caller, words);
        return new RpcStatus(StatusCode.PermissionDenied, words);
    }

    private static bool Is(string endpoint, IPAddress address) => IPEndPoint.Parse(endpoint).Address.Equals(address);
}
