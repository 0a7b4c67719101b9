using System.Net;
using GaleLb.DataPlane.Kernel;
using GaleLb.DataPlane.Layout;
using GaleLb.DataPlane.Native;
using GaleLb.DataPlane.Tests.Support;
using GaleLb.State.Blocks;
using GaleLb.State.Forwarding;

namespace GaleLb.DataPlane.Tests.Kernel;

/// <summary>Blocked clients, from the table to the packet.</summary>
[Collection(KernelCollection.Name)]
public sealed class BlockTests
{
    private static readonly ForwardingTable Open = Tables.TwoNodes();
    private static readonly ForwardingTable Blocked = Tables.TwoNodes(2) with { Blocks = [new ClientPrefix(IPAddress.Parse("10.71.0.0"), 24)] };

    [RootFact]
    public void Connections_OfABlockedClient_AreRefusedUntilItIsUnblocked()
    {
        using Lab lab = new();
        lab.StartServers();
        using KernelDataPlane plane = Start(lab);
        lab.Connect(Lab.VipOne, 5).Should().OnlyContain(a => a.StartsWith("node"));

        lab.Balancer.Do(() => plane.Apply(Blocked)).Operations.Should().Be(2);
        lab.Connect(Lab.VipOne, 1).Should().NotContain(a => a.StartsWith("node"));
        ulong dropped = plane.ReadCounters().Reasons.Single(r => r.Reason == "drop_blocked").Packets;
        dropped.Should().BeGreaterThan(0);
        plane.ReadBlock(Blocked.Blocks[0]).Packets.Should().BeGreaterThanOrEqualTo(dropped);

        lab.Balancer.Do(() => plane.Apply(Open with { Index = new Raft.LogIndex(3) })).Operations.Should().Be(2);
        lab.Connect(Lab.VipOne, 5).Should().OnlyContain(a => a.StartsWith("node"));
    }

    [RootFact]
    public void Connections_WhileAnotherClientIsBlocked_GoOn()
    {
        using Lab lab = new();
        lab.StartServers();
        using KernelDataPlane plane = Start(lab);

        lab.Balancer.Do(() => plane.Apply(Blocked with { Blocks = [new ClientPrefix(IPAddress.Parse("10.71.0.3"), 32)] }));

        lab.Connect(Lab.VipOne, 5).Should().OnlyContain(a => a.StartsWith("node"));
    }

    [RootFact]
    public void Blocks_OfAProcessThatCrashed_HoldBeforeTheNextOneHasATable()
    {
        using Lab lab = new();
        lab.StartServers();
        KernelDataPlane crashed = Start(lab);
        lab.Balancer.Do(() => crashed.Apply(Blocked));
        crashed.Dispose();

        using KernelDataPlane plane = lab.StartDataPlane();

        lab.Connect(Lab.VipOne, 1).Should().NotContain(a => a.StartsWith("node"));
        lab.Balancer.Do(() => plane.Apply(Blocked)).Operations.Should().Be(0, "the maps hold the table already");
    }

    [RootFact]
    public void Blocks_PinnedByAVersionWithoutPlaces_AreCountedEachForItself()
    {
        using Lab lab = new();
        lab.StartServers();
        ForwardingTable two = Blocked with { Blocks = [new ClientPrefix(IPAddress.Parse("10.71.0.0"), 24), new ClientPrefix(IPAddress.Parse("10.72.0.0"), 24)] };
        KernelDataPlane earlier = Start(lab);
        lab.Balancer.Do(() => earlier.Apply(two));
        earlier.Dispose();
        using (BpfMap pinned = BpfMap.OpenPinned($"{lab.PinDirectory}/blocks"))
        {
            foreach (ClientPrefix prefix in two.Blocks)
                pinned.Update(GaleBlockKey.From(prefix), 1u);
        }

        using KernelDataPlane plane = lab.StartDataPlane();

        lab.Connect(Lab.VipOne, 1).Should().NotContain(a => a.StartsWith("node"));
        plane.ReadBlock(two.Blocks[0]).Packets.Should().BeGreaterThan(0);
        plane.ReadBlock(two.Blocks[1]).Packets.Should().Be(0, "nobody there has asked");
        lab.Balancer.Do(() => plane.Apply(two)).Operations.Should().Be(0, "the maps hold the table already");
    }

    private static KernelDataPlane Start(Lab lab)
    {
        KernelDataPlane plane = lab.StartDataPlane();
        lab.Balancer.Do(() => plane.Apply(Open));
        Wait.Until(() => lab.Balancer.Do(() => plane.Status).NextHops.All(h => h.Resolved), "both nodes resolved");
        return plane;
    }
}
