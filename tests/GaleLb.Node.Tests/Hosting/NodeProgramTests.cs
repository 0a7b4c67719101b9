using GaleLb.Node.Hosting;

namespace GaleLb.Node.Tests.Hosting;

public sealed class NodeProgramTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public async Task RunAsync_CheckConfigOfAGoodFile_IsFine()
    {
        await File.WriteAllTextAsync(_path, """
            [load_balancer]
            addresses = [{ ip = "192.168.1.2", port = 8082 }, { hostname = "lb-0.local" }]
            """);

        (int code, string output, string errors) = await RunAsync("--config", _path, "--check-config");

        (code, output.Trim(), errors).Should().Be((0, $"{_path}: ok", ""));
    }

    [Fact]
    public async Task RunAsync_BadFile_IsTwoWithTheErrors()
    {
        await File.WriteAllTextAsync(_path, "[load_balancer]\naddress = []\n");

        (int code, string output, string errors) = await RunAsync("--config", _path);

        code.Should().Be(2);
        output.Should().BeEmpty();
        errors.Should().Contain(_path).And.Contain("addresses");
    }

    [Fact]
    public async Task RunAsync_MissingFile_IsTwo()
    {
        (int code, _, string errors) = await RunAsync("--config", "/nonexistent/node.toml");

        code.Should().Be(2);
        errors.Should().Contain("/nonexistent/node.toml");
    }

    [Theory]
    [InlineData("", "--config FILE is missing")]
    [InlineData("--config", "--config needs a file")]
    [InlineData("--config=", "--config FILE is missing")]
    [InlineData("--frobnicate", "'--frobnicate' is not an argument")]
    public async Task RunAsync_BadUsage_IsTwoWithTheUsage(string arguments, string words)
    {
        (int code, _, string errors) = await RunAsync(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        code.Should().Be(2);
        errors.Should().Contain(words).And.Contain("usage:");
    }

    [Fact]
    public async Task RunAsync_MissingCertificate_IsOneAndNamesIt()
    {
        await File.WriteAllTextAsync(_path, """
            [load_balancer]
            addresses = [{ ip = "192.168.1.2" }]
            [node]
            name = "node-1"
            [security]
            ca = "/nonexistent/ca.pem"
            certificate = "/nonexistent/node.pem"
            key = "/nonexistent/node.key"
            """);

        (int code, _, string errors) = await RunAsync("--config", _path);

        code.Should().Be(1);
        errors.Should().Contain("/nonexistent/ca.pem");
    }

    private static async Task<(int Code, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        await using StringWriter output = new();
        await using StringWriter errors = new();
        int code = await NodeProgram.RunAsync(arguments, output, errors);
        return (code, output.ToString(), errors.ToString());
    }
}
