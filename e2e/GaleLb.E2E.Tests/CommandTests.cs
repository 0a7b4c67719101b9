using GaleLb.E2E.Tests.Harness;

namespace GaleLb.E2E.Tests;

/// <summary>The executables as they are published, without root and without a cluster.</summary>
public sealed class CommandTests
{
    [Theory]
    [InlineData("gale-lb", "configs/lb.toml")]
    [InlineData("gale-lb", "configs/lb-local.toml")]
    [InlineData("gale-node", "configs/node.toml")]
    public async Task CheckConfig_OfASample_Passes(string binary, string sample)
    {
        var result = await Command.RunAsync(Repository.Binary(binary), "--config", Path.Combine(Repository.Root, sample), "--check-config");

        result.ExitCode.Should().Be(0, result.ToString());
    }

    [Theory]
    [InlineData("gale-lb")]
    [InlineData("gale-node")]
    [InlineData("galectl")]
    public async Task UnknownArgument_GivenToACommand_ExitsWith2AndNamesIt(string binary)
    {
        var result = await Command.RunAsync(Repository.Binary(binary), "--no-such-option");

        result.ExitCode.Should().Be(2, result.ToString());
        result.Errors.Should().Contain("--no-such-option");
    }

    [Fact]
    public async Task Galectl_WithoutAReplicaThatAnswers_ExitsWith1AndNamesTheAddress()
    {
        var result = await Command.RunAsync(Repository.Binary("galectl"), "--api", "http://127.0.0.1:9", "status");

        result.ExitCode.Should().Be(1, result.ToString());
        result.Errors.Should().Contain("127.0.0.1:9");
    }
}
