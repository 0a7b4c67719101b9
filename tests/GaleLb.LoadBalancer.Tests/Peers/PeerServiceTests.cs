using System.Net;
using GaleLb.LoadBalancer.Hosting;
using GaleLb.LoadBalancer.Peers;
using GaleLb.LoadBalancer.Tests.Support;
using GaleLb.Raft;
using GaleLb.Rpc;
using GaleLb.Rpc.Server;
using GaleLb.Rpc.V1;
using Microsoft.Extensions.Logging.Abstractions;

namespace GaleLb.LoadBalancer.Tests.Peers;

/// <summary>A replica speaks for itself alone: what else it tries is denied, counted, and goes no further.</summary>
public sealed class PeerServiceTests
{
    private static readonly MemberId Second = new(0x22);

    private readonly PeerDirectory _directory = new();
    private readonly Refusals _refusals = new(new ToldLogger<Refusals>());
    private readonly PeerService _peers;

    public PeerServiceTests()
    {
        _directory.Update("10.98.2.2:9090", r => r with { Introduction = new Introduction { MemberId = Second.Value, Address = r.Address } });
        PeerAccess access = new(
            new ReplicaIdentity(IPEndPoint.Parse("10.98.2.1:9090"), ["10.98.2.1:9090", "10.98.2.2:9090", "10.98.2.3:9090"], "10.98.2.1:5555", "1.0"),
            () => Membership.Empty, mutualTls: false, _refusals);
        // What lies behind must not be reached.
        _peers = new PeerService(null!, _directory, _ => throw new InvalidOperationException(), null!, null!, null!, access, NullLogger<PeerService>.Instance);
    }

    [Fact]
    public async Task Introduce_AsAnotherReplica_IsDeniedAndCounted()
    {
        await IsDeniedAsync(async () => await _peers.IntroduceAsync(new Introduction { Address = "10.98.2.2:9090" }, From("10.98.2.3")));
    }

    [Fact]
    public async Task Call_InAnotherMembersName_IsDeniedAndCounted()
    {
        await IsDeniedAsync(async () => await _peers.ProposeAsync(new ProposeRequest(), From("10.98.2.3", Second)));
        await IsDeniedAsync(async () => await _peers.LastHeardAsync(new LastHeardRequest(), From("10.98.2.3", Second)), times: 2);
    }

    private async Task IsDeniedAsync(Func<Task> call, ulong times = 1)
    {
        (await call.Should().ThrowAsync<RpcException>()).Which.Code.Should().Be(StatusCode.PermissionDenied);
        _refusals.Count(ListenerKind.Peer, RefusalReason.Address).Should().Be(times);
    }

    private static RpcServerContext From(string address, MemberId? member = null)
    {
        RpcMetadata metadata = new();
        if (member is { } id)
            metadata.Add(PeerLink.MemberHeader, id.ToString());
        return new RpcServerContext { RemoteEndPoint = new IPEndPoint(IPAddress.Parse(address), 40000), RequestMetadata = metadata };
    }
}
