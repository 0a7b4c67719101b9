using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using GaleLb.Node.Checks;
using GaleLb.Node.Heartbeats;
using GaleLb.Rpc.V1;

namespace GaleLb.Node.Tests.Checks;

public sealed class ServiceChecksTests : IDisposable
{
    private readonly TcpListener _open = new(IPAddress.Loopback, 0);
    private readonly IPEndPoint _closed;

    public ServiceChecksTests()
    {
        _open.Start();
        using TcpListener closing = new(IPAddress.Loopback, 0);
        closing.Start();
        _closed = (IPEndPoint)closing.LocalEndpoint;
    }

    private IPEndPoint Open => (IPEndPoint)_open.LocalEndpoint;

    public void Dispose() => _open.Dispose();

    [Fact]
    public async Task Tcp_PortOpen_Passes() =>
        (await CheckAsync(new TcpServiceCheck([new PortTarget("", Open)]))).Should().Be(ServiceReport.Serving);

    [Fact]
    public async Task Tcp_PortClosed_FailsAndNamesIt()
    {
        ServiceReport report = await CheckAsync(new TcpServiceCheck([new PortTarget("", _closed)]));

        report.Status.Should().Be(ServingStatus.NotServing);
        report.Detail.Should().Contain(_closed.ToString());
    }

    [Fact]
    public async Task Tcp_OneOfTwoClosed_NamesItsService()
    {
        ServiceReport report = await CheckAsync(new TcpServiceCheck([new PortTarget("mail", _closed), new PortTarget("web", Open)]));

        report.Status.Should().Be(ServingStatus.Serving);
        report.NotServing.Should().Equal("mail");
    }

    [Fact]
    public async Task Tcp_AllClosed_IsTheWholeNode()
    {
        ServiceReport report = await CheckAsync(new TcpServiceCheck([new PortTarget("mail", _closed), new PortTarget("web", _closed)]));

        report.Status.Should().Be(ServingStatus.NotServing);
        report.NotServing.Should().BeEmpty();
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK", true)]
    [InlineData("HTTP/1.1 302 Found\r\nLocation: /elsewhere", true)]
    [InlineData("HTTP/1.1 404 Not Found", false)]
    [InlineData("HTTP/1.1 503 Service Unavailable", false)]
    [InlineData("nonsense", false)]
    public async Task Http_Answer_DecidesByStatus(string head, bool passes)
    {
        Task served = Task.Run(async () =>
        {
            using Socket socket = await _open.AcceptSocketAsync();
            await socket.ReceiveAsync(new byte[4096]);
            await socket.SendAsync(Encoding.ASCII.GetBytes($"{head}\r\nContent-Length: 0\r\n\r\n"));
        });
        using HttpServiceCheck check = new(new Uri($"http://{Open}/health"));

        ServiceReport report = await CheckAsync(check);
        await served;

        (report.Status == ServingStatus.Serving).Should().Be(passes, report.Detail);
    }

    [Fact]
    public async Task Http_NobodyListens_Fails()
    {
        using HttpServiceCheck check = new(new Uri($"http://{_closed}/"));

        (await CheckAsync(check)).Status.Should().Be(ServingStatus.NotServing);
    }

    [Fact]
    public async Task Exec_ExitsWithZero_Passes() =>
        (await CheckAsync(new ExecServiceCheck(["/bin/true"]))).Should().Be(ServiceReport.Serving);

    [Fact]
    public async Task Exec_ExitsOtherwise_FailsWithTheCode()
    {
        ServiceReport report = await CheckAsync(new ExecServiceCheck(["/bin/sh", "-c", "echo words; exit 3"]));

        report.Should().Match<ServiceReport>(r => r.Status == ServingStatus.NotServing && r.Detail == "/bin/sh exited with 3");
    }

    [Fact]
    public async Task Exec_MuchOutput_DoesNotStopIt() =>
        (await CheckAsync(new ExecServiceCheck(["/bin/sh", "-c", "head -c 1000000 /dev/zero"]))).Should().Be(ServiceReport.Serving);

    [Fact]
    public async Task Exec_NoSuchProgram_FailsAndNamesIt() =>
        (await CheckAsync(new ExecServiceCheck(["/nonexistent/check"]))).Detail.Should().StartWith("/nonexistent/check cannot be run");

    [Fact]
    public async Task Exec_Cancelled_IsKilled()
    {
        using CancellationTokenSource cancel = new();
        string pipe = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        using (Process make = Process.Start("mkfifo", pipe))
            await make.WaitForExitAsync();
        Task<ServiceReport> check = new ExecServiceCheck(["/bin/sh", "-c", $"echo $$ > {pipe}; exec cat /dev/zero"]).CheckAsync(cancel.Token);
        // To open a pipe for reading waits for its writer.
        using Process program = Process.GetProcessById(int.Parse(await File.ReadAllTextAsync(pipe), CultureInfo.InvariantCulture));
        File.Delete(pipe);

        await cancel.CancelAsync();

        await check.Invoking(c => c).Should().ThrowAsync<OperationCanceledException>();
        await program.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
    }

    private static Task<ServiceReport> CheckAsync(IServiceCheck check) => check.CheckAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(60));
}
