using System.Reflection;

namespace GaleLb.Configuration.Tests;

/// <summary>Where the repository's files are, as told by the build.</summary>
internal static class TestFiles
{
    public static string ProjectDirectory { get; } = Metadata("ProjectDirectory");

    public static string RepositoryRoot { get; } = Metadata("RepositoryRoot");

    private static string Metadata(string key) =>
        typeof(TestFiles).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == key).Value!;
}
