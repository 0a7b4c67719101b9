using System.Net;
using GaleLb.E2E.Tests.Harness;

namespace GaleLb.E2E.Tests;

/// <summary>Namespaces without a cluster in them.</summary>
public sealed class TopologyFixture : IAsyncLifetime
{
    private Topology? _topology;

    public async Task InitializeAsync()
    {
        if (Environment.IsPrivilegedProcess)
        {
            _topology = await Topology.UpAsync();
        }
    }

    public async Task DisposeAsync()
    {
        if (_topology is not null)
        {
            await _topology.DisposeAsync();
        }
    }
}

/// <summary>
/// gale-lb where something is wrong: one clear error, the right exit code, and the machine's network as it was.
/// </summary>
public sealed class BadInputTests(TopologyFixture fixture) : IClassFixture<TopologyFixture>
{
    private static readonly NetworkNamespace Machine = Topology.Replica(1);
    private readonly string _directory = Repository.Scratch("bad-input");

    [RootFact]
    public async Task Interface_Missing_IsNamedWithThoseThatExist()
    {
        var config = await ConfigAsync(text => text.Replace("net_interface_public = \"pub\"", "net_interface_public = \"absent0\""));

        await ShouldFailAsync(1, config, "net_interface_public", "absent0", "pub");
    }

    [RootFact]
    public async Task Privilege_Missing_IsNamed()
    {
        var config = await ConfigAsync(text => text);

        await ShouldFailAsync(1, ["setpriv", "--bounding-set=-all", "--inh-caps=-all", Repository.Binary("gale-lb"), "--config", config], "CAP_");
    }

    [RootFact]
    public async Task Port_InUse_IsNamedWithItsAddress()
    {
        var config = await ConfigAsync(text => text);
        foreach (var port in new[] { Topology.ApiPort, Topology.NodePort, Topology.LoadBalancerPort })
        {
            using var occupant = Machine.Listen(new IPEndPoint(Topology.PrivateAddress(1), port));

            await ShouldFailAsync(1, config, $"{port}", "in use");
        }
    }

    [RootFact]
    public async Task DataDirectory_ThatIsAFile_IsNamed()
    {
        var config = await ConfigAsync(text => text);
        Directory.CreateDirectory(Path.Combine(_directory, "lb-1"));
        await File.WriteAllTextAsync(Path.Combine(_directory, "lb-1", "data"), "not a directory");

        await ShouldFailAsync(1, config, Path.Combine(_directory, "lb-1", "data"));
    }

    [RootFact]
    public async Task DataDirectory_Damaged_IsRefusedByFileAndLeftAsItIs()
    {
        var config = await ConfigAsync(SingleReplica);
        var data = Path.Combine(_directory, "lb-1", "data");
        using (var replica = Daemon.Start(Machine, Path.Combine(_directory, "log"), Repository.Binary("gale-lb"), "--config", config))
        {
            using var api = new ReplicaApi(1);
            await Eventually.HoldsAsync("the replica leads its cluster of one", async () => (await api.StatusAsync()).IsLeader);
            (await replica.TerminateAsync()).Should().Be(0);
        }

        foreach (var file in Directory.EnumerateFiles(data, "*", SearchOption.AllDirectories))
        {
            var bytes = await File.ReadAllBytesAsync(file);
            for (var at = 0; at < Math.Min(bytes.Length, 4096); at += 7)
            {
                bytes[at] ^= 0x5A;
            }

            await File.WriteAllBytesAsync(file, bytes);
        }

        var damaged = Fingerprint(data);

        await ShouldFailAsync(1, config, data);
        Fingerprint(data).Should().Equal(damaged, "what is left may be needed to see what happened");
    }

    [RootFact]
    public async Task PeerList_WithoutThisMachine_IsRefusedWithTheMachinesAddresses()
    {
        var config = await ConfigAsync(text => text.Replace("10.98.2.1\"", "10.98.2.77\""));

        await ShouldFailAsync(1, config, "addresses", "10.98.2.1");
    }

    [RootFact]
    public async Task Configuration_WithAMisspeltKey_IsRefusedByPlaceAndNearestKey()
    {
        var config = await ConfigAsync(text => text.Replace("checks_timeout", "chekcs_timeout"));

        await ShouldFailAsync(2, config, config + ":13:", "chekcs_timeout", "checks_timeout");
    }

    [RootFact]
    public async Task Configuration_ThatIsMissing_IsRefusedByName() =>
        await ShouldFailAsync(2, Path.Combine(_directory, "no-such.toml"), "no-such.toml");

    [RootFact]
    public async Task Node_DialingAClosedPort_SaysWhereReplicasListenByDefault()
    {
        var config = Path.Combine(_directory, "node.toml");
        await File.WriteAllTextAsync(config, (await Topology.NodeConfigAsync(1)).Replace("port = 7070", "port = 8082"));
        using var node = Daemon.Start(Topology.Node(1), Path.Combine(_directory, "node.log"), Repository.Binary("gale-node"), "--config", config);

        await Eventually.HoldsAsync("the log of gale-node names the default port", () =>
            Task.FromResult(node.Log.Contains("8082", StringComparison.Ordinal) && node.Log.Contains("7070", StringComparison.Ordinal)));
        node.IsRunning.Should().BeTrue("a replica may come up later");
        (await node.TerminateAsync()).Should().Be(0);
    }

    private static string SingleReplica(string text) =>
        string.Join('\n', text.Split('\n').Where(line => !line.Contains("10.98.2.2\"", StringComparison.Ordinal) && !line.Contains("10.98.2.3\"", StringComparison.Ordinal)));

    private static List<string> Fingerprint(string directory) =>
        Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(file => $"{file} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file)))}").ToList();

    private static Task ShouldFailAsync(int exitCode, string config, params string[] says) =>
        ShouldFailAsync(exitCode, [Repository.Binary("gale-lb"), "--config", config], says);

    private static async Task ShouldFailAsync(int exitCode, string[] command, params string[] says)
    {
        var before = await NetworkState.OfAsync(Machine);

        var result = await Command.InAsync(Machine, command[0], command[1..]);

        result.ExitCode.Should().Be(exitCode, result.ToString());
        var errors = result.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        errors.Should().HaveCountLessThan(4, "one clear error, no stack trace");
        foreach (var word in says)
        {
            result.Errors.Should().Contain(word);
        }

        (await NetworkState.OfAsync(Machine)).Text.Should().Be(before.Text);
    }

    private async Task<string> ConfigAsync(Func<string, string> edit)
    {
        _ = fixture;
        var path = Path.Combine(_directory, "lb.toml");
        await File.WriteAllTextAsync(path, edit(await Topology.ReplicaConfigAsync(1, _directory)));
        return path;
    }
}
