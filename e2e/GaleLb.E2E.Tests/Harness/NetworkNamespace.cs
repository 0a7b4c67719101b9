using System.Collections.Immutable;
using System.ComponentModel;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace GaleLb.E2E.Tests.Harness;

/// <summary>A network namespace by name, as `ip netns` has it.</summary>
public sealed partial record NetworkNamespace(string Name)
{
    private const int CloneNewNet = 0x40000000;
    private const short EveryEthertype = 3;
    private const int Tcp = 6;
    private const int Repair = 19;
    private const int RepairQueue = 20;
    private const int QueueSequence = 21;
    private const int SendQueue = 2;

    public string Path => $"/run/netns/{Name}";

    /// <summary>
    /// Connects to an address of the namespace. A socket stays in the namespace in which it was made, so only the making
    /// needs a thread there; that thread is thrown away.
    /// </summary>
    /// <param name="to">Of either family.</param>
    /// <param name="firstSequence">The SYN's sequence number, where it is not to be the kernel's choice.</param>
    public async Task<Socket> ConnectAsync(IPEndPoint to, CancellationToken cancellation, int? firstSequence = null)
    {
        var socket = Within(() => new Socket(to.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true });
        try
        {
            if (firstSequence is { } first)
            {
                foreach (var (option, value) in new[] { (Repair, 1), (RepairQueue, SendQueue), (QueueSequence, first), (Repair, 0) })
                {
                    socket.SetRawSocketOption(Tcp, option, BitConverter.GetBytes(value));
                }
            }

            await socket.ConnectAsync(to, cancellation);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>UDP sockets to an address, each with a port of its own.</summary>
    public ImmutableArray<Socket> OpenDatagrams(IPEndPoint to, int count) => Within(() => Enumerable.Range(0, count).Select(_ =>
    {
        var socket = new Socket(to.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        socket.Connect(to);
        return socket;
    }).ToImmutableArray());

    /// <summary>A socket that hears every frame that any interface of the namespace takes or sends.</summary>
    public Socket OpenCapture() => Within(() =>
        new Socket(AddressFamily.Packet, SocketType.Raw, (ProtocolType)IPAddress.HostToNetworkOrder(EveryEthertype)));

    /// <summary>An HTTP client whose connections are made in the namespace.</summary>
    /// <param name="timeout">Of each call.</param>
    /// <param name="tls">For https: what is shown and who is believed.</param>
    public HttpClient CreateHttpClient(TimeSpan timeout, SslClientAuthenticationOptions? tls = null) => new(new SocketsHttpHandler
    {
        UseProxy = false,
        SslOptions = tls ?? new(),
        ConnectCallback = async (context, cancellation) =>
        {
            var to = new IPEndPoint(IPAddress.Parse(context.DnsEndPoint.Host), context.DnsEndPoint.Port);
            return new NetworkStream(await ConnectAsync(to, cancellation), ownsSocket: true);
        },
    })
    {
        Timeout = timeout,
    };

    /// <summary>Listens on an address of the namespace, so that nobody else can.</summary>
    public Socket Listen(IPEndPoint at) => Within(() =>
    {
        var socket = new Socket(at.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(at);
        socket.Listen();
        return socket;
    });

    /// <summary>A value below /proc/sys/net, by its name for sysctl.</summary>
    public async Task<string> ReadSettingAsync(string name) => (await SysctlAsync("-n", name)).Trim();

    public Task SetAsync(string name, string value) => SysctlAsync("-qw", $"{name}={value}");

    private async Task<string> SysctlAsync(params IEnumerable<string> arguments)
    {
        var result = await Command.InAsync(this, "sysctl", arguments);
        return result.ExitCode == 0 ? result.Output : throw new InvalidOperationException($"sysctl {string.Join(' ', arguments)}: {result}");
    }

    private T Within<T>(Func<T> action)
    {
        T result = default!;
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                using var handle = File.OpenHandle(Path);
                if (SetNamespace((int)handle.DangerousGetHandle(), CloneNewNet) != 0)
                {
                    throw new Win32Exception(Marshal.GetLastPInvokeError(), $"Cannot enter {Path}");
                }

                result = action();
            }
            catch (Exception error)
            {
                failure = error;
            }
        });
        thread.Start();
        thread.Join();
        if (failure is not null)
        {
            ExceptionDispatchInfo.Throw(failure);
        }

        return result;
    }

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int SetNamespace(int descriptor, int kind);
}
