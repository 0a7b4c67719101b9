namespace GaleLb.Architecture.Tests.Projects;

public sealed class ReferenceTests
{
    public static TheoryData<string> ProjectPaths => [.. ProjectFile.All().Select(project => project.Path)];

    [Theory]
    [MemberData(nameof(ProjectPaths))]
    public void References_OfEachProject_PointTowardThePureOnes(string path) =>
        ReferenceRules.Violations(ProjectFile.Parse(path, Repository.Read(path))).Should().BeEmpty();

    [Theory]
    [MemberData(nameof(ProjectPaths))]
    public void Solution_HoldsEachProject_SoThatItIsBuiltAndTested(string path) =>
        Repository.Read("GaleLb.sln").Replace('\\', '/').Should().Contain($"\"{path}\"");

    [Theory]
    [InlineData("GaleLb.Raft", "GaleLb.State", "GaleLb.Raft may not refer to GaleLb.State")]
    [InlineData("GaleLb.State", "GaleLb.Replica", "GaleLb.State may not refer to GaleLb.Replica")]
    [InlineData("GaleLb.Rpc", "GaleLb.DataPlane", "GaleLb.Rpc may not refer to GaleLb.DataPlane")]
    [InlineData("GaleLb.Configuration", "GaleLb.Replica", "GaleLb.Configuration may not refer to GaleLb.Replica")]
    [InlineData("GaleLb.Replica", "GaleLb.Rpc", "GaleLb.Replica may not refer to GaleLb.Rpc")]
    [InlineData("GaleLb.Cli", "GaleLb.Node", "GaleLb.Cli may not refer to GaleLb.Node")]
    [InlineData("GaleLb.Stray", "GaleLb.Raft", "GaleLb.Stray has no place in the reference rules")]
    public void Violations_PlantedReference_IsNamed(string project, string reference, string violation) =>
        ReferenceRules.Violations(Planted(project, $"<ProjectReference Include=\"../{reference}/{reference}.csproj\" />"))
            .Should().Equal(violation);

    [Theory]
    [InlineData("GaleLb.Raft", "Google.Protobuf", "GaleLb.Raft is pure and may not use the package Google.Protobuf")]
    [InlineData("GaleLb.Replica", "Google.Protobuf", "GaleLb.Replica may not use the package Google.Protobuf: only GaleLb.Rpc does")]
    public void Violations_PlantedPackage_IsNamed(string project, string package, string violation) =>
        ReferenceRules.Violations(Planted(project, $"<PackageReference Include=\"{package}\" />")).Should().Equal(violation);

    private static ProjectFile Planted(string project, string item) =>
        ProjectFile.Parse($"src/{project}/{project}.csproj", $"<Project><ItemGroup>{item}</ItemGroup></Project>");
}
