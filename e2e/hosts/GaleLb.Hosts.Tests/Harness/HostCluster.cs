using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace GaleLb.Hosts.Tests.Harness;

/// <summary>
/// The hosts of the inventories in GALE_E2E_HOSTS (files, separated by ':'), which the playbooks have provisioned.
/// </summary>
/// <remarks>
/// GALE_E2E_INVENTORY is a file of what `ansible-inventory --list` says of them. GALE_E2E_SSH_KEY overrides the inventory's key,
/// GALE_E2E_BECOME_PASSWORD_FILE its password for sudo. GALE_E2E_CONTROL is a program that knows `crash NAME`, `start NAME` and `play ARGUMENTS`
/// (e2e/hosts/systemd.sh); without it a crash is a forced reboot, and ansible-playbook is run here.
/// </remarks>
public sealed partial class HostCluster : IAsyncLifetime
{
    private readonly string[] _files = [.. (Environment.GetEnvironmentVariable("GALE_E2E_HOSTS")
        ?? throw new InvalidOperationException("GALE_E2E_HOSTS names no inventory; ./build.sh e2e --hosts sets it"))
        .Split(':').Select(file => Path.GetFullPath(file, Repository.Root))];

    private readonly string? _control = Environment.GetEnvironmentVariable("GALE_E2E_CONTROL");
    private readonly string? _passwordFile = Environment.GetEnvironmentVariable("GALE_E2E_BECOME_PASSWORD_FILE") is { Length: > 0 } file ? file : null;

    private readonly Inventory _inventory = Inventory.Named
        ?? throw new InvalidOperationException("GALE_E2E_INVENTORY names no file; ./build.sh e2e --hosts sets it");

    public ImmutableArray<Host> Replicas { get; private set; } = [];

    public ImmutableArray<Host> Nodes { get; private set; } = [];

    /// <summary>Hosts without a role; a test may use them for what must not succeed.</summary>
    public ImmutableArray<Host> Spares { get; private set; } = [];

    /// <summary>Hosts that ask for pages, where they are hosts of the inventory.</summary>
    public ImmutableArray<Host> Clients { get; private set; } = [];

    /// <summary>Where clients reach the replicas, in their order.</summary>
    public ImmutableArray<IPEndPoint> Services { get; private set; }

    public IEnumerable<Host> All => Replicas.Concat(Nodes).Concat(Spares).Concat(Clients);

    public async Task InitializeAsync()
    {
        try
        {
            await FindAsync();
        }
        catch (Exception error)
        {
            throw new InvalidOperationException($"{error.Message}\nKept in {await HostBundle.WriteAsync(this, "start", error)}", error);
        }
    }

    private async Task FindAsync()
    {
        Replicas = await HostsAsync("lb");
        Nodes = await HostsAsync("node");
        Spares = await HostsAsync("spare");
        Clients = await HostsAsync("client");
        if (Replicas.Length != 3 || Nodes.Length != 3)
        {
            throw new InvalidOperationException($"The tests need three hosts in [lb] and three in [node]; the inventory has {Replicas.Length} and {Nodes.Length}");
        }

        var ports = Replicas.Select(r => Number(r.Name, "gale_clients_port", 8080));
        Services = [.. (await Task.WhenAll(Replicas.Select(r => r.PublicAddressAsync()))).Zip(ports, (address, port) => new IPEndPoint(address, port))];
    }

    public Task DisposeAsync() => PacketCapture.EndAsync(All);

    /// <summary>Runs a test on a cluster in which all is well; where it fails, a bundle tells of it.</summary>
    public async Task ObserveAsync(string test, Func<Task> run)
    {
        await PacketCapture.BeginAsync(All);
        try
        {
            await WaitForAllAsync();
            await run();
        }
        catch (Exception error)
        {
            throw new InvalidOperationException($"{error.Message}\nKept in {await HostBundle.WriteAsync(this, test, error)}", error);
        }
    }

    /// <summary>Until every replica is ready, all forward by one table, and all nodes are routable.</summary>
    public Task<TimeSpan> WaitForAllAsync() => Eventually.HoldsAsync("all replicas and nodes are up", TimeSpan.FromSeconds(90), async () =>
    {
        var ready = await Task.WhenAll(Replicas.Select(r => r.IsReadyAsync()));
        if (!ready.All(r => r))
        {
            return false;
        }

        var states = await Task.WhenAll(Replicas.Select(r => r.GetAsync("/api/v1/status")));
        return states.All(s => Routable(s) == Nodes.Length) && states.Select(TableDigest).Distinct(StringComparer.Ordinal).Count() == 1;
    });

    /// <summary>Until the replicas see exactly this many routable nodes.</summary>
    public static Task<TimeSpan> WaitForRoutableAsync(int count, TimeSpan limit, IEnumerable<Host> replicas) =>
        Eventually.HoldsAsync($"{count} nodes are routable", limit, async () =>
            (await Task.WhenAll(replicas.Select(r => r.GetAsync("/api/v1/status")))).All(s => Routable(s) == count));

    public static async Task<Host> LeaderAsync(IEnumerable<Host> among)
    {
        foreach (var replica in among)
        {
            if (await IsLeaderAsync(replica))
            {
                return replica;
            }
        }

        throw new IOException("no replica leads");
    }

    public static async Task<bool> IsLeaderAsync(Host replica) =>
        (await replica.GetAsync("/api/v1/status")).GetProperty("raft").GetProperty("role").GetString() == "leader";

    /// <summary>Ends a host without a word.</summary>
    public async Task CrashAsync(Host host)
    {
        if (_control is null)
        {
            // The connection ends with the host, so there is nothing to judge.
            await host.TryAsync("reboot -ff");
            return;
        }

        await ControlAsync("crash", host.ShortName);
    }

    /// <summary>Starts a host that crashed; one that reboots does so by itself.</summary>
    public async Task StartAsync(Host host)
    {
        if (_control is not null)
        {
            await ControlAsync("start", host.ShortName);
        }

        await Eventually.HoldsAsync($"{host.Name} answers", TimeSpan.FromMinutes(3), async () => (await host.TryAsync("true")).ExitCode == 0);
        await PacketCapture.ResumeAsync(host);
    }

    /// <summary>Runs a playbook, named by its path in the repository, to its end, whatever it comes to.</summary>
    public async Task<PlayResult> PlayAsync(string playbook, params string[] arguments)
    {
        var limit = TimeSpan.FromMinutes(15);
        var result = _control is null
            ? await Command.RunAsync(limit, "ansible-playbook",
            [
                .. _files.SelectMany(f => new[] { "-i", f }), "-e", "@" + Path.Combine(Repository.Root, "e2e/hosts/settings.yml"),
                .. _passwordFile is null ? Array.Empty<string>() : ["--become-password-file", _passwordFile],
                Path.Combine(Repository.Root, playbook), .. arguments,
            ])
            : await Command.RunAsync(limit, _control, ["play", playbook, .. arguments]);
        return new PlayResult(result.ExitCode, result.Output + result.Errors);
    }

    private static int Routable(JsonElement status) => status.GetProperty("nodes").GetProperty("routable").GetInt32();

    private static string TableDigest(JsonElement status) => status.GetProperty("data_plane").GetProperty("table_digest").GetString() ?? "";

    private async Task ControlAsync(params string[] arguments)
    {
        var result = await Command.RunAsync(TimeSpan.FromMinutes(2), _control!, arguments);
        if (result.ExitCode != 0)
        {
            throw new IOException($"{_control} {string.Join(' ', arguments)}: {result}");
        }
    }

    /// <summary>"ADDRESS:PORT" of a replica among replicas.</summary>
    public async Task<string> PlaceAsync(Host replica) =>
        new IPEndPoint(await replica.PrivateAddressAsync(), Number(replica.Name, "gale_replica_port", 9090)).ToString();

    private int Number(string host, string name, int other) =>
        _inventory.Variable(host, name) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : other;

    private async Task<ImmutableArray<Host>> HostsAsync(string group) =>
        [.. await Task.WhenAll(_inventory.Group(group).Select(async name => new Host(name, await HostAccess.OfAsync(_inventory, name))))];

    /// <summary>What a playbook came to: its output, and how many tasks changed something.</summary>
    public sealed partial record PlayResult(int ExitCode, string Output)
    {
        public int Changed => Changes().Matches(Output).Sum(m => int.Parse(m.Groups["count"].ValueSpan, CultureInfo.InvariantCulture));

        [GeneratedRegex(@"\bchanged=(?<count>\d+)", RegexOptions.ExplicitCapture, 1000)]
        private static partial Regex Changes();
    }
}
