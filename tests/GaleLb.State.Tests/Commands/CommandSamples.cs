using System.Net;
using GaleLb.Raft;
using GaleLb.State.Blocks;
using GaleLb.State.Commands;
using GaleLb.State.Forwarding;
using GaleLb.State.Nodes;
using GaleLb.State.Settings;

namespace GaleLb.State.Tests.Commands;

/// <summary>At least one command of every kind, with every optional field both present and absent.</summary>
internal static class CommandSamples
{
    private static readonly LogIndex Seen = new(17);
    private static readonly ClientPrefix V4 = new(IPAddress.Parse("192.0.2.0"), 24);
    private static readonly ClientPrefix V6 = new(IPAddress.Parse("2001:db8::"), 32);
    private static readonly ClusterSettings Settings = new(
        new NodeHealthSettings { BlackListAfterFails = -1, FlowGraceMs = 1 },
        [Cluster.Web, Cluster.Service("dns", 53, "192.0.2.1", "2001:db8::1") with { Protocol = Protocol.Udp, Hash = HashPolicy.Source }]);

    public static readonly Command[] All =
    [
        new Bootstrap(new ClusterId(7), ulong.MaxValue, Settings),
        new RaiseStateVersion(2),
        new StageSettings(Settings),
        new UnstageSettings(),
        new SwitchSettings(Seen),
        new RecordMemberOrder("0000000000000011", "leadership to it"),
        new NodeRegister("node-1", Seen, Cluster.At("10.0.0.1", 5, 0, 8080, "a", "b"), Serving: true),
        new NodeRegister("node-1", LogIndex.Zero, Cluster.At("2001:db8::7"), Serving: false),
        new NodeReturned("node-1", Seen),
        new NodeRoutable("node-1", Seen),
        new NodeSuspectCleared("node-1", Seen),
        new NodeDown("node-1", Seen, DownReason.NotServing),
        new NodeServiceHealth("node-1", Seen, ["a"]),
        new NodeFlowsRefused("node-1", Seen),
        new NodeFailsReset("node-1", Seen),
        new NodeForget("node-1", Seen),
        new BlacklistExpired("node-1", Seen),
        new PlaceReleased(new NodeIndex(3), new Generation(9)),
        new BlockExpired(V6, Seen),
        new DrainNode("node-1", Force: true),
        new UndrainNode("node-1"),
        new SetNodeWeight("node-1", 5, Force: false),
        new SetNodeWeight("node-1", null, Force: true),
        new RemoveNode("node-1", Force: false),
        new BanNode("node-1", 1000, "why: ünïcode", Force: false),
        new BanNode("node-1", null, "", Force: true),
        new UnbanNode("node-1"),
        new AddService(Settings.Services[1]),
        new ReplaceService(Settings.Services[0]),
        new RemoveService("web"),
        new BlockClients(V4, 5000, "noise"),
        new BlockClients(V6, null, ""),
        new UnblockClients(V4),
        new Batch([]),
        new Batch([new NodeReturned("a", Seen), new NodeRoutable("b", Seen)]),
    ];

    public static TheoryData<int> Indexes => [.. Enumerable.Range(0, All.Length)];
}
