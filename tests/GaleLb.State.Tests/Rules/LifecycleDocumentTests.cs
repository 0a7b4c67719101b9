using System.Text.RegularExpressions;

namespace GaleLb.State.Tests.Rules;

public sealed partial class LifecycleDocumentTests
{
    [Fact]
    public void Table_EveryRow_NamesATestThatExists()
    {
        string root = Root();
        // | from | what happens | to | fails | `test` |, and | what | outcome | `test` |
        string[][] rows = [.. File.ReadAllLines(Path.Combine(root, "docs", "node-lifecycle.md"))
            .Where(l => l.StartsWith('|')).Select(l => l.Trim('|').Split('|', StringSplitOptions.TrimEntries)).Where(c => c.Length != 4)];
        string[] named = [.. rows.Where(c => c[^1] is not "Test" && !c[^1].StartsWith("--", StringComparison.Ordinal)).SelectMany(c => c[^1].Split(", "))];
        HashSet<string> tests = [.. new[] { "tests", "e2e" }
            .SelectMany(d => Directory.EnumerateFiles(Path.Combine(root, d), "*Tests.cs", SearchOption.AllDirectories))
            .SelectMany(file => Test().Matches(File.ReadAllText(file))).Select(m => $"`{m.Groups["name"].Value}`")];

        named.Should().HaveCountGreaterThan(45);
        named.Except(tests, StringComparer.Ordinal).Should().BeEmpty("a row without its test proves nothing");
    }

    private static string Root()
    {
        DirectoryInfo? directory = new(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "GaleLb.sln")))
            directory = directory.Parent;
        return directory?.FullName ?? throw new InvalidOperationException("the repository's root was not found");
    }

    [GeneratedRegex(@"\[(?:Root)?(?:Fact|Theory)\b[^\n]*\n(?:\s*\[[^\n]*\n)*\s*public (?:async )?(?:void|Task) (?<name>\w+)\(", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Test();
}
