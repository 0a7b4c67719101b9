using System.Net;
using GaleLb.LoadBalancer.Hosting;
using GaleLb.Raft;
using GaleLb.Rpc;
using GaleLb.Rpc.Server;

namespace GaleLb.LoadBalancer.Peers;

/// <summary>
/// Who may call the replica port: who has the address of a listed replica or of a member, proven by its certificate with mTLS and by where
/// the call comes from without. A node's certificate is of the same authority, so that the authority alone says nothing of what its owner is.
/// </summary>
internal sealed class PeerAccess(ReplicaIdentity identity, Func<Membership> membership, bool mutualTls, Refusals refusals)
{
    public RpcStatus Judge(RpcServerContext context)
    {
        if (identity.Peers.Any(p => IsOf(p, context)) || membership().Members.Any(m => IsOf(m.Address, context)))
            return RpcStatus.Ok;
        return Refuse(context, $"{Shown(context)} is neither listed in load_balancer_quorum.addresses nor a member").Status;
    }

    /// <summary>Whether the caller is the replica at an endpoint, "ip:port".</summary>
    public bool IsOf(string endpoint, RpcServerContext context)
    {
        IPAddress address = IPEndPoint.Parse(endpoint).Address;
        return mutualTls
            ? context.ClientCertificate?.MatchesHostname(address.ToString(), allowWildcards: false, allowCommonName: false) == true
            : address.Equals(CallerAddress.Normalize(context.RemoteEndPoint.Address));
    }

    /// <summary>What is thrown at a caller that is not who it would have to be; told and counted.</summary>
    public RpcException Refuse(RpcServerContext context, string words)
    {
        refusals.Add(
            ListenerKind.Peer, mutualTls ? RefusalReason.Certificate : RefusalReason.Address,
            CallerAddress.Normalize(context.RemoteEndPoint.Address)!, words);
        return new RpcException(StatusCode.PermissionDenied, words);
    }

    /// <summary>The caller as <see cref="IsOf"/> sees it, for messages.</summary>
    public string Shown(RpcServerContext context) => mutualTls
        ? $"the replica that the certificate {context.ClientCertificate?.Subject} names"
        : $"{CallerAddress.Normalize(context.RemoteEndPoint.Address)}";
}
