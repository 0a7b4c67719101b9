using System.Text;
using System.Text.RegularExpressions;
using GaleLb.Configuration.Options;
using GaleLb.Configuration.Schema;
using GaleLb.Configuration.Toml;

namespace GaleLb.Configuration.Tests;

/// <summary>The project's own samples pass, and hide no key and no default.</summary>
public sealed class ProjectSampleTests
{
    private static readonly string Configs = Path.Combine(TestFiles.RepositoryRoot, "configs");

    [Theory]
    [InlineData("lb.toml")]
    [InlineData("lb-local.toml")]
    public void LoadLoadBalancer_ProjectSample_PassesWithoutWarning(string file)
    {
        ConfigurationResult<LoadBalancerOptions> result = ConfigurationFile.LoadLoadBalancer(Path.Combine(Configs, file));

        result.Errors.Should().BeEmpty();
        result.Warnings.Should().BeEmpty();
    }

    [Fact]
    public void LoadNode_ProjectSample_PassesWithoutWarning()
    {
        ConfigurationResult<NodeOptions> result = ConfigurationFile.LoadNode(Path.Combine(Configs, "node.toml"));

        result.Errors.Should().BeEmpty();
        result.Warnings.Should().BeEmpty();
    }

    public static TheoryData<string, string> KeysOfSamples()
    {
        TheoryData<string, string> keys = [];
        foreach (ConfigurationSection section in LoadBalancerSchema.Sections.Where(s => s.Name != "local"))
        {
            section.Keys.ToList().ForEach(k => keys.Add("lb.toml", $"{section.Name} {k.Name}"));
        }

        LoadBalancerSchema.Local.Section.Keys.ToList().ForEach(k => keys.Add("lb-local.toml", $"local {k.Name}"));
        foreach (ConfigurationSection section in NodeSchema.Sections)
        {
            section.Keys.ToList().ForEach(k => keys.Add("node.toml", $"{section.Name} {k.Name}"));
        }

        return keys;
    }

    [Theory]
    [MemberData(nameof(KeysOfSamples))]
    public void Sample_EveryKey_StandsInItsSection(string file, string key)
    {
        string[] parts = key.Split(' ');
        TomlTable? table = Uncommented(file);
        foreach (string part in parts[0].Split('.'))
        {
            TomlValue value = Entry(table!, part).Value;
            table = value as TomlTable ?? (TomlTable)((TomlArray)value).Items[0];
        }

        Entry(table!, parts[1]);
    }

    [Theory]
    [MemberData(nameof(KeysOfSamples))]
    public void Sample_CommentedOutKeyWithDefault_ShowsThatDefault(string file, string key)
    {
        string[] parts = key.Split(' ');
        IReadOnlyList<ConfigurationSection> sections = file == "node.toml" ? NodeSchema.Sections : LoadBalancerSchema.Sections;
        ConfigurationKey declared = sections.Single(s => s.Name == parts[0]).Keys.Single(k => k.Name == parts[1]);
        string? commented = File.ReadLines(Path.Combine(Configs, file)).FirstOrDefault(l => l.StartsWith($"# {declared.Name} = ", StringComparison.Ordinal));
        if (commented is null || parts[0] == "services" || declared.DefaultText is null || !IsLiteral(declared.DefaultText))
        {
            return;
        }

        File.ReadLines(Path.Combine(Configs, file)).Should().Contain($"# {declared.Name} = {declared.DefaultText}");
    }

    private static bool IsLiteral(string text) => text[0] is '"' or '[' || char.IsAsciiDigit(text[0]) || text is "true" or "false";

    /// <summary>The sample as it reads with every "# key = …" and "# [section]" in force.</summary>
    private static TomlTable Uncommented(string file)
    {
        IEnumerable<string> lines = File.ReadLines(Path.Combine(Configs, file)).Select(line =>
            Regex.Replace(line, @"^# (?=[a-z_]+ = |\[\[?[a-z_.]+\]\]?$)", "", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1)));
        return TomlReader.Read(Encoding.UTF8.GetBytes(string.Join('\n', lines)));
    }

    private static TomlEntry Entry(TomlTable table, string key)
    {
        table.TryGet(key, out TomlEntry? entry).Should().BeTrue($"the sample should show {key}");
        return entry!;
    }
}
