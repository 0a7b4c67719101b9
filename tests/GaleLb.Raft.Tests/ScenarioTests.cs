using System.Runtime.CompilerServices;
using GaleLb.Raft.Tests.Harness;

namespace GaleLb.Raft.Tests;

/// <summary>
/// Each file of testdata is a story with its outcome. With GALELB_UPDATE_SCENARIOS=1 the files are rewritten by what happens:
/// read the difference before committing it.
/// </summary>
public sealed class ScenarioTests
{
    public static TheoryData<string> Files =>
        [.. Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "testdata"), "*.txt").Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Files))]
    public void Run_OfFile_HappensAsWritten(string file)
    {
        string text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "testdata", file));
        string actual = Scenario.Run(text);
        if (Environment.GetEnvironmentVariable("GALELB_UPDATE_SCENARIOS") == "1")
            File.WriteAllText(Path.Combine(SourceDirectory(), "testdata", file), actual);
        else
            actual.Should().Be(text);
    }

    private static string SourceDirectory([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
