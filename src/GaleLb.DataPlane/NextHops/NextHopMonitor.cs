using System.Collections.Immutable;
using System.Net;
using GaleLb.DataPlane.Layout;
using GaleLb.DataPlane.Native;
using GaleLb.DataPlane.Netlink;
using GaleLb.State.Forwarding;

namespace GaleLb.DataPlane.NextHops;

/// <summary>
/// Keeps next_hops and the public interface's MTU true: follows the kernel's notifications, asks it to confirm every entry at least every 15 s, and to
/// resolve missing ones every second. One thread of its own; <see cref="SetNodes"/> resolves what the kernel already knows before it returns.
/// </summary>
public sealed class NextHopMonitor : IDisposable
{
    public static readonly TimeSpan ProbeInterval = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan UnresolvedInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan WaitSlice = TimeSpan.FromMilliseconds(200);

    private readonly Lock gate = new();
    private readonly NextHopTable table;
    private readonly Action<ImmutableArray<(NodeIndex Node, GaleNextHop Value)>> write;
    private readonly Func<NodeRow, GaleNextHop> inherit;
    private readonly int publicIfindex;
    private readonly Action<uint> writePublicMtu;
    private readonly TimeProvider time;
    private readonly NetlinkSocket requests;
    private readonly NetlinkSocket notifications;
    private readonly Thread thread;
    private ImmutableArray<NodeRow> taken = [];
    private uint publicMtu;
    private volatile bool stopping;
    private volatile string? failure;

    /// <param name="write">Writes changed values into the map; called under this monitor's lock.</param>
    /// <param name="inherit">What the map already holds for this very node; zeros when it holds another's or nothing.</param>
    /// <param name="publicLink">The interface of the clients, with the MTU that the programs know.</param>
    /// <param name="writePublicMtu">Tells the programs another; called under this monitor's lock.</param>
    public NextHopMonitor(
        ImmutableHashSet<IPAddress> natSources, Action<ImmutableArray<(NodeIndex Node, GaleNextHop Value)>> write,
        Func<NodeRow, GaleNextHop> inherit, Link publicLink, Action<uint> writePublicMtu, TimeProvider time)
    {
        table = new NextHopTable(natSources);
        this.write = write;
        this.inherit = inherit;
        publicIfindex = publicLink.Ifindex;
        publicMtu = publicLink.Mtu;
        this.writePublicMtu = writePublicMtu;
        this.time = time;
        requests = NetlinkSocket.Open();
        try
        {
            notifications = NetlinkSocket.Open(
                NetlinkGroups.Link | NetlinkGroups.Neighbour | NetlinkGroups.IPv4Address | NetlinkGroups.IPv4Route
                | NetlinkGroups.IPv6Address | NetlinkGroups.IPv6Route);
        }
        catch
        {
            requests.Dispose();
            throw;
        }

        thread = new Thread(Run) { IsBackground = true, Name = "next hops" };
    }

    /// <summary>Why the monitor ended before its time; null while it runs.</summary>
    public string? Failure => failure;

    public ImmutableArray<NextHopStatus> Status
    {
        get
        {
            lock (gate) return table.Status();
        }
    }

    public void Start()
    {
        lock (gate) ReadAll();
        thread.Start();
    }

    /// <summary>Follows a new table. Nodes whose neighbour the kernel knows are in the map when this returns; the others are asked for.</summary>
    public void SetNodes(ImmutableArray<NodeRow> nodes)
    {
        // Most tables change rings alone. To decide for thousands of nodes anew, and to wait while that is done for other reasons, would take longer than all else.
        if (AreSame(nodes, taken)) return;
        taken = []; // Until they are: what fails here is to be done again.
        lock (gate)
        {
            ImmutableArray<NodeRow> fresh = table.SetNodes(nodes);
            foreach (NodeRow node in fresh)
            {
                table.Inherit(node.Index, inherit(node));
                table.SetRoute(node.Index, AskRoute(node.Address));
            }

            DecideAndWrite(probe: !fresh.IsEmpty);
        }

        taken = nodes;
    }

    public void Dispose()
    {
        stopping = true;
        if (thread.IsAlive) thread.Join();
        requests.Dispose();
        notifications.Dispose();
    }

    /// <summary>By identity: a row that did not change is the same object in the next table.</summary>
    private static bool AreSame(ImmutableArray<NodeRow> one, ImmutableArray<NodeRow> other)
    {
        if (one.Length != other.Length) return false;
        for (int i = 0; i < one.Length; i++)
        {
            if (!ReferenceEquals(one[i], other[i])) return false;
        }

        return true;
    }

    private void Run()
    {
        try
        {
            long probed = time.GetTimestamp();
            while (!stopping)
            {
                bool heard = notifications.Wait(WaitSlice, Follow, out bool overrun);
                TimeSpan since = time.GetElapsedTime(probed);
                lock (gate)
                {
                    bool due = since >= ProbeInterval || (since >= UnresolvedInterval && table.HasUnresolved);
                    if (overrun || since >= ProbeInterval) ReadAll();
                    if (table.RoutesChanged) ReadRoutes();
                    if (heard || due)
                    {
                        FollowPublicMtu();
                        DecideAndWrite(due);
                    }

                    if (due) probed = time.GetTimestamp();
                }
            }
        }
        catch (BpfException e)
        {
            failure = $"next hops are no longer followed: {e.Message}";
        }
    }

    private void Follow(in NetlinkMessage message)
    {
        lock (gate) table.Follow(in message);
    }

    private void FollowPublicMtu()
    {
        if (table.MtuOf(publicIfindex) is not { } mtu || mtu == publicMtu) return;
        writePublicMtu(mtu);
        publicMtu = mtu;
    }

    private void ReadAll()
    {
        table.Clear();
        requests.Request(NetlinkRequests.DumpLinks(), table.Follow, "list the network interfaces");
        requests.Request(NetlinkRequests.DumpNeighbours(), table.Follow, "list the neighbours");
    }

    private void ReadRoutes()
    {
        foreach (NodeRow node in table.Nodes.ToArray()) table.SetRoute(node.Index, AskRoute(node.Address));
        table.RoutesRead();
    }

    private void DecideAndWrite(bool probe)
    {
        (ImmutableArray<(NodeIndex Node, GaleNextHop Value)> changed, ImmutableArray<NeighbourKey> probes) = table.Decide((long)time.GetElapsedTime(0).TotalMilliseconds);
        if (!changed.IsEmpty)
        {
            write(changed);
            foreach ((NodeIndex node, GaleNextHop value) in changed) table.Written(node, value);
        }

        if (!probe) return;
        foreach (NeighbourKey key in probes) Probe(key);
    }

    private Route? AskRoute(IPAddress address)
    {
        const int ENETUNREACH = 101;
        const int EHOSTUNREACH = 113;
        Route? route = null;
        try
        {
            requests.Request(
                NetlinkRequests.GetRoute(address),
                (in NetlinkMessage m) => route = m.Type == NetlinkType.NewRoute ? Route.Parse(m.Payload) : null,
                $"ask for the route to {address}");
        }
        catch (BpfException e) when (e.Errno is ENETUNREACH or EHOSTUNREACH or Errno.EACCES or Errno.EINVAL)
        {
            // The kernel's way to say unreachable, prohibited or blackholed.
            return null;
        }

        return route;
    }

    private void Probe(NeighbourKey key)
    {
        try
        {
            requests.Request(NetlinkRequests.UseNeighbour(key), (in NetlinkMessage _) => { }, $"resolve {key.Address}");
        }
        catch (BpfException e) when (e.Errno is Errno.ENODEV or Errno.EINVAL or Errno.ENOBUFS or Errno.EAGAIN)
        {
            // The interface went meanwhile or the table is full; the next round asks again, and the status names the node meanwhile.
            return;
        }
    }
}
