using System.Collections.Immutable;
using System.Xml.Linq;

namespace GaleLb.Architecture.Tests.Projects;

/// <summary>What a project file says about whom it knows.</summary>
internal sealed record ProjectFile(string Name, string Path, ImmutableArray<string> Projects, ImmutableArray<string> Packages)
{
    public static IEnumerable<ProjectFile> All() =>
        new[] { "src", "tests", "e2e" }.SelectMany(top => Repository.Files(top, "*.csproj")).Select(path => Parse(path, Repository.Read(path)));

    public static ProjectFile Parse(string path, string xml)
    {
        var items = XDocument.Parse(xml).Descendants().ToList();
        return new(
            System.IO.Path.GetFileNameWithoutExtension(path),
            path,
            [.. Includes(items, "ProjectReference").Select(System.IO.Path.GetFileNameWithoutExtension).OfType<string>()],
            [.. Includes(items, "PackageReference")]);
    }

    private static IEnumerable<string> Includes(List<XElement> items, string name) =>
        items.Where(item => item.Name.LocalName == name).Select(item => item.Attribute("Include")?.Value).OfType<string>();
}
