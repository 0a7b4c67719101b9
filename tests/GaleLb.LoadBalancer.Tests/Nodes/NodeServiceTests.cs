using System.Net;
using System.Threading.Channels;
using GaleLb.LoadBalancer.Tests.Support;
using GaleLb.Rpc;
using GaleLb.Rpc.Server;
using GaleLb.Rpc.V1;

namespace GaleLb.LoadBalancer.Tests.Nodes;

public sealed class NodeServiceTests : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly NodeSide _side = new();
    private readonly Channel<HeartbeatRequest> _requests = Channel.CreateUnbounded<HeartbeatRequest>();
    private readonly Answers _answers = new();

    public ValueTask DisposeAsync() => _side.DisposeAsync();

    [Fact]
    public async Task GetConfig_FoundedCluster_TellsTheIntervalAndTheServices()
    {
        GetConfigResponse config = await _side.Service.GetConfigAsync(new GetConfigRequest { Node = "n1" }, From("10.98.2.101"));

        (config.HeartbeatIntervalMs, config.ChecksTimeoutMs, config.ChecksBeforeRouting).Should().Be((1000u, 5000u, 3u));
        config.Services.Should().ContainSingle().Which.Should().BeEquivalentTo(new ServiceConfig
        {
            Name = "default",
            Protocol = "tcp",
            Port = 8080,
            TargetPort = 8080,
            Forwarding = "l4",
        });
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public async Task GetConfig_NoLeaderOrNoCluster_IsUnavailable(bool founded, bool contact)
    {
        await using NodeSide side = new(founded);
        side.Contact.Set(contact, TimeSpan.Zero);

        Func<Task> call = async () => await side.Service.GetConfigAsync(new GetConfigRequest(), From("10.98.2.101"));

        (await call.Should().ThrowAsync<RpcException>()).Which.Code.Should().Be(StatusCode.Unavailable);
    }

    [Fact]
    public async Task Heartbeat_WithoutAnAddress_IsTheCallersAndIsAnswered()
    {
        Task stream = Open(From("::ffff:10.98.2.101"));
        await _side.RoundAsync();

        HeartbeatResponse first = await BeatAsync(Beat(sequence: 7));
        await _side.RoundAsync();
        HeartbeatResponse second = await BeatAsync(Beat(sequence: 8));

        (first.Sequence, first.HeartbeatIntervalMs).Should().Be((7ul, 1000u));
        (second.Sequence, second.State).Should().Be((8ul, NodeState.Probing));
        _side.Node("n1").Place!.Address.Should().Be(IPAddress.Parse("10.98.2.101"));
        _requests.Writer.Complete();
        await stream.WaitAsync(Patience);
    }

    [Fact]
    public async Task Heartbeat_SequencesOfAnyOrder_AreAnsweredAsTheyAre()
    {
        Task stream = Open(From("10.98.2.101"));
        foreach (ulong sequence in new[] { 9ul, 3ul, ulong.MaxValue, 0ul })
            (await BeatAsync(Beat(sequence))).Sequence.Should().Be(sequence);

        _requests.Writer.Complete();
        await stream.WaitAsync(Patience);
    }

    [Fact]
    public void Heartbeat_SaysNoTimeOfDay()
    {
        HeartbeatRequest.Descriptor.Fields.InDeclarationOrder().Select(f => f.Name).Should().Equal(
            ["node", "instance", "sequence", "address", "port", "weight", "status", "services", "not_serving", "detail"],
            "a node's clock cannot matter as long as no heartbeat tells what it shows");
    }

    public static TheoryData<string, HeartbeatRequest> Wrong => new()
    {
        { "node", Beat(1, r => r.Node = "two words") },
        { "instance", Beat(1, r => r.Instance = 0) },
        { "address", Beat(1, r => r.Address = "here") },
        { "address", Beat(1, r => r.Address = "0.0.0.0") },
        { "port", Beat(1, r => r.Port = 65536) },
        { "weight", Beat(1, r => r.Weight = 1001) },
        { "status", Beat(1, r => r.Status = ServingStatus.Unspecified) },
        { "address", Beat(1, r => r.Address = "127.0.0.1") },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task Heartbeat_Malformed_EndsTheStreamNamingTheField(string field, HeartbeatRequest request)
    {
        Task stream = Open(From("10.98.2.101"));

        await _requests.Writer.WriteAsync(request);

        RpcException error = (await stream.Invoking(s => s.WaitAsync(Patience)).Should().ThrowAsync<RpcException>()).Which;
        error.Code.Should().Be(StatusCode.InvalidArgument);
        error.Message.Should().Contain($"heartbeat: {field}: ");
        await _side.RoundAsync();
        _side.State.Nodes.Should().BeEmpty();
    }

    [Fact]
    public async Task Heartbeat_OfAnotherNodeOnTheSameStream_IsRefused()
    {
        Task stream = Open(From("10.98.2.101"));
        await BeatAsync(Beat(1));

        await _requests.Writer.WriteAsync(Beat(2, r => r.Node = "n2"));

        (await stream.Invoking(s => s.WaitAsync(Patience)).Should().ThrowAsync<RpcException>()).Which.Message
            .Should().Contain("this stream is n1's");
    }

    [Fact]
    public async Task Heartbeat_LeaderIsLost_EndsTheStreamWithUnavailable()
    {
        Task stream = Open(From("10.98.2.101"));
        await BeatAsync(Beat(1));

        _side.Contact.Set(false, TimeSpan.Zero);

        (await stream.Invoking(s => s.WaitAsync(Patience)).Should().ThrowAsync<RpcException>()).Which.Code.Should().Be(StatusCode.Unavailable);
    }

    [Fact]
    public async Task Heartbeat_CallerIsGone_EndsAsCancelled()
    {
        using CancellationTokenSource gone = new();
        Task stream = Open(From("10.98.2.101", gone.Token));
        await BeatAsync(Beat(1));

        await gone.CancelAsync();

        await stream.Invoking(s => s.WaitAsync(Patience)).Should().ThrowAsync<OperationCanceledException>();
    }

    private static HeartbeatRequest Beat(ulong sequence, Action<HeartbeatRequest>? change = null)
    {
        HeartbeatRequest request = new() { Node = "n1", Instance = 1, Sequence = sequence, Status = ServingStatus.Serving };
        change?.Invoke(request);
        return request;
    }

    private Task Open(RpcServerContext context) => _side.Service.HeartbeatAsync(_requests.Reader.ReadAllAsync(), _answers, context);

    private async Task<HeartbeatResponse> BeatAsync(HeartbeatRequest request)
    {
        await _requests.Writer.WriteAsync(request);
        return await _answers.Written.Reader.ReadAsync().AsTask().WaitAsync(Patience);
    }

    private static RpcServerContext From(string address, CancellationToken gone = default) =>
        new() { RemoteEndPoint = new IPEndPoint(IPAddress.Parse(address), 40000), CancellationToken = gone };

    private sealed class Answers : IRpcStreamWriter<HeartbeatResponse>
    {
        public Channel<HeartbeatResponse> Written { get; } = Channel.CreateUnbounded<HeartbeatResponse>();

        public ValueTask WriteAsync(HeartbeatResponse message, CancellationToken cancellationToken = default) =>
            Written.Writer.WriteAsync(message, cancellationToken);
    }
}
