using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using GaleLb.E2E.Tests.Harness;

namespace GaleLb.E2E.Tests;

/// <summary>What the data plane does for either family beyond TCP on a replica's own address: UDP, ping, path MTU, modes l2 and l3.</summary>
public abstract class WireTests(ClusterFixture fixture, AddressFamily family) : ClusterTests(fixture)
{
    /// <summary>Of uploads and downloads: many packets.</summary>
    private const int BodyBytes = 200_000;

    private const int BigBodyBytes = 20_000_000;

    private const int CableMtu = 1500;

    private readonly ImmutableArray<int> _nodes = Topology.WideNodes(family);

    /// <summary>L4, TCP and UDP.</summary>
    private readonly IPEndPoint _translated = new(Topology.TranslatedAddress(family), Topology.ClientsPort);

    /// <summary>L2, TCP and UDP.</summary>
    private readonly IPEndPoint _direct = new(Topology.DirectAddress(family), Topology.ClientsPort);

    /// <summary>L3, TCP.</summary>
    private readonly IPEndPoint _tunnelled = new(Topology.TunnelledAddress(family), Topology.ClientsPort);

    /// <summary>What tells ip(8) the family.</summary>
    private readonly string _familyOption = family == AddressFamily.InterNetworkV6 ? "-6" : "-4";

    private bool IsV6 => family == AddressFamily.InterNetworkV6;

    private int OuterHeaderBytes => IsV6 ? 40 : 20;

    private IEnumerable<string> Names => _nodes.Select(node => $"node-{node}");

    [RootFact]
    public Task Requests_ToAServiceAddress_AreSharedAsTheRingSays() => WireAsync(async () =>
    {
        foreach (var replica in Cluster.AllReplicas)
        {
            await Topology.RouteServicesAsync(replica, family);

            var answers = await ClientRequests.ManyAsync(replica, _translated, 150);

            answers.Should().OnlyContain(answer => answer.Failure == null);
            await ShouldBeSharedAsync(replica, "translated", [.. answers.Select(answer => answer.Node!)]);
        }
    });

    [RootFact]
    public Task Requests_ToAReplicasOwnAddressAndAnotherPort_ReachEveryNode() => WireAsync(async () =>
    {
        var own = new IPEndPoint(Topology.Address(1, 2, family), IsV6 ? 8086 : 8084);

        var answers = await ClientRequests.ManyAsync(2, own, 100);

        answers.Should().OnlyContain(answer => answer.Failure == null);
        answers.Select(answer => answer.Node).Distinct().Should().BeEquivalentTo(Names);
    });

    [RootFact]
    public Task Datagrams_FromManyPorts_AreSharedAndEachFlowStaysWithItsNode() => WireAsync(async () =>
    {
        foreach (var (service, address) in new[] { ("datagrams", _translated), ("direct-datagrams", _direct) })
        {
            var answers = await Datagrams.AskAsync(address, ports: 300, times: 3, bytes: 20);

            answers.Should().OnlyContain(flow => flow.Distinct().Count() == 1, service);
            await ShouldBeSharedAsync(1, service, [.. answers.Select(flow => flow[0])]);
        }
    });

    [RootFact]
    public Task Datagrams_InFragments_AreAnsweredWhole() => WireAsync(async () =>
    {
        var answers = await Datagrams.AskAsync(_translated, ports: 40, times: 2, bytes: 4000);

        answers.Should().OnlyContain(flow => flow.Distinct().Count() == 1);
        answers.Select(flow => flow[0]).Distinct().Should().BeEquivalentTo(Names);
    });

    [RootFact]
    public Task Ping_OfServiceAddresses_IsAnsweredByEachReplica() => WireAsync(async () =>
    {
        foreach (var replica in Cluster.AllReplicas)
        {
            await Topology.RouteServicesAsync(replica, family);
            foreach (var address in new[] { _translated.Address, _direct.Address })
            {
                var ping = await Command.InAsync(Topology.Client, "ping", "-n", "-c", "3", "-i", "0.05", "-W", "1", "-s", "1000", $"{address}");
                ping.ExitCode.Should().Be(0, ping.ToString());
            }
        }
    });

    [RootFact]
    public Task DirectRequests_FromAClient_AreSharedAndAnsweredByTheNodesThemselves() => WireAsync(async () =>
    {
        await using var direct = FrameCapture.Of(Topology.Client, _direct.Address);
        await using var translated = FrameCapture.Of(Topology.Client, _translated.Address);

        var answers = await ClientRequests.ManyAsync(1, _direct, 200);

        answers.Should().OnlyContain(answer => answer.Failure == null);
        await ShouldBeSharedAsync(1, "direct", [.. answers.Select(answer => answer.Node!)]);
        (await direct.StopAsync()).Should().BeEquivalentTo(await Task.WhenAll(_nodes.Select(node => MacAsync(Topology.Node(node)))));

        (await ClientRequests.ManyAsync(1, _translated, 10)).Should().OnlyContain(answer => answer.Failure == null);
        (await translated.StopAsync()).Should().BeEquivalentTo([await MacAsync(Topology.Replica(1))], "translated answers come back through the replica");
    });

    [RootFact]
    public Task DirectFlow_MovedToAnotherReplica_StaysWithItsNode() => WireAsync(async () =>
    {
        using var drip = await ClientRequests.OpenDripAsync(_direct, 8);
        while (await drip.ReadLineAsync() is { Length: > 0 })
        {
            // Headers.
        }

        var lines = new List<string?> { await drip.ReadLineAsync() };
        await Topology.RouteServicesAsync(2, family);
        while (await drip.ReadLineAsync() is { } line)
        {
            lines.Add(line);
        }

        var node = lines[0]!.Split(' ')[0];
        lines.Should().Equal(Enumerable.Range(0, 8).Select(number => $"{node} {number}"));
    });

    [RootFact]
    public Task DirectNode_AtItsEnd_GivesBackTheServiceAddress() => WireAsync(async () =>
    {
        var last = _nodes[^1];
        (await LoopbackAsync(last)).Should().Contain($"{_direct.Address}/");

        (await Cluster.Node(last).TerminateAsync()).Should().Be(0);

        (await LoopbackAsync(last)).Should().NotContain($"{_direct.Address}/");
        await Cluster.WaitForRoutableAsync(5, Cluster.AllReplicas);
        (await ClientRequests.ManyAsync(1, _direct, 60)).Should().OnlyContain(answer => answer.Failure == null && answer.Node != $"node-{last}");
    });

    [RootFact]
    public Task Upload_WhosePacketsAreTooBigForTheWayToTheNodes_CompletesWithSmallerOnes() => WireAsync(() => UploadAsync(_translated));

    [RootFact]
    public Task DirectUpload_WhosePacketsAreTooBigForTheWayToTheNodes_CompletesWithSmallerOnes() => WireAsync(() => UploadAsync(_direct));

    [RootFact]
    public Task Download_WhosePacketsAreTooBigForARouterBeforeTheClient_CompletesWithSmallerOnes() => WireAsync(() =>
        DownloadAsync(_translated, seenAs: Topology.Address(2, 1, family)));

    [RootFact]
    public Task DirectDownload_WhosePacketsAreTooBigForARouterBeforeTheClient_CompletesWithSmallerOnes() => WireAsync(() =>
        DownloadAsync(_direct, seenAs: Topology.Address(3, 100, family)));

    [RootFact]
    public Task TunnelledRequests_FromAClient_AreSharedAndAnsweredByTheNodesThemselves() => WireAsync(async () =>
    {
        foreach (var replica in Cluster.AllReplicas)
        {
            await Topology.RouteServicesAsync(replica, family);
            await using var frames = FrameCapture.Of(Topology.Client, _tunnelled.Address);

            var answers = await ClientRequests.ManyAsync(replica, _tunnelled, 150);

            answers.Should().OnlyContain(answer => answer.Failure == null);
            await ShouldBeSharedAsync(replica, "tunnelled", [.. answers.Select(answer => answer.Node!)]);
            (await frames.StopAsync()).Should().BeEquivalentTo(await Task.WhenAll(_nodes.Select(node => MacAsync(Topology.Node(node)))));
        }
    });

    [RootFact]
    public Task TunnelledUpload_WhosePacketsAreTooBigInsideOthers_CompletesWithSmallerOnes() => WireAsync(async () =>
    {
        var answer = await ClientRequests.TransferAsync(Topology.Client, _tunnelled, $"POST /take/{BodyBytes}", BodyBytes);

        answer.Trim().Should().BeOneOf(Names);
        (await RouteAsync(Topology.Client, _tunnelled.Address)).Should().Contain($"mtu {CableMtu - OuterHeaderBytes}");
    });

    [RootFact]
    public Task TunnelledTransfers_WhereTheWayToTheNodesTakesTheOuterHeader_AreOfFullPackets() => WireAsync(async () =>
    {
        await Topology.SetPrivateMtuAsync(CableMtu + 40, 1, _nodes);
        try
        {
            // lb-1 hears of its interface's new size a moment later.
            await Eventually.HoldsAsync("an upload is not told to send smaller packets", async () =>
            {
                await ForgetPathsAsync();
                var answer = await ClientRequests.TransferAsync(Topology.Client, _tunnelled, $"POST /take/{BodyBytes}", BodyBytes);
                answer.Trim().Should().BeOneOf(Names);
                return !(await RouteAsync(Topology.Client, _tunnelled.Address)).Contains("mtu", StringComparison.Ordinal);
            });
            var body = await ClientRequests.TransferAsync(Topology.Client, _tunnelled, $"GET /bytes/{BigBodyBytes}");
            body.Should().HaveLength(BigBodyBytes);
        }
        finally
        {
            await Topology.SetPrivateMtuAsync(CableMtu, 1, _nodes);
        }
    });

    [RootFact]
    public Task TunnelledNode_AtItsEnd_GivesBackTheServiceAddressAndUnwrapsNoMore() => WireAsync(async () =>
    {
        var last = _nodes[^1];
        (await LoopbackAsync(last)).Should().Contain($"{_tunnelled.Address}/");
        var program = await UnwrapperAsync(last);

        (await Cluster.Node(last).TerminateAsync()).Should().Be(0);

        (await LoopbackAsync(last)).Should().NotContain($"{_tunnelled.Address}/");
        await ShouldBeGoneAsync(program);
        await Cluster.WaitForRoutableAsync(5, Cluster.AllReplicas);
        (await ClientRequests.ManyAsync(1, _tunnelled, 60)).Should().OnlyContain(answer => answer.Failure == null && answer.Node != $"node-{last}");
    });

    [RootFact]
    public Task TunnelledNode_Killed_LeavesNoProgramBehind() => WireAsync(async () =>
    {
        var last = _nodes[^1];
        var program = await UnwrapperAsync(last);

        Cluster.Node(last).Kill();

        await ShouldBeGoneAsync(program);
        // The next test is to find a new gale-node at work, not the old one still counted; and addresses that are there when it starts stay when it ends.
        await Cluster.WaitForRoutableAsync(5, Cluster.AllReplicas);
        foreach (var address in new[] { _direct.Address, _tunnelled.Address })
        {
            await Command.SucceedAsync("ip", "-n", Topology.Node(last).Name, "addr", "del", $"{address}/{(IsV6 ? 128 : 32)}", "dev", "lo");
        }
    });

    private async Task UploadAsync(IPEndPoint to)
    {
        foreach (var node in _nodes)
        {
            await NodeRouteAsync("add", node, "mtu", $"{Topology.RouterMtu}");
        }

        try
        {
            // lb-1 hears of its routes a moment later; until then packets of any size reach the nodes.
            await Eventually.HoldsAsync($"the client is told what fits on the way to {to}", async () =>
            {
                var answer = await ClientRequests.TransferAsync(Topology.Client, to, $"POST /take/{BodyBytes}", BodyBytes);
                answer.Trim().Should().BeOneOf(Names);
                return (await RouteAsync(Topology.Client, to.Address)).Contains($"mtu {Topology.RouterMtu}", StringComparison.Ordinal);
            });
        }
        finally
        {
            foreach (var node in _nodes)
            {
                await NodeRouteAsync("del", node);
            }
        }
    }

    /// <param name="seenAs">What a node takes for the remote client.</param>
    private static async Task DownloadAsync(IPEndPoint from, IPAddress seenAs)
    {
        var body = await ClientRequests.TransferAsync(Topology.Remote, from, $"GET /bytes/{BodyBytes}");

        body.Should().HaveLength(BodyBytes);
        var node = Topology.Node(int.Parse(body[..6]["node-".Length..], null));
        (await RouteAsync(node, seenAs)).Should().Contain($"mtu {Topology.RouterMtu}", $"the router's error about an answer of {from} reached {node.Name}");
    }

    /// <summary>As <see cref="ClusterTests.ObserveAsync"/>, from services routed to lb-1 and path MTUs forgotten.</summary>
    private Task WireAsync(Func<Task> test, [CallerMemberName] string name = "") => ObserveAsync(
        async () =>
        {
            await Topology.RouteServicesAsync(1, family);
            await ForgetPathsAsync();
            await test();
        },
        name);

    private async Task ForgetPathsAsync()
    {
        foreach (var space in _nodes.Select(Topology.Node).Append(Topology.Client))
        {
            await Command.SucceedAsync("ip", "-n", space.Name, _familyOption, "route", "flush", "cache");
        }
    }

    // Flows differ by ports that are as good as random: five standard deviations of a binomial.
    private async Task ShouldBeSharedAsync(int replica, string service, ImmutableArray<string> nodes)
    {
        var ring = await Cluster.Api(replica).RingAsync($"{service}-{(IsV6 ? 6 : 4)}");
        ring.Keys.Should().BeEquivalentTo(Names);
        foreach (var (node, share) in ring)
        {
            var mean = nodes.Length * share;
            var deviation = Math.Sqrt(mean * (1 - share));
            nodes.Count(name => name == node).Should().BeInRange((int)(mean - (5 * deviation)), (int)(mean + (5 * deviation)), $"{node} has {share:P1} of {service}");
        }
    }

    private Task<string> NodeRouteAsync(string verb, int node, params IEnumerable<string> metrics) =>
        Command.SucceedAsync("ip", ["-n", Topology.Replica(1).Name, _familyOption, "route", verb, $"{Topology.Address(2, 10 + node, family)}", "dev", "priv", .. metrics]);

    private static Task<string> RouteAsync(NetworkNamespace space, IPAddress to) =>
        Command.SucceedAsync("ip", "-n", space.Name, "route", "get", $"{to}");

    private static Task<string> LoopbackAsync(int node) =>
        Command.SucceedAsync("ip", "-n", Topology.Node(node).Name, "-br", "addr", "show", "dev", "lo");

    /// <summary>The numbers of the packet programs that a process has put somewhere, by its links.</summary>
    private static string[] AttachedPrograms(int process) =>
    [
        .. from descriptor in Directory.EnumerateFiles($"/proc/{process}/fdinfo")
           let lines = LinesOfDescriptor(descriptor)
           where lines.Any(line => line.StartsWith("link_type:", StringComparison.Ordinal))
           from line in lines
           where line.StartsWith("prog_id:", StringComparison.Ordinal)
           select line["prog_id:".Length..].Trim(),
    ];

    /// <summary>What the kernel says of a descriptor; nothing of one that its process has closed since it was listed, as a live process does all the time.</summary>
    private static string[] LinesOfDescriptor(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (FileNotFoundException)
        {
            return [];
        }
    }

    /// <summary>The number of the program by which a node unwraps.</summary>
    private async Task<string> UnwrapperAsync(int node)
    {
        var program = AttachedPrograms(Cluster.Node(node).Id).Should().ContainSingle("it unwraps").Which;
        (await ShowProgramAsync(program)).Output.Should().Contain(Cluster.Shape.Decapsulation == "tc" ? " name galenode_tc " : " name galenode_unwrap ");
        return program;
    }

    private static async Task ShouldBeGoneAsync(string program) =>
        await Eventually.HoldsAsync($"program {program} is gone from the kernel", async () => (await ShowProgramAsync(program)).ExitCode != 0);

    private static Task<CommandResult> ShowProgramAsync(string number) => Command.RunAsync("bpftool", "prog", "show", "id", number);

    private static async Task<string> MacAsync(NetworkNamespace space) =>
        (await Command.SucceedAsync("ip", "-n", space.Name, "-br", "link", "show", "dev", "pub")).Split(' ', StringSplitOptions.RemoveEmptyEntries)[2];
}
