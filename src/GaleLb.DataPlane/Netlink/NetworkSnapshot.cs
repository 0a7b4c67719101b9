namespace GaleLb.DataPlane.Netlink;

/// <summary>The interfaces of this network namespace and their addresses.</summary>
public sealed record NetworkSnapshot(IReadOnlyList<Link> Links, IReadOnlyList<InterfaceAddress> Addresses)
{
    public static NetworkSnapshot Read(NetlinkSocket socket)
    {
        List<Link> links = [];
        List<InterfaceAddress> addresses = [];
        socket.Request(
            NetlinkRequests.DumpLinks(),
            (in NetlinkMessage m) =>
            {
                if (m.Type == NetlinkType.NewLink && Link.Parse(m.Payload) is { } link) links.Add(link);
            },
            "list the network interfaces");
        socket.Request(
            NetlinkRequests.DumpAddresses(),
            (in NetlinkMessage m) =>
            {
                if (m.Type == NetlinkType.NewAddress && InterfaceAddress.Parse(m.Payload) is { } address) addresses.Add(address);
            },
            "list the addresses of the network interfaces");
        return new NetworkSnapshot(links, addresses);
    }

    public Link? Find(string name) => Links.FirstOrDefault(l => l.Name == name);

    public Link? Find(int ifindex) => Links.FirstOrDefault(l => l.Ifindex == ifindex);

    public IEnumerable<InterfaceAddress> AddressesOf(int ifindex) => Addresses.Where(a => a.Ifindex == ifindex);
}
