using System.Collections.Immutable;
using System.Net;
using System.Runtime.InteropServices;
using GaleLb.Configuration.Options;
using GaleLb.DataPlane;
using GaleLb.DataPlane.Kernel;
using GaleLb.Executable;
using GaleLb.LoadBalancer.Cluster;
using GaleLb.LoadBalancer.Forwarding;
using GaleLb.LoadBalancer.Nodes;
using GaleLb.LoadBalancer.Peers;
using GaleLb.LoadBalancer.Rest;
using GaleLb.LoadBalancer.Watching;
using GaleLb.Raft;
using GaleLb.Replica;
using GaleLb.Replica.Storage;
using GaleLb.Rpc;
using GaleLb.Rpc.Health;
using GaleLb.Rpc.Security;
using GaleLb.Rpc.Server;
using GaleLb.Rpc.Services;

namespace GaleLb.LoadBalancer.Hosting;

/// <summary>
/// The composition root: everything one replica consists of, started in an order in which what can fail for reasons of
/// this machine fails before the machine's network is changed.
/// </summary>
internal sealed class LoadBalancerHost : IAsyncDisposable
{
    private static readonly TimeSpan HandOverTimeout = TimeSpan.FromMilliseconds(700);

    private readonly ILoggerFactory _logging;
    private readonly ILogger _log;
    private readonly Stack<Func<ValueTask>> _undo = new();
    private readonly SystemdNotifier? _systemd = SystemdNotifier.FromEnvironment(Environment.GetEnvironmentVariable, Environment.ProcessId);
    private RaftReplica _replica = null!;
    private IDataPlane _dataPlane = null!;

    private LoadBalancerHost(ILoggerFactory logging)
    {
        _logging = logging;
        _log = logging.CreateLogger("gale-lb");
    }

    /// <exception cref="StartException">It cannot start here; nothing is left behind.</exception>
    public static async Task<LoadBalancerHost> StartAsync(LoadBalancerOptions options, TimeProvider time)
    {
        LoadBalancerHost host = new(Logging.Create());
        try
        {
            await host.StartPartsAsync(options, time);
            return host;
        }
        catch (Exception error)
        {
            await host.DisposeAsync();
            throw error switch
            {
                DataPlaneException or InvalidDataException or StorageException or UnfitMachineException => new StartException(error.Message, error),
                IOException or UnauthorizedAccessException => new StartException(error.Message, error),
                _ => error,
            };
        }
    }

    /// <summary>Runs until a signal (0) or until the replica cannot go on (1).</summary>
    public async Task<int> RunAsync()
    {
        TaskCompletionSource<string> signalled = new(TaskCreationOptions.RunContinuationsAsynchronously);
        void Signal(PosixSignalContext context)
        {
            context.Cancel = true;
            signalled.TrySetResult(context.Signal.ToString());
        }
        using PosixSignalRegistration term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Signal);
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Signal);

        Task ended = await Task.WhenAny(signalled.Task, _replica.Fatal);
        if (ended == _replica.Fatal)
        {
            // Forwarding goes on by the last table: only the control plane of this replica has ended.
            _log.LogCritical("{Reason}", await _replica.Fatal);
            return 1;
        }
        _log.LogInformation("{Signal}: stopping", await signalled.Task);
        _systemd?.Stopping();
        await HandOverAsync();
        _dataPlane.Stop();
        return 0;
    }

    public async ValueTask DisposeAsync()
    {
        while (_undo.TryPop(out Func<ValueTask>? undo))
            await undo();
        _systemd?.Dispose();
        _logging.Dispose();
    }

    /// <summary>A leader that stops on purpose need not be missed for an election timeout.</summary>
    private async Task HandOverAsync()
    {
        ReplicaStatus status = _replica.Status;
        if (status.Role != RaftRole.Leader)
            return;
        MemberId successor = MembershipDesk.Successor(status);
        if (successor.IsNone)
            return;
        using CancellationTokenSource timeout = new(HandOverTimeout);
        try
        {
            await _replica.TransferLeadershipAsync(successor, timeout.Token);
        }
        catch (OperationCanceledException)
        {
            _log.LogWarning("Leadership was not taken over within {Milliseconds} ms; the others will elect", HandOverTimeout.TotalMilliseconds);
        }
    }

    private async Task StartPartsAsync(LoadBalancerOptions options, TimeProvider time)
    {
        LocalInterface privateSide = LocalInterface.Find("private_interface.net_interface_private", options.PrivateInterface.InterfaceName);
        LocalInterface publicSide = LocalInterface.Find("public_interface.net_interface_public", options.PublicInterface.InterfaceName);
        ReplicaIdentity identity = ReplicaIdentity.Find(options, privateSide);
        Endpoints endpoints = Endpoints.Of(options, privateSide, identity.Endpoint);
        TlsIdentity? tls = options.Security is { CaFile: { } ca, CertificateFile: { } certificate, KeyFile: { } key }
            ? TlsIdentity.Load(ca, certificate, key) : null;
        if (tls is not null)
            WatchCertificates(tls, time);
        Refusals refusals = new(_logging.CreateLogger<Refusals>());
        ApiAccess access = new(options.Security.ApiTokenFile is { } tokens ? ApiTokens.Load(tokens) : null, tls is not null, refusals);
        string? nodeToken = Secret(options.Security.NodeTokenFile);
        FileSettings file = new(options);
        PortProbe.Check("private_interface.node_port", endpoints.Node);
        PortProbe.Check("private_interface.load_balancer_port", endpoints.Peer);
        PortProbe.Check("private_interface.api_port", endpoints.Api);

        LogClock clock = new(time);
        ClusterMachine machine = new(clock, StateVersions.Rehearsed(Environment.GetEnvironmentVariable, _log));
        PeerDirectory directory = new();
        PeerNetwork network = new(identity, directory, tls, time, _logging.CreateLogger<PeerNetwork>());
        _replica = RaftReplica.Open(
            new ReplicaOptions
            {
                Address = identity.Address,
                Addresses = identity.Peers,
                Raft = Timeouts(options.Quorum),
                LeaseReads = options.Quorum.LeaseReads,
                Store = new StoreOptions { SetDamageAside = identity.Peers.Length > 1 },
            },
            FileDisk.Open(options.Quorum.DataDirectory), machine, time, new SystemRandomness());
        _undo.Push(_replica.DisposeAsync);
        _undo.Push(network.DisposeAsync);

        DataPlane.DataPlaneOptions planeOptions = DataPlaneSettings.Of(options, _replica.Self, publicSide, endpoints.ControlPorts);
        _dataPlane = planeOptions.XdpMode == DataPlane.XdpMode.Off ? new MemoryDataPlane(planeOptions, time) : KernelDataPlane.Start(planeOptions, time);
        _undo.Push(() => { _dataPlane.Dispose(); return ValueTask.CompletedTask; });
        TableReconciler tables = new(machine, _dataPlane, time, _logging.CreateLogger<TableReconciler>());
        tables.Start();
        _undo.Push(tables.DisposeAsync);

        LeaderContact contact = new(time);
        Introductions introductions = new(identity, file, () => _replica.Status, machine, () => tables.View);
        SettingsWatch settings = new(
            identity, file, machine, introductions, network, directory, _dataPlane, time, _logging.CreateLogger<SettingsWatch>());
        DigestWatch digests = new(() => _replica.Status, () => tables.View, network, directory, time, _logging.CreateLogger<DigestWatch>());
        OrderDesk orders = new(_replica, network, clock, time);
        MembershipDesk members = new(_replica, network, directory, orders, machine, time);
        HealthDesk health = new(machine, clock, time);
        ObservationDesk observations = new(machine, health, identity, _replica, directory, time);
        Readiness readiness = new(planeOptions.XdpMode != DataPlane.XdpMode.Off);

        NodeService nodes = new(machine, observations, contact, time);
        PeerAccess peerAccess = new(identity, () => _replica.Status.Membership, tls is not null, refusals);
        PeerService peers = new(
            network, directory, message => _replica.Receive(message), orders, members, observations, peerAccess, _logging.CreateLogger<PeerService>());
        HealthService probe = new();
        NodeAccess nodeAccess = new(
            options.Security.AllowedNodes.IsEmpty ? [.. privateSide.Subnets] : options.Security.AllowedNodes, nodeToken, tls is not null,
            refusals);
        await ServeAsync(
            new RpcServer(new RpcServerOptions
            {
                EndPoints = endpoints.Node,
                Tls = tls,
                TlsRefused = refusals.OfHandshakes(ListenerKind.Node),
                Authorize = nodeAccess.Judge,
                MessageBytesMax = NodeAccess.MessageBytesMax,
            }).MapNodeService(nodes).MapHealthService(probe));
        await ServeAsync(
            new RpcServer(new RpcServerOptions
            {
                EndPoints = endpoints.Peer,
                Tls = tls,
                TlsRefused = refusals.OfHandshakes(ListenerKind.Peer),
                Authorize = peerAccess.Judge,
                ConnectionsMax = 256,
                CallsMax = 1024,
                MessageBytesMax = ReplicaIdentity.PeerMessageBytesMax,
            }).MapPeerService(peers).MapHealthService(probe));

        ImmutableArray<string> warnings = endpoints.Warnings;
        WatchHub watchers = new(new WatchOptions());
        machine.WhenChanged(watchers.Wake);
        Watches watches = new(watchers, _replica, contact, time, _logging.CreateLogger<Watches>());
        TableArchive archive = new(() => tables.View);
        AnswerBasis basis = new(machine, archive, contact);
        ReadApi reads = new(
            identity, _replica, machine, tables, archive, basis, _dataPlane, readiness, network, directory, file, observations, contact, clock, watchers, watches,
            settings, digests, refusals, time, warnings);
        Receipts receipts = new(new AppliedWait(
            () => _replica.Status.Membership,
            member => member.Id == _replica.Self ? tables.View.KernelIndex : network.KernelIndexOf(member.Id), network.AskAgainAsync, time));
        OrderRunner runner = new(orders, _replica, basis, receipts);
        OrderApi orderApi = new(
            runner,
            new ServiceOrders(endpoints.ControlPorts, planeOptions.ProtectedPorts, () => _replica.Status.Membership),
            new MemberApi(members, receipts), new ConfigApi(_replica, basis, settings, runner));
        WebApplication api = ApiServer.Build(
            [.. endpoints.Api.Select(e => ApiListener.Of(e, tls))], refusals, access, reads, orderApi,
            new PacketApi(machine, tables, archive, basis, _dataPlane, planeOptions), new HistoryApi(_replica, machine, archive),
            new TraceApi(tables, _dataPlane, watches, time), _logging);
        await api.StartAsync();
        _undo.Push(api.DisposeAsync);

        _replica.Start(network, new ReplicaNotes(_logging.CreateLogger<RaftReplica>()));
        network.Start(_replica.Self, introductions, _replica.Introduced);
        LeaderDuties duties = new(
            _replica, machine, health, observations, orders, network, directory, file, introductions, time, _logging.CreateLogger<LeaderDuties>());
        duties.Start();
        _undo.Push(duties.DisposeAsync);
        settings.Start();
        _undo.Push(settings.DisposeAsync);
        digests.Start();
        _undo.Push(digests.DisposeAsync);
        ObservationForwarder forwarder = new(_replica, network, observations, time, _logging.CreateLogger<ObservationForwarder>());
        forwarder.Start();
        _undo.Push(forwarder.DisposeAsync);
        ReplicaWatch watch = new(_replica, machine, network, contact, readiness, tables, _dataPlane, time, _logging.CreateLogger<ReplicaWatch>());
        watch.Start();
        _undo.Push(watch.DisposeAsync);
        foreach (string warning in warnings)
            _log.LogWarning("{Warning}", warning);
        _log.LogInformation(
            "gale-lb {Version}: replica {Member} at {Address}, REST on {Api}, nodes on port {NodePort}, data plane {Mode}", identity.Version,
            _replica.Self, identity.Address, endpoints.Api[^1], options.PrivateInterface.NodePort, _dataPlane.Status.Mode);
        TellSystemd(machine, time);
    }

    private void WatchCertificates(TlsIdentity tls, TimeProvider time)
    {
        _log.LogInformation("{Certificate}", CertificateWatch.Describe(tls));
        CertificateWatch watch = new(
            tls, time, renewed => _log.LogInformation("{Renewed}", renewed), failed => _log.LogWarning("New certificates are not used: {Failure}", failed));
        _undo.Push(watch.DisposeAsync);
    }

    /// <summary>Started means that it takes part; whether clients may come is /readyz's to say, and may need the other replicas.</summary>
    private void TellSystemd(ClusterMachine machine, TimeProvider time)
    {
        if (_systemd is null)
            return;
        if (_systemd.Ready(ServiceWatch.Describe(_replica.Status, machine.State.Tally)) is { } failure)
            _log.LogWarning("{Failure}", failure);
        ServiceWatch alive = new(
            _systemd, () => _replica.Turns, () => _replica.Status, () => machine.State.Tally, time, _logging.CreateLogger<ServiceWatch>());
        alive.Start();
        _undo.Push(alive.DisposeAsync);
    }

    private static RaftOptions Timeouts(LoadBalancerQuorumOptions quorum)
    {
        TimeSpan tick = new ReplicaOptions { Address = "", Addresses = [] }.Tick;
        return new RaftOptions
        {
            ElectionTicks = Math.Max(2, (int)(quorum.ElectionTimeout / tick)),
            HeartbeatTicks = Math.Max(1, (int)(quorum.HeartbeatInterval / tick)),
        };
    }

    private async Task ServeAsync(RpcServer server)
    {
        _undo.Push(server.DisposeAsync);
        await server.StartAsync();
    }

    /// <exception cref="StartException">The file cannot be read or holds nothing.</exception>
    private static string? Secret(string? path)
    {
        if (path is null)
            return null;
        try
        {
            string text = File.ReadAllText(path).Trim();
            return text.Length > 0 ? text : throw new StartException($"{path}: a token on one line expected, the file is empty.");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new StartException($"{path}: the token cannot be read: {error.Message}", error);
        }
    }
}
