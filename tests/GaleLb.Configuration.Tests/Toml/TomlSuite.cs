using GaleLb.Configuration.Toml;

namespace GaleLb.Configuration.Tests.Toml;

/// <summary>The public suite's directory and the lists of which files belong to which version.</summary>
internal static class TomlSuite
{
    /// <summary>The environment variable that points the tests at another copy of the suite.</summary>
    public const string DirectoryVariable = "GALELB_TOML_SUITE";

    public static string Directory { get; } =
        Environment.GetEnvironmentVariable(DirectoryVariable) is { Length: > 0 } other
            ? other
            : Path.Combine(TestFiles.ProjectDirectory, "toml-test");

    /// <summary>The documents under <paramref name="folder"/> that the list of <paramref name="version"/> names.</summary>
    public static IEnumerable<string> Documents(TomlVersion version, string folder)
    {
        string list = Path.Combine(Directory, version == TomlVersion.V10 ? "files-toml-1.0.0" : "files-toml-1.1.0");
        return File.ReadLines(list)
            .Where(f => f.StartsWith(folder + "/", StringComparison.Ordinal) && f.EndsWith(".toml", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal);
    }

    public static TheoryData<TomlVersion, string> Cases(string folder)
    {
        TheoryData<TomlVersion, string> cases = [];
        foreach (TomlVersion version in Enum.GetValues<TomlVersion>())
        {
            foreach (string file in Documents(version, folder))
            {
                cases.Add(version, file);
            }
        }

        return cases;
    }
}
