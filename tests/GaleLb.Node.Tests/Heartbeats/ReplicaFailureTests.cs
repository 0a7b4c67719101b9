using System.Net.Sockets;
using GaleLb.Configuration.Options;
using GaleLb.Node.Heartbeats;
using GaleLb.Rpc;

namespace GaleLb.Node.Tests.Heartbeats;

public sealed class ReplicaFailureTests
{
    private static readonly LoadBalancerAddress Replica = new("192.0.2.1", 8082);

    [Theory]
    [InlineData(SocketError.ConnectionRefused, "192.0.2.1:8082 refused the connection*7070*")]
    [InlineData(SocketError.HostNotFound, "192.0.2.1:8082: the name cannot be resolved*")]
    [InlineData(SocketError.AddressNotAvailable, "*node.ip is not an address of this machine*")]
    public void Describe_SocketFailure_SaysWhatToLookAt(SocketError error, string words) =>
        ReplicaFailure.Describe(Replica, new RpcException(StatusCode.Unavailable, "x", new IOException("y", new SocketException((int)error)))).Should().Match(words);

    [Fact]
    public void Describe_Unimplemented_NamesThePortExpected() =>
        ReplicaFailure.Describe(Replica, new RpcException(StatusCode.Unimplemented, "no such method")).Should().Contain("7070").And.Contain("no such method");

    [Fact]
    public void Describe_PermissionDenied_ShowsTheReplicasWords() =>
        ReplicaFailure.Describe(Replica, new RpcException(StatusCode.PermissionDenied, "not in allowed_nodes")).Should().Be("192.0.2.1:8082: PermissionDenied: not in allowed_nodes");
}
