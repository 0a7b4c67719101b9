using System.Reflection;

namespace GaleLb.State.Tests.Rules;

public sealed class LifecycleDocumentTests
{
    [Fact]
    public void Table_EveryRow_NamesATestThatExists()
    {
        // | from | what happens | to | fails | `test` |
        string[][] rows = [.. File.ReadAllLines(Path.Combine(Root(), "docs", "node-lifecycle.md"))
            .Select(l => l.Split('|', StringSplitOptions.TrimEntries)).Where(c => c.Length == 7)];
        string[] named = [.. rows.Skip(2).Select(c => c[5].Trim('`')).Distinct(StringComparer.Ordinal)];
        string[] tests = [.. typeof(NodeLifecycleTests).GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
            .Select(m => m.Name)];

        named.Should().HaveCountGreaterThan(30);
        named.Except(tests, StringComparer.Ordinal).Should().BeEmpty("a row without its test proves nothing");
    }

    private static string Root()
    {
        DirectoryInfo? directory = new(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "GaleLb.sln")))
            directory = directory.Parent;
        return directory?.FullName ?? throw new InvalidOperationException("the repository's root was not found");
    }
}
