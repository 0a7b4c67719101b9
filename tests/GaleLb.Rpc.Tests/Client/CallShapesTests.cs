using GaleLb.Rpc.Client;
using GaleLb.Rpc.Server;
using GaleLb.Rpc.Tests.Support;
using GaleLb.Rpc.V1;
using Google.Protobuf;
using static GaleLb.Rpc.Tests.Support.EchoServer;

namespace GaleLb.Rpc.Tests.Client;

public sealed class CallShapesTests : IAsyncLifetime
{
    private RpcServer _server = null!;
    private RpcChannel _channel = null!;

    public async Task InitializeAsync()
    {
        _server = await StartAsync(server => server.MapEcho());
        _channel = ChannelTo(_server);
    }

    public async Task DisposeAsync()
    {
        _channel.Dispose();
        await _server.DisposeAsync();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4090)]
    [InlineData(4096)]
    [InlineData(70_000)]
    [InlineData(3_000_000)]
    public async Task Unary_OfAnySize_ComesBack(int bytes)
    {
        ByteString command = ByteString.CopyFrom(Enumerable.Range(0, bytes).Select(i => (byte)(i * 31)).ToArray());

        ProposeResponse response = await _channel.UnaryAsync(Echo.Unary, new ProposeRequest { Command = command });

        response.Index.Should().Be((ulong)bytes);
        response.Result.Should().Equal(command);
    }

    [Fact]
    public async Task Unary_ManyAtATime_EachGetsItsOwnAnswer()
    {
        Task<ProposeResponse>[] calls = [.. Enumerable.Range(0, 300).Select(i => _channel.UnaryAsync(Echo.Unary, Request($"order {i}")))];

        ProposeResponse[] responses = await Task.WhenAll(calls);

        responses.Select(r => r.Result.ToStringUtf8()).Should().Equal(Enumerable.Range(0, 300).Select(i => $"order {i}"));
    }

    [Fact]
    public async Task ClientStreaming_FlushedAndNot_ArrivesInOrder()
    {
        using ClientStreamingCall<ProposeRequest, ProposeResponse> call = _channel.ClientStreaming(Echo.Collect);
        for (int i = 0; i < 10; i++)
            await call.WriteAsync(Request($"{i}"), flush: i % 3 == 0);
        await call.CompleteAsync();

        ProposeResponse response = await call.Response;

        response.Index.Should().Be(10);
        response.Result.ToStringUtf8().Should().Be("0123456789");
        (await call.Status).Should().Be(RpcStatus.Ok);
    }

    [Fact]
    public async Task ClientStreaming_WithoutMessages_IsAnswered()
    {
        using ClientStreamingCall<ProposeRequest, ProposeResponse> call = _channel.ClientStreaming(Echo.Collect);
        await call.CompleteAsync();

        (await call.Response).Index.Should().Be(0);
    }

    [Fact]
    public async Task ServerStreaming_ReadToTheEnd_YieldsEachMessage()
    {
        using ServerStreamingCall<ProposeResponse> call = _channel.ServerStreaming(Echo.Spread, Request("gale"));
        List<string> letters = [];
        await foreach (ProposeResponse response in call.ReadAllAsync())
            letters.Add(response.Result.ToStringUtf8());

        letters.Should().Equal("g", "a", "l", "e");
        (await call.ReadAsync()).Should().BeNull("the end stays the end");
    }

    [Fact]
    public async Task Duplex_PingPong_AnswersEachBeforeTheNextIsSent()
    {
        using DuplexCall<ProposeRequest, ProposeResponse> call = _channel.Duplex(Echo.Converse);
        for (int i = 0; i < 50; i++)
        {
            await call.WriteAsync(Request($"beat {i}"));
            (await call.ReadAsync())!.Result.ToStringUtf8().Should().Be($"beat {i}");
        }
        await call.CompleteAsync();

        (await call.ReadAsync()).Should().BeNull();
        (await call.Status).Should().Be(RpcStatus.Ok);
    }

    [Fact]
    public async Task Duplex_BeforeTheFirstMessage_HasHeaders()
    {
        using DuplexCall<ProposeRequest, ProposeResponse> call = _channel.Duplex(Echo.Converse);

        await call.HeadersAsync();

        call.Status.IsCompleted.Should().BeFalse();
    }

    [Fact]
    public async Task Duplex_LargeMessagesBothWaysAtOnce_DoNotBlockEachOther()
    {
        using DuplexCall<ProposeRequest, ProposeResponse> call = _channel.Duplex(Echo.Converse);
        ByteString large = ByteString.CopyFrom(new byte[1_000_000]);
        Task writing = Task.Run(async () =>
        {
            for (int i = 0; i < 10; i++)
                await call.WriteAsync(new ProposeRequest { Command = large });
            await call.CompleteAsync();
        });
        int read = 0;
        await foreach (ProposeResponse response in call.ReadAllAsync())
            read += response.Result.Length;
        await writing;

        read.Should().Be(10_000_000);
    }

    [Fact]
    public async Task WriteAsync_AfterComplete_IsRefusedAsMisuse()
    {
        using DuplexCall<ProposeRequest, ProposeResponse> call = _channel.Duplex(Echo.Converse);
        await call.CompleteAsync();

        Func<Task> write = async () => await call.WriteAsync(Request("late"));

        await write.Should().ThrowAsync<InvalidOperationException>();
    }
}
