using System.Text.Json.Nodes;
using GaleLb.Configuration.Toml;

namespace GaleLb.Configuration.Tests.Toml;

/// <summary>Every file of the public suite, by name, for each version whose list names it.</summary>
public sealed class TomlSuiteTests
{
    public static TheoryData<TomlVersion, string> ValidCases => TomlSuite.Cases("valid");

    public static TheoryData<TomlVersion, string> InvalidCases => TomlSuite.Cases("invalid");

    [Theory]
    [MemberData(nameof(ValidCases))]
    public void Read_ValidDocument_DecodesToGivenJson(TomlVersion version, string file)
    {
        string path = Path.Combine(TomlSuite.Directory, file);
        JsonNode expected = JsonNode.Parse(File.ReadAllText(Path.ChangeExtension(path, ".json")))!;

        TomlTable document = TomlReader.Read(File.ReadAllBytes(path), version);

        TaggedJson.Difference(expected, TaggedJson.Encode(document)).Should().BeNull();
    }

    [Theory]
    [MemberData(nameof(InvalidCases))]
    public void Read_InvalidDocument_IsRefusedInWords(TomlVersion version, string file)
    {
        byte[] document = File.ReadAllBytes(Path.Combine(TomlSuite.Directory, file));

        Action read = () => TomlReader.Read(document, version);

        TomlException refusal = read.Should().Throw<TomlException>().Which;
        refusal.Detail.Should().NotBeEmpty().And.NotContain("\n");
        refusal.Position.Line.Should().BeInRange(1, document.Count(b => b == '\n') + 1);
    }
}
