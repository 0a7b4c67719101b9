using System.Net;
using GaleLb.Bpf.Tests.Support;
using GaleLb.DataPlane.Layout;
using GaleLb.State.Blocks;

namespace GaleLb.Bpf.Tests.Fuzz;

/// <summary>A service as the judge knows it.</summary>
internal sealed record FuzzService(GaleForwarding Forwarding, uint Ring, GaleHash Hash, ushort TargetPort);

/// <summary>
/// What the maps hold during one session, drawn from its seed: each mode in turn on each port, the settings that change what becomes of a packet, hops with
/// and without tags. The addresses are those of bpf/cases/world.py, so that packets of the tables meet services and nodes here too.
/// </summary>
internal sealed class FuzzWorld
{
    public const ushort PortFirst = 20_000;
    public const ushort PortLast = 60_000;
    public const ushort ControlPort = 22;
    public const ushort NodePort = 8080;
    public const int Nodes = 3;
    private const int FirstV6 = 100;
    private const uint CursorFirst = 1_000;
    private const ushort PortWithoutNodes = 83;
    private const ushort PortOfOtherFamily = 84;
    private const ushort PortCollides = 85;

    public static readonly ushort[] Ports = [80, 81, 82, PortWithoutNodes, PortOfOtherFamily, PortCollides];
    public static readonly UInt128[] Vips = [FiveTuple.Number(World.VipFour.Address), FiveTuple.Number(World.VipSix.Address)];
    public static readonly UInt128[] Sources = [FiveTuple.Number(World.SourceFour), FiveTuple.Number(World.SourceSix)];

    /// <summary>One client in sixteen is blocked, where the configuration says that there are blocks.</summary>
    private static readonly (IPAddress Address, byte Length)[] Blocked = [(IPAddress.Parse("198.18.64.0"), 20), (IPAddress.Parse("2001:db8:c::1000:0"), 100)];

    private readonly Dictionary<(UInt128 Address, ushort Port, byte Protocol), FuzzService> services = [];
    private readonly Dictionary<UInt128, int> nodeIndexes = [];
    private readonly HashSet<int> givenUp = [];
    private readonly Dictionary<int, GaleNode> nodes = [];

    public FuzzWorld(PacketRig rig, int seed)
    {
        Random random = new(seed);
        rig.Reset();
        Config = DrawConfig(random);
        rig.PutConfig(Config);
        GaleControlPorts control = default;
        foreach (ushort port in (ushort[])[ControlPort, PortCollides]) control.Tcp.Add(port);
        control.Udp.Add(PortCollides);
        rig.Map("control_ports").Update(0u, control);
        for (int index = 0; index < Nodes; index++)
        {
            AddNode(rig, random, index, IPAddress.Parse($"10.2.0.{11 + index}"));
            AddNode(rig, random, FirstV6 + index, IPAddress.Parse($"fd02::{0x11 + index:x}"));
        }

        foreach ((IPAddress address, byte length) in Blocked)
            rig.Map("blocks").Update(GaleBlockKey.From(new ClientPrefix(address, length)), 0u);
        rig.PutRing(0, slot => (ushort)(slot % Nodes));
        rig.PutRing(1, slot => (ushort)(FirstV6 + (slot % Nodes)));
        foreach (UInt128 vip in Vips) AddServices(rig, vip, random.Next(3));
    }

    public GaleConfig Config { get; }

    public bool SourceNat => !Config.Flags.HasFlag(GaleConfigFlag.NoSourceNat);

    public bool ClampMss => Config.Flags.HasFlag(GaleConfigFlag.ClampMss);

    /// <summary>By node index.</summary>
    public Dictionary<int, GaleNextHop> Hops { get; } = [];

    public static bool IsControlPort(byte protocol, ushort port) => port == PortCollides || (port == ControlPort && protocol == PacketBuilder.Tcp);

    public static bool IsNatSource(UInt128 address, ushort port) => Sources.Contains(address) && port is >= PortFirst and <= PortLast;

    public FuzzService? Service(UInt128 address, ushort port, byte protocol) => services.GetValueOrDefault((address, port, protocol));

    /// <summary>The port on which a mode is, on one address.</summary>
    public ushort PortOf(GaleForwarding forwarding, UInt128 vip) =>
        Ports.First(port => services[(vip, port, PacketBuilder.Tcp)].Forwarding == forwarding);

    public static uint Hash(FuzzService service, in FiveTuple tuple) => RingModel.Hash(
        new IPEndPoint(FiveTuple.Address(tuple.Source), tuple.SourcePort), new IPEndPoint(FiveTuple.Address(tuple.Destination), tuple.DestinationPort),
        tuple.Protocol, service.Hash == GaleHash.Source, World.Seed);

    /// <summary>The index of the node that the ring names, or -1.</summary>
    public static int Choose(FuzzService service, in FiveTuple tuple)
    {
        if (service.Ring == GaleLimit.RingNone) return -1;
        int slot = (int)((ulong)Hash(service, tuple) * GaleLimit.RingSlots >> 32);
        return (service.Ring == 0 ? 0 : FirstV6) + (slot % Nodes);
    }

    public UInt128 NodeAddress(int index) => FiveTuple.Number(nodes[index].Address.ToIPAddress());

    /// <summary>The node whose address this is, or -1.</summary>
    public int NodeOf(UInt128 address) => nodeIndexes.GetValueOrDefault(address, -1);

    public bool IsGivenUp(int index) => givenUp.Contains(index);

    public bool IsBlocked(UInt128 client) =>
        Config.Flags.HasFlag(GaleConfigFlag.Blocks) && Blocked.Any(b => new IPNetwork(b.Address, b.Length).Contains(FiveTuple.Address(client)));

    /// <summary>From now on a node's flows are refused.</summary>
    public void GiveUp(PacketRig rig, int index)
    {
        givenUp.Add(index);
        rig.Map("nodes").Update((uint)index, nodes[index] with { Flags = GaleNodeFlag.Valid | GaleNodeFlag.Refuse });
    }

    public override string ToString() =>
        $"port 80 {services[(Vips[0], 80, PacketBuilder.Tcp)].Forwarding} and {services[(Vips[1], 80, PacketBuilder.Tcp)].Forwarding}, flags {Config.Flags}, "
        + $"public mtu {Config.PublicMtu}, hops {string.Join(' ', Hops.Select(hop => $"{hop.Key}:{hop.Value.Mtu}/{hop.Value.VlanCount}"))}";

    private static GaleConfig DrawConfig(Random random)
    {
        GaleConfig config = new()
        {
            Flags = (random.Next(4) == 0 ? GaleConfigFlag.NoSourceNat : GaleConfigFlag.None) | (random.Next(2) == 0 ? GaleConfigFlag.ClampMss : GaleConfigFlag.None)
                | (random.Next(2) == 0 ? GaleConfigFlag.Blocks : GaleConfigFlag.None),
            HashSeed = World.Seed,
            PublicIfindex = 1,
            PrivateIfindex = 1,
            PortFirst = PortFirst,
            PortLast = PortLast,
            OnNodeFailure = (GaleRefusal)random.Next(2),
            OnNoNodes = (GaleRefusal)random.Next(2),
            OnNoFlow = (GaleRefusal)random.Next(2),
            SourceV4Count = 1,
            SourceV6Count = 1,
            TunnelBitsV4 = (byte)random.Next(0, 9),
            TunnelBitsV6 = (byte)random.Next(0, 33),
            PublicMtu = random.Next(3) == 0 ? 600u : 1500u,
        };
        // Far longer than a session: no flow ends by itself.
        for (int state = 1; state < 9; state++) config.TimeoutMs[state] = 3_600_000;
        config.SourceV4[0] = GaleAddress.From(World.SourceFour);
        config.SourceV6[0] = GaleAddress.From(World.SourceSix);
        config.TunnelSourceV4 = GaleAddress.From(World.SourceFour);
        config.TunnelSourceV6 = GaleAddress.From(World.SourceSix);
        return config;
    }

    private void AddNode(PacketRig rig, Random random, int index, IPAddress address)
    {
        nodes[index] = new GaleNode { Address = GaleAddress.From(address), Generation = 1, Flags = GaleNodeFlag.Valid };
        nodeIndexes[FiveTuple.Number(address)] = index;
        Hops[index] = new GaleNextHop
        {
            Ifindex = 1,
            Mtu = random.Next(3) == 0 ? 600u : 1500u,
            DestinationMac = new MacAddress(0x06, 0xa1, 0, 0, 0, (byte)index),
            SourceMac = new MacAddress(0x06, 0xf2, 0, 0, 0, 1),
            State = GaleNextHopState.Resolved,
            VlanCount = (byte)(random.Next(2) == 0 ? 0 : random.Next(1, 3)),
            VlanTci = new VlanTags2(new Be16(100), new Be16(200)),
        };
        rig.Map("nodes").Update((uint)index, nodes[index]);
        rig.Map("next_hops").Update((uint)index, Hops[index]);
        rig.HopPlaces = [.. Hops.Keys.Select(n => (uint)n)];
        // Away from the ports of the tables: what these hold for nodes' answers is of no flow here.
        rig.Map("source_cursors").Update((uint)index, CursorFirst);
    }

    private void AddServices(PacketRig rig, UInt128 vip, int turn)
    {
        uint ring = FiveTuple.IsIpv4(vip) ? 0u : 1u;
        GaleAddress address = GaleAddress.From(FiveTuple.Address(vip));
        foreach (byte protocol in (byte[])[PacketBuilder.Tcp, PacketBuilder.Udp])
        {
            foreach (ushort port in Ports)
            {
                FuzzService service = port switch
                {
                    PortWithoutNodes => new FuzzService(GaleForwarding.L4, GaleLimit.RingNone, GaleHash.FiveTuple, NodePort),
                    PortOfOtherFamily => new FuzzService(GaleForwarding.L3, 1 - ring, GaleHash.FiveTuple, port),
                    _ => new FuzzService((GaleForwarding)((port + turn) % 3), ring, port == 81 ? GaleHash.Source : GaleHash.FiveTuple, NodePort),
                };
                services[(vip, port, protocol)] = service;
                rig.Map("services").Update(
                    new GaleServiceKey { Address = address, Port = new Be16(port), Protocol = protocol },
                    new GaleService
                    {
                        Ring = service.Ring,
                        PreviousRing = GaleLimit.RingNone,
                        ServiceId = (ushort)(port - 79),
                        TargetPort = new Be16(service.TargetPort),
                        Forwarding = service.Forwarding,
                        Hash = service.Hash,
                    });
            }
        }

        rig.Map("services").Update(
            new GaleServiceKey { Address = address, Protocol = FiveTuple.IsIpv4(vip) ? FrameView.Icmp : FrameView.IcmpV6 },
            new GaleService { Ring = GaleLimit.RingNone, PreviousRing = GaleLimit.RingNone });
    }
}
