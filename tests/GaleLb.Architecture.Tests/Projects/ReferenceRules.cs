namespace GaleLb.Architecture.Tests.Projects;

/// <summary>
/// Who may refer to whom: arrows point toward the pure projects, edges do not know each other, only executables know all.
/// </summary>
internal static class ReferenceRules
{
    private static readonly string[] Pure = ["GaleLb.Raft", "GaleLb.State"];
    private static readonly string[] Edges = ["GaleLb.Rpc", "GaleLb.DataPlane", "GaleLb.Configuration"];
    private static readonly string[] Libraries = [.. Pure, .. Edges, "GaleLb.Replica"];

    /// <summary>By project: the projects it may refer to. A project under src that is not here is a violation.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["GaleLb.Raft"] = [],
        ["GaleLb.State"] = ["GaleLb.Raft"],
        ["GaleLb.Replica"] = Pure,
        ["GaleLb.DataPlane"] = Pure,
        ["GaleLb.Rpc"] = Pure,
        ["GaleLb.Configuration"] = Pure,
        ["GaleLb.LoadBalancer"] = Libraries,
        ["GaleLb.Node"] = Libraries,
        ["GaleLb.Cli"] = Libraries,
    };

    /// <summary>Packages that one project alone may know, so that what it stands for can be replaced in one place.</summary>
    private static readonly Dictionary<string, string> SoleUser = new(StringComparer.Ordinal)
    {
        ["Google.Protobuf"] = "GaleLb.Rpc",
        ["Grpc.Tools"] = "GaleLb.Rpc",
    };

    public static IEnumerable<string> Violations(ProjectFile project)
    {
        var underSrc = project.Path.StartsWith("src/", StringComparison.Ordinal);
        if (!underSrc)
        {
            yield break;
        }

        if (!Allowed.TryGetValue(project.Name, out var allowed))
        {
            yield return $"{project.Name} has no place in the reference rules";
            yield break;
        }

        foreach (var other in project.Projects.Except(allowed))
        {
            yield return $"{project.Name} may not refer to {other}";
        }

        foreach (var package in project.Packages)
        {
            if (Pure.Contains(project.Name))
            {
                yield return $"{project.Name} is pure and may not use the package {package}";
            }
            else if (SoleUser.TryGetValue(package, out var user) && user != project.Name)
            {
                yield return $"{project.Name} may not use the package {package}: only {user} does";
            }
        }
    }
}
