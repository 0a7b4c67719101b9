using GaleLb.Configuration.Schema;

namespace GaleLb.Configuration.Tests;

public sealed class ConfigurationReferenceTests
{
    /// <summary>Set to anything to write docs/configuration.md anew instead of comparing it.</summary>
    private const string WriteVariable = "GALELB_WRITE_DOCS";

    [Fact]
    public void Reference_AsCommitted_IsWhatTheProgramsRead()
    {
        string path = Path.Combine(TestFiles.RepositoryRoot, "docs", "configuration.md");
        if (!string.IsNullOrEmpty(Environment.GetEnvironmentVariable(WriteVariable)))
        {
            File.WriteAllText(path, ConfigurationReference.Write());
        }

        File.ReadAllText(path).Should().Be(ConfigurationReference.Write(), $"{WriteVariable}=1 dotnet test writes it anew");
    }

    public static TheoryData<string> AllKeys =>
    [
        .. LoadBalancerSchema.Sections.SelectMany(s => s.Keys.Select(k => $"gale-lb {s.Name} {k.Name}")),
        .. NodeSchema.Sections.SelectMany(s => s.Keys.Select(k => $"gale-node {s.Name} {k.Name}")),
    ];

    [Theory]
    [MemberData(nameof(AllKeys))]
    public void Key_EveryOne_SaysWhatItIs(string key)
    {
        ConfigurationKey declared = Declared(key);

        declared.Description.Should().MatchRegex("^[A-Z].*\\.$");
        declared.TypeName.Should().NotBeEmpty();
        declared.Name.Should().MatchRegex("^[a-z][a-z_]*$");
    }

    internal static ConfigurationKey Declared(string key)
    {
        string[] parts = key.Split(' ');
        IReadOnlyList<ConfigurationSection> sections = parts[0] == "gale-lb" ? LoadBalancerSchema.Sections : NodeSchema.Sections;
        return sections.Single(s => s.Name == parts[1]).Keys.Single(k => k.Name == parts[2]);
    }
}
