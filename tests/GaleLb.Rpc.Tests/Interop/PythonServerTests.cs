using GaleLb.Rpc.Client;
using GaleLb.Rpc.Security;
using GaleLb.Rpc.Tests.Support;
using GaleLb.Rpc.V1;
using Google.Protobuf;
using static GaleLb.Rpc.Tests.Client.CallEndsTests;
using static GaleLb.Rpc.Tests.Support.EchoServer;

namespace GaleLb.Rpc.Tests.Interop;

/// <summary>This client against gRPC's own Python server.</summary>
public sealed class PythonServerTests : IAsyncLifetime
{
    private PythonPeer _peer = null!;
    private RpcChannel _channel = null!;

    public async Task InitializeAsync()
    {
        (_peer, int port) = await PythonPeer.ServeAsync();
        _channel = ChannelTo(port);
    }

    public Task DisposeAsync()
    {
        _channel.Dispose();
        _peer.Dispose();
        return Task.CompletedTask;
    }

    [Theory]
    [InlineData(3)]
    [InlineData(3_000_000)]
    public async Task Unary_OfAnySize_ComesBack(int bytes)
    {
        ProposeResponse response = await _channel.UnaryAsync(Echo.Unary, new ProposeRequest { Command = ByteString.CopyFrom(new byte[bytes]) });

        response.Result.Length.Should().Be(bytes);
    }

    [Fact]
    public async Task Unary_Refused_HasStatusMessageAndTrailers()
    {
        RpcException e = await FailureOf(_channel.UnaryAsync(Echo.Unary, Request("refuse")));

        e.Status.Should().Be(new RpcStatus(StatusCode.FailedPrecondition, "100 % nö"));
        e.Trailers.GetValue("reason").Should().Be("asked for");
        e.Trailers.GetBytes("raw-bin").Should().Equal(0, 255);
    }

    [Fact]
    public async Task Unary_WithMetadata_ArrivesAsSent()
    {
        RpcMetadata metadata = new();
        metadata.Add("token", "abc");
        metadata.Add("raw-bin", [0, 255, 16]);

        ProposeResponse response = await _channel.UnaryAsync(Echo.Unary, Request("metadata"), new RpcCallOptions(Metadata: metadata));

        response.Result.ToStringUtf8().Should().Be("abc 00ff10");
    }

    [Fact]
    public async Task Unary_WithATimeout_IsSeenByTheServer()
    {
        ProposeResponse response = await _channel.UnaryAsync(Echo.Unary, Request("deadline"), new RpcCallOptions(Timeout: TimeSpan.FromHours(1)));

        response.Index.Should().BeInRange(3500, 3600);
    }

    [Fact]
    public async Task Unary_UnknownMethod_IsUnimplemented()
    {
        RpcMethod<ProposeRequest, ProposeResponse> none = new(Echo.Service, "None", MethodShape.Unary, ProposeRequest.Parser, ProposeResponse.Parser);

        (await FailureOf(_channel.UnaryAsync(none, Request("x")))).Code.Should().Be(StatusCode.Unimplemented);
    }

    [Fact]
    public async Task ClientStreaming_TenMessages_AreCollected()
    {
        using ClientStreamingCall<ProposeRequest, ProposeResponse> call = _channel.ClientStreaming(Echo.Collect);
        for (int i = 0; i < 10; i++)
            await call.WriteAsync(Request($"{i}"), flush: i % 4 == 0);
        await call.CompleteAsync();

        (await call.Response).Result.ToStringUtf8().Should().Be("0123456789");
    }

    [Fact]
    public async Task ServerStreaming_EndingInAnError_YieldsAllBeforeIt()
    {
        using ServerStreamingCall<ProposeResponse> call = _channel.ServerStreaming(Echo.Spread, Request("ab!"));
        List<string> letters = [];
        Func<Task> read = async () =>
        {
            await foreach (ProposeResponse response in call.ReadAllAsync())
                letters.Add(response.Result.ToStringUtf8());
        };

        (await read.Should().ThrowAsync<RpcException>()).Which.Status.Should().Be(new RpcStatus(StatusCode.DataLoss, "after the last"));
        letters.Should().Equal("a", "b", "!");
    }

    [Fact]
    public async Task Duplex_PingPongThenServerEnds_ReadHasItsStatus()
    {
        using DuplexCall<ProposeRequest, ProposeResponse> call = _channel.Duplex(Echo.Converse);
        for (int i = 0; i < 20; i++)
        {
            await call.WriteAsync(Request($"beat {i}"));
            (await call.ReadAsync())!.Result.ToStringUtf8().Should().Be($"beat {i}");
        }
        await call.WriteAsync(Request("stop"));

        (await FailureOf(call.ReadAsync().AsTask())).Status.Should().Be(new RpcStatus(StatusCode.Unavailable, "stopping"));
        (await FailureOf(call.WriteAsync(Request("late")).AsTask())).Status.Should().Be(new RpcStatus(StatusCode.Unavailable, "stopping"));
    }

    [Fact]
    public async Task Duplex_ServerProcessEnds_ReadIsUnavailable()
    {
        using DuplexCall<ProposeRequest, ProposeResponse> call = _channel.Duplex(Echo.Converse);
        await call.WriteAsync(Request("x"));
        await call.ReadAsync();
        Task<ProposeResponse?> read = call.ReadAsync().AsTask();

        _peer.Dispose();

        (await FailureOf(read)).Code.Should().BeOneOf(StatusCode.Unavailable, StatusCode.Cancelled);
    }

    [Fact]
    public async Task Duplex_MutualTls_IsServed()
    {
        using Certificates certificates = new();
        certificates.Issue("replica");
        TlsIdentity node = certificates.Issue("node");
        (PythonPeer peer, int port) = await PythonPeer.ServeAsync(certificates.Folder, "replica");
        using (peer)
        {
            using RpcChannel channel = new(new RpcChannelOptions { Host = "127.0.0.1", Port = port, Tls = node });
            using DuplexCall<ProposeRequest, ProposeResponse> call = channel.Duplex(Echo.Converse);
            await call.WriteAsync(Request("abc"));
            (await call.ReadAsync())!.Index.Should().Be(3);
        }
    }
}
