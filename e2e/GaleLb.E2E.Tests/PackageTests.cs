using System.Text.RegularExpressions;
using GaleLb.E2E.Tests.Harness;

namespace GaleLb.E2E.Tests;

/// <summary>The packages, made once for all tests from what is in bin/, and unpacked.</summary>
public sealed class PackageFixture : IAsyncLifetime
{
    public string Directory { get; } = Repository.Scratch("packages");

    public string Tree => Path.Combine(Directory, "tree");

    public string Deb(string name) => System.IO.Directory.GetFiles(Directory, $"{name}_*_amd64.deb").Single();

    public async Task InitializeAsync()
    {
        await Command.SucceedAsync(
            Path.Combine(Repository.Root, "configs/package/build.sh"), "-z", "0", Path.GetDirectoryName(Repository.Binary("gale-lb"))!, Directory);
        foreach (var name in PackageTests.Names)
        {
            await Command.SucceedAsync("dpkg-deb", "-x", Deb(name), Tree);
        }
    }

    public Task DisposeAsync()
    {
        System.IO.Directory.Delete(Directory, recursive: true);
        return Task.CompletedTask;
    }
}

/// <summary>What is in the Debian packages, and whether its parts fit each other. Needs no root.</summary>
public sealed partial class PackageTests(PackageFixture packages) : IClassFixture<PackageFixture>
{
    public static readonly string[] Names = ["gale-lb", "gale-node", "galectl"];

    private static readonly Dictionary<string, string[]> Contents = new(StringComparer.Ordinal)
    {
        ["gale-lb"] =
        [
            "/etc/gale-lb/lb.toml", "/usr/bin/gale-lb", "/usr/lib/sysctl.d/50-gale-lb.conf", "/usr/lib/systemd/system/gale-lb.service",
            "/usr/lib/systemd/system/gale-lb-pins.service",
            "/usr/lib/sysusers.d/gale-lb.conf", "/usr/share/bash-completion/completions/gale-lb", "/usr/share/doc/gale-lb/changelog.gz",
            "/usr/share/doc/gale-lb/copyright", "/usr/share/lintian/overrides/gale-lb", "/usr/share/man/man5/gale-lb.toml.5.gz",
            "/usr/share/man/man8/gale-lb.8.gz", "/usr/share/zsh/vendor-completions/_gale-lb",
        ],
        ["gale-node"] =
        [
            "/etc/gale-node/node.toml", "/usr/bin/gale-node", "/usr/lib/systemd/system/gale-node.service", "/usr/lib/sysusers.d/gale-node.conf",
            "/usr/share/bash-completion/completions/gale-node", "/usr/share/doc/gale-node/changelog.gz", "/usr/share/doc/gale-node/copyright",
            "/usr/share/doc/gale-node/examples/l2.conf", "/usr/share/lintian/overrides/gale-node", "/usr/share/man/man5/gale-node.toml.5.gz",
            "/usr/share/man/man8/gale-node.8.gz", "/usr/share/zsh/vendor-completions/_gale-node",
        ],
        ["galectl"] =
        [
            "/usr/bin/galectl", "/usr/share/bash-completion/completions/galectl", "/usr/share/doc/galectl/changelog.gz",
            "/usr/share/doc/galectl/copyright", "/usr/share/lintian/overrides/galectl", "/usr/share/man/man1/galectl.1.gz",
            "/usr/share/zsh/vendor-completions/_galectl",
        ],
    };

    public static TheoryData<string> Packages => [.. Names];

    [Theory]
    [MemberData(nameof(Packages))]
    public async Task Package_OfEachName_HoldsTheseFilesOfRoot(string name)
    {
        var listed = (await Command.SucceedAsync("dpkg-deb", "-c", packages.Deb(name))).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        listed.Should().OnlyContain(line => line.Contains(" root/root ", StringComparison.Ordinal));
        listed.Where(line => line[0] == '-').Select(line => line[line.IndexOf("./", StringComparison.Ordinal)..][1..])
            .Should().BeEquivalentTo(Contents[name]);
        listed.Where(line => line.Contains("/usr/bin/gale", StringComparison.Ordinal)).Should().OnlyContain(line => line.StartsWith("-rwxr-xr-x"));
    }

    [Theory]
    [MemberData(nameof(Packages))]
    public async Task Package_OfEachName_IsOfTheVersionThatItsExecutableTells(string name)
    {
        var told = await Command.SucceedAsync(Path.Combine(packages.Tree, "usr/bin", name), "--version");
        var version = (await Command.SucceedAsync("dpkg-deb", "-f", packages.Deb(name), "Version")).Trim();

        told.Should().MatchRegex($@"\b{Regex.Escape(version)}\b");
    }

    [Theory]
    [InlineData("gale-lb", "/etc/gale-lb/lb.toml")]
    [InlineData("gale-node", "/etc/gale-node/node.toml")]
    public async Task Configuration_OfAPackage_IsAConfFileThatPasses(string name, string file)
    {
        (await Command.SucceedAsync("dpkg-deb", "-I", packages.Deb(name), "conffiles")).Should().Be($"{file}\n");

        var judged = await Command.RunAsync(Repository.Binary(name), "--config", packages.Tree + file, "--check-config");

        judged.ExitCode.Should().Be(0, judged.ToString());
    }

    [Fact]
    public void Configuration_OfGaleLb_KeepsForwardingOverARestart() =>
        File.ReadLines(Path.Combine(packages.Tree, "etc/gale-lb/lb.toml")).Should().ContainSingle(line => line.StartsWith("on_exit = ", StringComparison.Ordinal))
            .Which.Should().Be("on_exit = \"keep\"");

    [Theory]
    [InlineData("gale-lb", "CAP_BPF CAP_NET_ADMIN CAP_PERFMON")]
    [InlineData("gale-node", "")]
    public async Task Unit_OfAService_StartsWhatIsPackagedAsItsOwnUser(string name, string capabilities)
    {
        var unit = Unit(name);

        unit["Type"].Should().Equal("notify");
        unit["WatchdogSec"].Should().Equal("10");
        unit["User"].Should().Equal(name);
        unit["AmbientCapabilities"].Should().Equal(capabilities);
        unit["CapabilityBoundingSet"].Should().Equal(capabilities);
        unit["NoNewPrivileges"].Should().Equal("yes");
        unit["ProtectSystem"].Should().Equal("strict");
        unit["RestartPreventExitStatus"].Should().Equal("2");
        File.ReadAllText(Path.Combine(packages.Tree, $"usr/lib/sysusers.d/{name}.conf")).Should().Contain($"u {name} ");

        // What systemd would run, from the unpacked tree, and only to judge the file.
        var words = unit["ExecStart"].Should().ContainSingle().Which.Split(' ');
        words[0].Should().Be($"/usr/bin/{name}");
        var arguments = words[1..].Select(word => word[0] == '/' ? packages.Tree + word : word);
        var judged = await Command.RunAsync(packages.Tree + words[0], [.. arguments, "--check-config"]);
        judged.ExitCode.Should().Be(0, judged.ToString());
    }

    [Fact]
    public void Unit_OfGaleLb_SeesThePinPathThatItsConfigurationHas()
    {
        var pinPath = PinPath().Match(File.ReadAllText(Path.Combine(packages.Tree, "etc/gale-lb/lb.toml"))).Groups["path"].Value;

        Unit("gale-lb")["BindPaths"].Should().Equal(pinPath);
        Unit("gale-lb")["Requires"].Should().Equal("gale-lb-pins.service");
        Unit("gale-lb-pins")["ExecStart"].Should().Equal($"/bin/mkdir -p -m 0700 {pinPath}", $"/bin/chown -R gale-lb:gale-lb {pinPath}");
    }

    [Fact]
    public async Task Manual_OfGalectl_NamesEveryCommand()
    {
        var page = await Command.SucceedAsync("zcat", Path.Combine(packages.Tree, "usr/share/man/man1/galectl.1.gz"));
        var help = await Command.SucceedAsync(Repository.Binary("galectl"), "--help");
        var commands = help[help.IndexOf("Commands:", StringComparison.Ordinal)..].Split('\n').Skip(1)
            .Select(line => line.Trim().Split(' ')[0]).Where(word => word.Length > 0 && word != "completion").ToList();

        var described = page.Split('\n').Where(line => line.StartsWith(".It Cm ", StringComparison.Ordinal)).SelectMany(line => line.Split(' ')).ToHashSet();

        commands.Should().Contain("status").And.BeSubsetOf(described);
    }

    [Theory]
    [InlineData("gale-lb", "checks_timeout", "pin_path", "udp_one_way")]
    [InlineData("gale-node", "service_port", "exec", "node_token_file")]
    public async Task Manual_OfAConfiguration_NamesItsKeys(string name, params string[] keys)
    {
        var page = await Command.SucceedAsync("zcat", Path.Combine(packages.Tree, $"usr/share/man/man5/{name}.toml.5.gz"));

        keys.Should().OnlyContain(key => page.Contains($"\n.It Ic {key}\n", StringComparison.Ordinal));
        page.Should().NotContainAny("`", "**", "| ");
    }

    /// <summary>The settings of a unit file by name, in the order of their lines.</summary>
    private Dictionary<string, List<string>> Unit(string name) =>
        File.ReadLines(Path.Combine(packages.Tree, $"usr/lib/systemd/system/{name}.service"))
            .Where(line => line.Contains('=', StringComparison.Ordinal) && line[0] != '#')
            .Select(line => line.Split('=', 2))
            .GroupBy(pair => pair[0], pair => pair[1], StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.ToList(), StringComparer.Ordinal);

    [GeneratedRegex("""^(# )?pin_path = "(?<path>[^"]+)"$""", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex PinPath();
}
