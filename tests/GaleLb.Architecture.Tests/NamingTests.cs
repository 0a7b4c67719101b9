using System.Text.RegularExpressions;

namespace GaleLb.Architecture.Tests;

public sealed partial class NamingTests
{
    public static TheoryData<string> SourceFiles => [.. Repository.Files("src", "*.cs")];

    [Theory]
    [MemberData(nameof(SourceFiles))]
    public void TypeNames_InEachSourceFile_SayWhatTheTypeIs(string path) =>
        Vague(Repository.Read(path)).Should().BeEmpty();

    [Theory]
    [InlineData("public sealed class NodeManager", "NodeManager")]
    [InlineData("internal static class RingHelper;", "RingHelper")]
    [InlineData("public readonly record struct PacketUtil(int A);", "PacketUtil")]
    [InlineData("public interface ICommon { }", "ICommon")]
    [InlineData("public enum StringUtils : byte", "StringUtils")]
    public void Vague_PlantedName_IsFound(string source, string name) => Vague(source).Should().Equal(name);

    [Theory]
    [InlineData("public sealed class RingPlanner { }")]
    [InlineData("// the class NodeManager was renamed")]
    public void Vague_PlainName_IsLeftAlone(string source) => Vague(source).Should().BeEmpty();

    [Fact]
    public void UnfinishedMarks_InAllSources_AreAbsent() =>
        new[] { "src", "tests", "e2e", "bpf", "proto" }
            .SelectMany(top => Repository.Files(top, "*"))
            .Where(path => Path.GetExtension(path) is ".cs" or ".c" or ".h" or ".proto" or ".sh" or ".py")
            .Where(path => Unfinished().IsMatch(Repository.Read(path)))
            .Should().BeEmpty();

    private static IEnumerable<string> Vague(string source) =>
        Declaration().Matches(source).Select(match => match.Groups["name"].Value).Where(name => VagueEnding().IsMatch(name));

    [GeneratedRegex(@"^(?!\s*//).*?\b(?:class|struct|record|interface|enum)\s+(?<name>[A-Z]\w*)", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Declaration();

    [GeneratedRegex("(Manager|Helper|Util|Common)s?$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex VagueEnding();

    // In two parts, so that this file does not find itself.
    [GeneratedRegex(@"\b(TO" + @"DO|FIX" + @"ME)\b", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Unfinished();
}
