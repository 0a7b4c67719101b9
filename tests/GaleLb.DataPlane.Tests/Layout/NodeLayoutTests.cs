using System.Text.RegularExpressions;
using GaleLb.DataPlane.Layout;
using GaleLb.DataPlane.Native;

namespace GaleLb.DataPlane.Tests.Layout;

/// <summary>Compares the C# mirrors with the BTF of the node's compiled object.</summary>
public sealed partial class NodeLayoutTests : IDisposable
{
    private readonly BpfObject obj = GaleNodeObject.Open();

    public void Dispose() => obj.Dispose();

    [Theory]
    [InlineData("galenode_role", "GALENODE_ROLE_", typeof(GaleNodeRole))]
    [InlineData("galenode_outcome", "GALENODE_", typeof(GaleNodeOutcome))]
    public void Enum_InCSharp_EqualsTheCompiledOne(string name, string prefix, Type mirror)
    {
        Dictionary<string, long> compiled = obj.Btf.Find(name, BtfKind.Enum)!.Enumerators
            .Where(e => e.Name is not "GALENODE_OUTCOMES")
            .ToDictionary(e => e.Name[prefix.Length..], e => e.Value);
        Dictionary<string, long> written = Enum.GetNames(mirror).Where(n => n != "None")
            .ToDictionary(n => WordStart().Replace(n, "_").ToUpperInvariant(), n => Convert.ToInt64(Enum.Parse(mirror, n)));
        written.Should().BeEquivalentTo(compiled);
    }

    [Fact]
    public void Object_HasTheProgramAndItsMaps()
    {
        obj.Programs.Should().Equal(GaleNodeObject.XdpUnwrap, GaleNodeObject.TcUnwrap);
        BpfMapDefinition addresses = obj.Map(GaleNodeObject.Addresses), outcomes = obj.Map(GaleNodeObject.Outcomes);
        (addresses.Type, addresses.KeySize, addresses.ValueSize).Should().Be((BpfMapType.Hash, 16, sizeof(GaleNodeRole)));
        (outcomes.Type, outcomes.KeySize, outcomes.ValueSize).Should().Be((BpfMapType.PerCpuArray, sizeof(uint), 16));
    }

    [GeneratedRegex("(?<=[a-z0-9])(?=[A-Z])", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex WordStart();
}
