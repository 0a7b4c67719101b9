namespace GaleLb.E2E.Tests.Harness;

/// <summary>Where the executables under test and the scripts are.</summary>
public static class Repository
{
    public static string Root { get; } = FindRoot();

    public static string Binary(string name)
    {
        var path = Path.Combine(Root, "bin", name);
        return File.Exists(path) ? path : throw new FileNotFoundException($"{path} is missing: ./build.sh build makes it.", path);
    }

    public static string Script(string name) => Path.Combine(Root, "e2e", name);

    /// <summary>An empty directory of this name for what a test run leaves behind.</summary>
    public static string Scratch(string name)
    {
        var path = Path.Combine(Root, ".build", "e2e", name);
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }

        Directory.CreateDirectory(path);
        return path;
    }

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
