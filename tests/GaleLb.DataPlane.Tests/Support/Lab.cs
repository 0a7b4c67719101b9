using System.Collections.Immutable;
using System.Net;
using GaleLb.DataPlane.Kernel;
using GaleLb.State.Forwarding;

namespace GaleLb.DataPlane.Tests.Support;

/// <summary>
/// A client, a load balancer with a public and a private interface, and two nodes behind a switch, each in a namespace of its own.
/// <code>client 10.71.0.2 ── pub0 10.71.0.1 [lb] priv0 10.72.0.1 ── switch ── node 10.72.0.11, 10.72.0.12</code>
/// and the same in fd71:: and fd72::.
/// </summary>
internal sealed class Lab : IDisposable
{
    public const ushort ServicePort = 8080;
    public const ushort TargetPort = 8000;
    public static readonly IPAddress ClientOne = IPAddress.Parse("10.71.0.2");
    public static readonly IPAddress VipOne = IPAddress.Parse("10.71.0.1");
    public static readonly IPAddress PrivateOne = IPAddress.Parse("10.72.0.1");
    public static readonly IPAddress NodeOne = IPAddress.Parse("10.72.0.11");
    public static readonly IPAddress NodeTwo = IPAddress.Parse("10.72.0.12");
    public static readonly IPAddress VipSix = IPAddress.Parse("fd71::1");
    public static readonly IPAddress NodeOneSix = IPAddress.Parse("fd72::11");
    public static readonly IPAddress NodeTwoSix = IPAddress.Parse("fd72::12");

    private static int count;
    private readonly string id = $"{Environment.ProcessId % 10000}{Interlocked.Increment(ref count)}";
    private readonly List<NetworkNamespace> namespaces = [];

    public Lab()
    {
        try
        {
            Client = Add("client");
            Balancer = Add("lb");
            Switch = Add("switch");
            Nodes = [Add("node1"), Add("node2")];
            Build();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public NetworkNamespace Client { get; }

    public NetworkNamespace Balancer { get; }

    public NetworkNamespace Switch { get; }

    public ImmutableArray<NetworkNamespace> Nodes { get; }

    public string MemberId => $"gdp{id}";

    public string PinDirectory => $"/sys/fs/bpf/galelb/{MemberId}";

    public DataPlaneOptions Options(XdpMode mode = XdpMode.Auto) => new()
    {
        MemberId = MemberId,
        PublicInterface = "pub0",
        PrivateInterface = "priv0",
        XdpMode = mode,
        EstablishedFlows = 32768,
        HalfOpenFlows = 8192,
    };

    public KernelDataPlane StartDataPlane(DataPlaneOptions? options = null) =>
        Balancer.Do(() => KernelDataPlane.Start(options ?? Options(), TimeProvider.System));

    /// <summary>Both nodes answer each connection with one line, their name, and echo what comes after it.</summary>
    public void StartServers(ushort port = TargetPort)
    {
        const string Server = """
            import socket, sys, threading
            def serve(c):
                c.sendall((sys.argv[1] + "\n").encode())
                while (data := c.recv(65536)): c.sendall(data)
                c.close()
            s = socket.create_server(("::", int(sys.argv[2])), family=socket.AF_INET6, backlog=512, dualstack_ipv6=True)
            print("listening", flush=True)
            while True: threading.Thread(target=serve, args=(s.accept()[0],), daemon=True).start()
            """;
        for (int i = 0; i < Nodes.Length; i++) Nodes[i].Start("python3", "-c", Server, $"node{i + 1}", $"{port}");
    }

    /// <summary>Connects so many times, one after the other; gives the name of each answering node, or the error.</summary>
    public string[] Connect(IPAddress address, int times)
    {
        const string Connector = """
            import socket, sys
            for _ in range(int(sys.argv[3])):
                try:
                    with socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=3) as c: print(c.makefile().readline().strip())
                except OSError as e: print(type(e).__name__)
            """;
        return Client.Run("python3", "-c", Connector, address.ToString(), $"{ServicePort}", $"{times}")
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>One connection that sends and receives a line every few ms. Prints <c>done LINES WORST_MS</c>, or the error that ended it.</summary>
    public string Stream(int seconds)
    {
        const string Sender = """
            import socket, sys, time
            try:
                c = socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=5)
                r = c.makefile("rb"); r.readline(); n = 0; end = time.time() + float(sys.argv[3]); worst = 0
                while time.time() < end:
                    t = time.time(); c.sendall(b"0123456789\n")
                    if r.readline() != b"0123456789\n": raise EOFError()
                    n += 1; worst = max(worst, time.time() - t); time.sleep(0.003)
                print("done", n, int(worst * 1000))
            except (OSError, EOFError) as e: print(type(e).__name__)
            """;
        return Client.Run("python3", "-c", Sender, VipOne.ToString(), $"{ServicePort}", $"{seconds}");
    }

    /// <summary>Sends so many bytes, no two of a packet's size alike, and compares them with what comes back. Prints <c>same BYTES</c>.</summary>
    public string Echo(IPAddress address, int bytes)
    {
        const string Comparer = """
            import random, socket, sys, threading
            size = int(sys.argv[3]); sent = random.Random(7).randbytes(size)
            c = socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=20)
            r = c.makefile("rb"); r.readline()
            threading.Thread(target=c.sendall, args=(sent,), daemon=True).start()
            print("same" if r.read(size) == sent else "differs", size)
            """;
        return Client.Run("python3", "-c", Comparer, address.ToString(), $"{ServicePort}", $"{bytes}").Trim();
    }

    /// <summary>
    /// A connection over which the client goes on sending, whether it is answered or not: who waits for an answer that a reset
    /// node owes, and has nothing unacknowledged, sends no packet that could be refused. Prints what ended it.
    /// </summary>
    public string Talk(int seconds)
    {
        const string Sender = """
            import socket, sys, time
            try:
                c = socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=5); end = time.time() + float(sys.argv[3])
                while time.time() < end:
                    c.send(b"0123456789\n"); c.settimeout(0.01)
                    try: c.recv(65536)
                    except TimeoutError: pass
                    c.settimeout(5)
                print("done")
            except OSError as e: print(type(e).__name__)
            """;
        return Client.Run("python3", "-c", Sender, VipOne.ToString(), $"{ServicePort}", $"{seconds}");
    }

    /// <summary>
    /// As interfaces come: checksums are left to the card, and many segments travel as one packet, which is what a public side in TC sees.
    /// </summary>
    public void LeaveChecksumsToTheCard()
    {
        Client.Run("ethtool", "-K", "eth0", "tx", "on");
        Switch.Run("ethtool", "-K", "lb", "tx", "on");
    }

    /// <summary>For one interface for both sides: the client is 10.72.0.50, behind the same switch.</summary>
    public void MoveClientToTheNodes()
    {
        Client.Ip("link del eth0");
        Join(Switch, "client", Client, "eth0");
        Switch.Ip("link set client master br0");
        Address(Client, "eth0", "10.72.0.50/24", "fd72::50/64");
        Client.Run("ethtool", "-K", "eth0", "tx", "off", "gro", "on");
    }

    public void Dispose()
    {
        foreach (NetworkNamespace space in Enumerable.Reverse(namespaces)) space.Dispose();
        if (!Directory.Exists(PinDirectory)) return;
        foreach (string pin in Directory.GetFiles(PinDirectory)) File.Delete(pin);
        foreach (string mark in Directory.GetDirectories(PinDirectory)) Directory.Delete(mark);
        Directory.Delete(PinDirectory);
        string parent = Path.GetDirectoryName(PinDirectory)!;
        if (!Directory.EnumerateFileSystemEntries(parent).Any()) Directory.Delete(parent);
    }

    private NetworkNamespace Add(string role)
    {
        NetworkNamespace space = new($"gdp-{id}-{role}");
        namespaces.Add(space);
        return space;
    }

    private void Build()
    {
        Join(Client, "eth0", Balancer, "pub0");
        Address(Client, "eth0", "10.71.0.2/24", "fd71::2/64");
        Address(Balancer, "pub0", "10.71.0.1/24", "fd71::1/64");

        Switch.Ip("link add br0 type bridge");
        Switch.Ip("link set br0 up");
        Join(Switch, "lb", Balancer, "priv0");
        Address(Balancer, "priv0", "10.72.0.1/24", "fd72::1/64");
        Switch.Ip("link set lb master br0");
        for (int i = 0; i < Nodes.Length; i++)
        {
            Join(Switch, $"node{i + 1}", Nodes[i], "eth0");
            Switch.Ip($"link set node{i + 1} master br0");
            Address(Nodes[i], "eth0", $"10.72.0.{11 + i}/24", $"fd72::{11 + i}/64");
        }

        // XDP sees frames as they come: with checksum offload they would come without a checksum. Redirected frames need NAPI at the far end.
        Client.Run("ethtool", "-K", "eth0", "tx", "off", "gro", "on");
        Switch.Run("ethtool", "-K", "lb", "tx", "off", "gro", "on");
    }

    private static void Join(NetworkNamespace left, string leftName, NetworkNamespace right, string rightName)
    {
        left.Ip($"link add {leftName} numrxqueues 1 numtxqueues 1 type veth peer name {rightName} netns {right.Name} numrxqueues 1 numtxqueues 1");
        left.Ip($"link set {leftName} up");
        right.Ip($"link set {rightName} up");
    }

    private static void Address(NetworkNamespace space, string device, string four, string six)
    {
        space.Ip($"addr add {four} dev {device}");
        space.Ip($"addr add {six} dev {device} nodad");
    }
}
