using System.Collections.Immutable;
using GaleLb.Raft;
using GaleLb.State.Forwarding;

namespace GaleLb.Architecture.Tests.Purity;

public sealed class PurityTests
{
    public static TheoryData<string> Rules => [.. PurityRule.ForState.Select(rule => rule.Name)];

    public static TheoryData<string, string> PlantedViolations
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (var method in typeof(Planted).GetMethods().Where(method => method.DeclaringType == typeof(Planted)))
            {
                var planted = (ViolatesAttribute)Attribute.GetCustomAttribute(method, typeof(ViolatesAttribute))!;
                cases.Add(method.Name, planted.Rule);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Rules))]
    public void State_CompiledCode_Keeps(string rule) =>
        Violations(typeof(ForwardingTable).Assembly.Location, Rule(rule)).Should().BeEmpty();

    [Theory]
    [MemberData(nameof(Rules))]
    public void Raft_CompiledCode_Keeps(string rule) =>
        Violations(typeof(RaftNode).Assembly.Location, Rule(rule)).Should().BeEmpty();

    [Theory]
    [InlineData(typeof(RaftNode))]
    [InlineData(typeof(ForwardingTable), "GaleLb.Raft")]
    public void PureProject_ReferencedAssemblies_AreTheFrameworksOwn(Type inside, params string[] others)
    {
        using var scanner = new AssemblyScanner(inside.Assembly.Location);

        scanner.ReferencedAssemblies.Where(name => !name.StartsWith("System.", StringComparison.Ordinal)).Except(others)
            .Should().BeEmpty();
    }

    [Theory]
    [MemberData(nameof(PlantedViolations))]
    public void Scanner_PlantedViolation_IsFoundByItsRuleAlone(string method, string rule)
    {
        var uses = AssemblyScanner.UsesIn(typeof(Planted).Assembly.Location).Where(use => use.InType.StartsWith(typeof(Planted).FullName!, StringComparison.Ordinal)
            && (use.InMethod == method || use.InMethod.Contains($"<{method}>", StringComparison.Ordinal)
                || use.InType.Contains($"<{method}>", StringComparison.Ordinal))).ToImmutableArray();

        PurityRule.ForState.Where(each => uses.Any(each.Bans)).Select(each => each.Name).Should().Equal(rule);
    }

    [Fact]
    public void PlantedViolations_Together_CoverEachRule() =>
        PlantedViolations.Select(row => (string)row[1]).Distinct().Should().BeEquivalentTo(PurityRule.ForState.Select(rule => rule.Name));

    [Fact]
    public void Scanner_OrderedAndInnocentCode_FindsNothing() =>
        AssemblyScanner.UsesIn(typeof(Innocent).Assembly.Location)
            .Where(use => use.InType.StartsWith(typeof(Innocent).FullName!, StringComparison.Ordinal))
            .Where(use => PurityRule.ForState.Any(rule => rule.Bans(use))).Should().BeEmpty();

    private static PurityRule Rule(string name) => PurityRule.ForState.Single(rule => rule.Name == name);

    private static List<string> Violations(string assembly, PurityRule rule) =>
        [.. AssemblyScanner.UsesIn(assembly).Where(rule.Bans).Select(use => use.ToString()).Distinct()];
}
