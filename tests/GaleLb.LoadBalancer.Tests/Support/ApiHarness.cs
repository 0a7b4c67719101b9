using System.Net;
using System.Text;
using System.Text.Json;
using GaleLb.DataPlane;
using GaleLb.LoadBalancer.Cluster;
using GaleLb.LoadBalancer.Forwarding;
using GaleLb.LoadBalancer.Hosting;
using GaleLb.LoadBalancer.Nodes;
using GaleLb.LoadBalancer.Peers;
using GaleLb.LoadBalancer.Rest;
using GaleLb.LoadBalancer.Watching;
using GaleLb.Raft;
using GaleLb.Rpc.Security;
using GaleLb.State;
using GaleLb.State.Commands;
using GaleLb.State.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging.Abstractions;

namespace GaleLb.LoadBalancer.Tests.Support;

/// <summary>The REST API of one replica on loopback: real HTTP, real state machine, nothing behind it that takes time.</summary>
internal sealed class ApiHarness : IAsyncDisposable
{
    public const ushort ControlPort = 5555;

    private readonly MemoryDataPlane _memory;
    private readonly LeaderContact _contact;
    private readonly WebApplication _api;
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false });

    private ApiHarness(WatchOptions watching, ApiTokens? tokens, TlsIdentity? tls)
    {
        Told = new ToldLogger<Refusals>();
        Refusals = new Refusals(Told);
        Watchers = new WatchHub(watching);
        LogClock clock = new(Time);
        Machine = new ClusterMachine(clock);
        Machine.WhenChanged(Watchers.Wake);
        Replica = new SoleReplica(Machine);
        ReplicaIdentity identity = new(IPEndPoint.Parse(SoleReplica.Address), [SoleReplica.Address], "10.98.2.1:5555", "1.0");
        FileSettings file = new(SampleOptions.Of());
        Network = new PeerNetwork(identity, Directory, tls: null, Time, NullLogger<PeerNetwork>.Instance);
        DataPlaneOptions planeOptions = new() { MemberId = "m", PublicInterface = "pub", PrivateInterface = "priv" };
        _memory = new MemoryDataPlane(planeOptions, Time);
        DataPlane = new ScriptedDataPlane(_memory);
        _contact = new LeaderContact(Time);
        Tables = new TableReconciler(Machine, DataPlane, Time, NullLogger<TableReconciler>.Instance);
        TableArchive archive = new(() => Tables.View);
        AnswerBasis basis = new(Machine, archive, _contact);
        ObservationDesk observations = new(Machine, new HealthDesk(Machine, clock, Time), identity, Replica, Directory, Time);
        Introductions introductions = new(identity, file, () => Replica.Status, Machine, () => Tables.View);
        SettingsWatch settings = new(
            identity, file, Machine, introductions, Network, Directory, DataPlane, Time, NullLogger<SettingsWatch>.Instance);
        Digests = new DigestWatch(() => Replica.Status, () => Tables.View, Network, Directory, Time, NullLogger<DigestWatch>.Instance);
        Watches watches = new(Watchers, Replica, _contact, Time, NullLogger<Watches>.Instance);
        ReadApi reads = new(
            identity, Replica, Machine, Tables, archive, basis, DataPlane, new Readiness(forwards: false), Network, Directory, file, observations, _contact,
            clock, Watchers, watches, settings, Digests, Refusals, Time, []);
        Receipts receipts = new(new AppliedWait(
            () => Replica.Membership, member => member.Id == SoleReplica.Id ? Machine.AppliedIndex : Network.KernelIndexOf(member.Id),
            (_, _) =>
            {
                Time.Advance(TimeSpan.FromSeconds(1));
                return Task.CompletedTask;
            },
            Time));
        OrderDesk desk = new(Replica, Network, clock, Time);
        OrderRunner runner = new(desk, Replica, basis, receipts);
        OrderApi orders = new(
            runner, new ServiceOrders([ControlPort], [22], () => Replica.Membership),
            new MemberApi(new MembershipDesk(Replica, Network, Directory, desk, Machine, Time), receipts),
            new ConfigApi(Replica, basis, settings, runner));
        Network.Start(SoleReplica.Id, introductions, _ => { });
        _api = ApiServer.Build(
            [new ApiListener(new IPEndPoint(IPAddress.Loopback, 0), tls)], Refusals, new ApiAccess(tokens, tls is not null, Refusals), reads, orders,
            new PacketApi(Machine, Tables, archive, basis, DataPlane, planeOptions), new HistoryApi(Replica, Machine, archive),
            new TraceApi(Tables, DataPlane, watches, Time), NullLoggerFactory.Instance);
        Replica.Apply(new Bootstrap(new ClusterId(0xC1), 42, file.Cluster)).IsOk.Should().BeTrue();
    }

    public ManualTime Time { get; } = new();

    /// <summary>What the log is told of refused callers.</summary>
    public ToldLogger<Refusals> Told { get; }

    public Refusals Refusals { get; }

    public PeerDirectory Directory { get; } = new();

    /// <summary>Dials nobody; others introduce themselves by it.</summary>
    public PeerNetwork Network { get; }

    /// <summary>Answers what it is told to where a kernel would be asked.</summary>
    public ScriptedDataPlane DataPlane { get; }

    public ClusterMachine Machine { get; }

    public SoleReplica Replica { get; }

    /// <summary>Not running: a test reconciles when it wants to.</summary>
    public TableReconciler Tables { get; }

    /// <summary>Not running: a test has it look when it wants to.</summary>
    public DigestWatch Digests { get; }

    public ClusterState State => Machine.State;

    public WatchHub Watchers { get; }

    public Uri Address => new(_api.Urls.Single());

    public static Task<ApiHarness> StartAsync() => StartAsync(new WatchOptions());

    public static async Task<ApiHarness> StartAsync(WatchOptions watching, ApiTokens? tokens = null, TlsIdentity? tls = null)
    {
        ApiHarness harness = new(watching, tokens, tls);
        await harness._api.StartAsync();
        return harness;
    }

    /// <summary>Registers and routes nodes node-1 to node-n.</summary>
    public ApiHarness WithRoutable(int nodes)
    {
        for (int i = 1; i <= nodes; i++)
        {
            string name = $"node-{i}";
            NodeDescription description = new(1, IPAddress.Parse($"10.98.2.{100 + i}"), 0, 100, []);
            Replica.Apply(new NodeRegister(name, LogIndex.Zero, description, Serving: true)).IsOk.Should().BeTrue();
            Replica.Apply(new NodeRoutable(name, State.FindNode(name)!.LastChange)).IsOk.Should().BeTrue();
        }

        return this;
    }

    public Task<ApiAnswer> GetAsync(string path) => SendAsync("GET", path);

    public async Task<ApiAnswer> SendAsync(string method, string path, string? body = null, string? ifMatch = null, string? key = null)
    {
        using HttpRequestMessage request = new(new HttpMethod(method), new Uri(_api.Urls.Single() + "/api/v1/" + path));
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        if (ifMatch is not null)
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        using HttpResponseMessage response = await _http.SendAsync(request);
        byte[] bytes = await response.Content.ReadAsByteArrayAsync();
        return new ApiAnswer((int)response.StatusCode, response.Headers.ETag?.Tag, response.Headers.RetryAfter?.Delta, JsonDocument.Parse(bytes).RootElement);
    }

    /// <summary>Opens a stream; the answer must be one.</summary>
    public async Task<EventReader> WatchAsync(string path, string? lastEventId = null)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, new Uri(Address, "/api/v1/" + path));
        if (lastEventId is not null)
            request.Headers.Add("Last-Event-ID", lastEventId);
        HttpResponseMessage response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        response.Content.Headers.ContentType!.MediaType.Should().Be("text/event-stream");
        return new EventReader(response);
    }

    public Task<string> GetMetricsAsync() => _http.GetStringAsync(new Uri(_api.Urls.Single() + "/metrics"));

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _api.DisposeAsync();
        await Network.DisposeAsync();
        _memory.Dispose();
        _contact.Dispose();
    }
}

/// <summary>What the API answered; <paramref name="Json"/> is an object.</summary>
internal sealed record ApiAnswer(int Status, string? ETag, TimeSpan? RetryAfter, JsonElement Json)
{
    /// <summary>A member as text: strings as they are, everything else as JSON; null when it is not there.</summary>
    public string? this[string name] => Json.TryGetProperty(name, out JsonElement value)
        ? value.ValueKind == JsonValueKind.String ? value.GetString() : value.GetRawText()
        : null;

    /// <summary>Fails the test with the whole answer when it is not of this status.</summary>
    public ApiAnswer Being(int status)
    {
        Status.Should().Be(status, "{0}", Json.GetRawText());
        return this;
    }
}
