using GaleLb.E2E.Tests.Harness;

namespace GaleLb.E2E.Tests;

/// <summary>The pages that tell a newcomer what to type.</summary>
public sealed class DocumentTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    /// <summary>Every block of docs/tutorial.md and every example of docs/rest.md, in a cluster that the tutorial itself builds.</summary>
    [RootFact]
    public async Task TutorialAndRestExamples_TypedAsTheyStand_DoWhatThePagesSay()
    {
        var result = await Command.RunAsync(Limit, "env", $"GALE_TUTORIAL_PREFIX={Topology.Prefix}", Repository.Script("tutorial.sh"));

        result.ExitCode.Should().Be(0, "{0}", result);
        result.Output.Should().EndWith("tutorial: every block ran as the pages say\n");
    }
}
