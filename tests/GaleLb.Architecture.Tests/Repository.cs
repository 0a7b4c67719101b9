namespace GaleLb.Architecture.Tests;

/// <summary>The clone this test was built in.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>All files below a directory of the repository that are written by people, by relative path.</summary>
    public static IEnumerable<string> Files(string directory, string pattern)
    {
        var top = Path.Combine(Root, directory);
        return !Directory.Exists(top)
            ? []
            : Directory.EnumerateFiles(top, pattern, SearchOption.AllDirectories)
                .Select(path => Path.GetRelativePath(Root, path))
                .Where(path => !path.Split('/').Any(part => part is "bin" or "obj"))
                .Order(StringComparer.Ordinal);
    }

    public static string Read(string relativePath) => File.ReadAllText(Path.Combine(Root, relativePath));

    private static string FindRoot()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "GaleLb.sln")))
            {
                return at.FullName;
            }
        }

        throw new InvalidOperationException($"No GaleLb.sln above {AppContext.BaseDirectory}.");
    }
}
