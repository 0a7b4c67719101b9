using System.Net;
using System.Runtime.InteropServices;
using GaleLb.DataPlane.Kernel;
using GaleLb.DataPlane.Layout;
using GaleLb.DataPlane.Native;
using GaleLb.DataPlane.Netlink;
using GaleLb.DataPlane.Tests.Support;

namespace GaleLb.DataPlane.Tests.Kernel;

/// <summary>Start, crash, restart and stop: what is on the machine before and after.</summary>
[Collection(KernelCollection.Name)]
public sealed class LifeTests
{
    [RootTheory]
    [InlineData(XdpMode.Native)]
    [InlineData(XdpMode.Generic)]
    [InlineData(XdpMode.Tc)]
    public void Stop_WithDetach_LeavesTheNetworkAsItWas(XdpMode mode)
    {
        using Lab lab = new();
        string before = Footprint(lab);
        using KernelDataPlane plane = lab.StartDataPlane(lab.Options(mode));
        lab.Balancer.Do(() => plane.Apply(Tables.TwoNodes()));
        Footprint(lab).Should().NotBe(before);

        lab.Balancer.Do(plane.Stop);

        Footprint(lab).Should().Be(before);
        Directory.Exists(lab.PinDirectory).Should().BeFalse();
    }

    [RootFact]
    public void Stop_WithKeep_GoesOnForwarding()
    {
        using Lab lab = new();
        lab.StartServers();
        KernelDataPlane plane = StartAndApply(lab, lab.Options() with { OnExit = ExitPolicy.Keep });
        lab.Balancer.Do(plane.Stop);
        lab.Connect(Lab.VipOne, 10).Should().OnlyContain(a => a.StartsWith("node"));
    }

    [RootTheory]
    [InlineData(XdpMode.Native)]
    [InlineData(XdpMode.Tc)]
    public void DetachLeft_AfterAStopWithKeep_LeavesTheNetworkAsItWas(XdpMode mode)
    {
        using Lab lab = new();
        string before = Footprint(lab);
        string pins = $"/sys/fs/bpf/galelb-left-{Environment.ProcessId}";
        string member = $"{pins}/00000000c0ffee01", foreign = $"{pins}/somebody-elses";
        KernelDataPlane plane = StartAndApply(lab, lab.Options(mode) with { OnExit = ExitPolicy.Keep, PinPath = member });
        lab.Balancer.Do(plane.Stop);
        Footprint(lab).Should().NotBe(before);
        Directory.CreateDirectory(foreign);

        lab.Balancer.Do(() => LeftPrograms.Detach(pins)).Should().Equal(member);

        Footprint(lab).Should().Be(before);
        Directory.GetDirectories(pins).Should().Equal(foreign);
        lab.Balancer.Do(() => LeftPrograms.Detach(pins)).Should().BeEmpty("nothing is left");
        Directory.Delete(foreign);
        Directory.Delete(pins);
    }

    [RootTheory]
    [InlineData(XdpMode.Auto)]
    [InlineData(XdpMode.Tc)]
    public void Restart_AfterACrash_TakesOverWithoutLosingPackets(XdpMode mode)
    {
        using Lab lab = new();
        lab.StartServers();
        KernelDataPlane plane = StartAndApply(lab, lab.Options(mode));
        string links = lab.Balancer.Run("bpftool", "net", "show");

        // Two streams, one forwarded and one passed, run while three processes come and go.
        Task<string> stream = Task.Run(() => lab.Stream(seconds: 6));
        Task<string> ping = Task.Run(() => lab.Client.Run("ping", "-q", "-i", "0.005", "-c", "1000", Lab.VipOne.ToString()));
        for (int i = 0; i < 3; i++)
        {
            plane.Dispose();
            plane = lab.StartDataPlane(lab.Options(mode));
            lab.Balancer.Do(() => plane.Apply(Tables.TwoNodes())).Operations.Should().Be(0, "the maps hold the table already");
        }

        ping.Result.Should().Contain("1000 packets transmitted, 1000 received, 0% packet loss");
        stream.Result.Should().StartWith("done");
        lab.Balancer.Do(() => plane.Status).Attached.Should().BeTrue();
        lab.Connect(Lab.VipOne, 10).Should().OnlyContain(a => a.StartsWith("node"));
        CountLines(lab.Balancer.Run("bpftool", "net", "show")).Should().Be(CountLines(links));
        lab.Balancer.Do(plane.Stop);
    }

    [RootFact]
    public void Restart_InAnotherMode_TakesOverWithoutLosingPackets()
    {
        using Lab lab = new();
        string before = Footprint(lab);
        lab.StartServers();
        KernelDataPlane plane = StartAndApply(lab, lab.Options());

        Task<string> stream = Task.Run(() => lab.Stream(seconds: 8));
        Task<string> ping = Task.Run(() => lab.Client.Run("ping", "-q", "-i", "0.005", "-c", "1000", Lab.VipOne.ToString()));
        foreach (XdpMode mode in (XdpMode[])[XdpMode.Tc, XdpMode.Generic, XdpMode.Tc, XdpMode.Native])
        {
            plane.Dispose();
            plane = lab.StartDataPlane(lab.Options(mode));
            lab.Balancer.Do(() => plane.Apply(Tables.TwoNodes())).Operations.Should().Be(0, "the maps hold the table already");
            lab.Balancer.Do(() => plane.Status).Mode.Should().Be(mode);
            lab.Balancer.Run("tc", "filter", "show", "dev", "pub0", "ingress").Contains("gale_tc_public").Should().Be(mode == XdpMode.Tc);
            lab.Balancer.Run("ip", "link", "show", "pub0").Contains("xdp").Should().Be(mode != XdpMode.Tc);
            lab.Balancer.Run("ip", "link", "show", "priv0").Contains("xdp").Should().Be(mode == XdpMode.Native);
        }

        ping.Result.Should().Contain("1000 packets transmitted, 1000 received, 0% packet loss");
        stream.Result.Should().StartWith("done");
        lab.Balancer.Do(plane.Stop);
        Footprint(lab).Should().Be(before);
    }

    [RootFact]
    public void Restart_FromNativeToGeneric_LeavesNoProgramThatOnlyNativeNeeds()
    {
        using Lab lab = new();
        StartAndApply(lab, lab.Options(XdpMode.Native)).Dispose();
        lab.Balancer.Run("ip", "link", "show", "priv0").Should().Contain("xdp");
        using KernelDataPlane plane = StartAndApply(lab, lab.Options(XdpMode.Generic));
        lab.Balancer.Run("ip", "link", "show", "priv0").Should().NotContain("xdp");
    }

    [RootFact]
    public void Restart_WithAnotherTable_WritesOnlyTheDifference()
    {
        using Lab lab = new();
        StartAndApply(lab, lab.Options()).Dispose();
        using KernelDataPlane plane = lab.StartDataPlane();
        ApplyResult result = lab.Balancer.Do(() => plane.Apply(Tables.Of(
            2, [Tables.Service(0, null, Lab.ServicePort, 5)], [Tables.Ring(5, 1)], Tables.TwoNodes().Nodes)));

        // The ring, the service that moves to it at both addresses, and the old ring's retirement.
        result.Operations.Should().Be(4);
    }

    [RootFact]
    public void Start_OfTwoInstances_DoesNotCollide()
    {
        using Lab one = new();
        using Lab two = new();
        one.StartServers();
        using KernelDataPlane first = StartAndApply(one, one.Options());
        using KernelDataPlane second = StartAndApply(two, two.Options());
        two.Balancer.Do(second.Stop);
        one.Connect(Lab.VipOne, 5).Should().OnlyContain(a => a.StartsWith("node"));
        one.Balancer.Do(() => first.Status).Attached.Should().BeTrue();
    }

    [RootFact]
    public void Start_WithAMissingInterface_NamesThoseThatExist()
    {
        using Lab lab = new();
        string before = Footprint(lab);
        Action start = () => lab.StartDataPlane(lab.Options() with { PublicInterface = "eth7" });
        start.Should().Throw<DataPlaneException>()
            .WithMessage("the public interface \"eth7\" does not exist; there are: lo, priv0, pub0");
        Footprint(lab).Should().Be(before);
    }

    [RootFact]
    public void Start_WherePacketsAreMergedBeyondWhatAHeaderTells_Warns()
    {
        using Lab lab = new();
        lab.Balancer.Run("ip", "link", "set", "dev", "priv0", "gro_max_size", "131072");
        using KernelDataPlane plane = lab.StartDataPlane(lab.Options(XdpMode.Tc));

        lab.Balancer.Do(() => plane.Status).Warnings.Should().ContainSingle()
            .Which.Should().StartWith("interface priv0 merges received packets up to 131072 bytes, and those above 65536 are not forwarded");
    }

    [RootFact]
    public void Start_WithOtherSizesThanThePinnedMaps_SaysWhatToDo()
    {
        using Lab lab = new();
        StartAndApply(lab, lab.Options()).Dispose();
        string before = Footprint(lab);
        Action start = () => lab.StartDataPlane(lab.Options() with { EstablishedFlows = 1000 });
        start.Should().Throw<DataPlaneException>().WithMessage(
            $"parameter mismatch: the pinned map {lab.PinDirectory}/flows has 4229 entries, the configuration (established_flows, half_open_flows) asks for 742. * remove {lab.PinDirectory} *");
        Footprint(lab).Should().Be(before);
        using KernelDataPlane again = lab.StartDataPlane();
    }

    [RootFact]
    public void Start_WhereAnotherXdpProgramIs_NamesItAndChangesNothing()
    {
        using Lab lab = new();
        using BpfObject other = BpfObject.Open(Clang.Compile(Path.Combine(AppContext.BaseDirectory, "Native/binding.bpf.c")), "other");
        other.Load();
        using BpfProgram program = other.OpenProgram("xdp_answer");
        using BpfLink link = lab.Balancer.Do(() =>
        {
            using NetlinkSocket netlink = NetlinkSocket.Open();
            return BpfLink.AttachXdp(program, NetworkSnapshot.Read(netlink).Find("pub0")!.Ifindex, XdpAttachFlags.Native);
        });
        string before = Footprint(lab);

        Action start = () => lab.StartDataPlane();

        start.Should().Throw<DataPlaneException>().WithMessage(
            $"interface pub0 already has an XDP program that is not ours: id {program.Info.Id}, name xdp_answer; *");
        Footprint(lab).Should().Be(before);
        Directory.Exists(lab.PinDirectory).Should().BeFalse();
    }

    [RootFact]
    public void Start_WhereAnotherTcFilterHasOurPlace_NamesItAndChangesNothing()
    {
        using Lab lab = new();
        using KernelDataPlane plane = StartAndApply(lab, lab.Options());
        string before = Footprint(lab);
        Action start = () => lab.StartDataPlane(lab.Options() with { MemberId = lab.MemberId + "x", PublicInterface = "priv0" });
        start.Should().Throw<DataPlaneException>().WithMessage("interface priv0 already has a TC filter * that is not ours*");
        Footprint(lab).Should().Be(before);
        Directory.Exists(lab.PinDirectory + "x").Should().BeFalse();
    }

    /// <summary>On one interface the clsact that was made here goes with the second of the two filters, not with the first.</summary>
    [RootFact]
    public void Stop_WhereBothFiltersAreOnOneInterface_LeavesTheNetworkAsItWas()
    {
        using Lab lab = new();
        string before = Footprint(lab);
        using KernelDataPlane plane = StartAndApply(lab, lab.Options(XdpMode.Tc) with { PublicInterface = "priv0" });
        lab.Balancer.Run("tc", "filter", "show", "dev", "priv0", "ingress").Should().Contain("gale_tc_public").And.Contain("gale_tc_private");
        lab.Balancer.Do(plane.Stop);
        Footprint(lab).Should().Be(before);
    }

    [RootFact]
    public void Stop_WhereClsactWasThereBefore_LeavesIt()
    {
        using Lab lab = new();
        lab.Balancer.Run("tc", "qdisc", "add", "dev", "priv0", "clsact");
        string before = Footprint(lab);
        using KernelDataPlane plane = StartAndApply(lab, lab.Options());
        lab.Balancer.Do(plane.Stop);
        Footprint(lab).Should().Be(before);
    }

    [RootFact]
    public void Stop_WhereSomebodyElseUsesOurClsact_LeavesIt()
    {
        using Lab lab = new();
        using BpfObject other = BpfObject.Open(Clang.Compile(Path.Combine(AppContext.BaseDirectory, "Native/binding.bpf.c")), "other");
        other.Load();
        using BpfProgram program = other.OpenProgram("tc_accept");
        using KernelDataPlane plane = StartAndApply(lab, lab.Options());
        lab.Balancer.Do(() =>
        {
            using NetlinkSocket netlink = NetlinkSocket.Open();
            new TcHook(NetworkSnapshot.Read(netlink).Find("priv0")!.Ifindex, TcAttachPoint.Egress).Attach(program, 1, 7);
        });
        lab.Balancer.Do(plane.Stop);
        lab.Balancer.Run("tc", "filter", "show", "dev", "priv0", "egress").Should().Contain("tc_accept");
        lab.Balancer.Run("tc", "filter", "show", "dev", "priv0", "ingress").Should().BeEmpty();
    }

    [RootFact]
    public void PublicInterface_WhoseMtuChanges_IsFollowedInTheConfiguration()
    {
        using Lab lab = new();
        using KernelDataPlane plane = StartAndApply(lab, lab.Options());
        using BpfMap map = BpfMap.OpenPinned($"{lab.PinDirectory}/config");
        GaleConfig before = Config(map);
        before.PublicMtu.Should().Be(1500);

        lab.Balancer.Ip("link set pub0 mtu 1400");
        Wait.Until(() => Config(map).PublicMtu == 1400, "the smaller MTU in the configuration");

        // What else changes the element meanwhile keeps the MTU, and the MTU keeps that.
        lab.Balancer.Do(() => plane.RefuseNewFlows(true));
        Bytes(Config(map)).Should().Equal(Bytes(before with { PublicMtu = 1400, Flags = before.Flags | GaleConfigFlag.DeadMan }));
        lab.Balancer.Do(() => plane.RefuseNewFlows(false));
        lab.Balancer.Ip("link set pub0 mtu 1500");
        Wait.Until(() => Config(map).PublicMtu == 1500, "the former MTU in the configuration");
        Bytes(Config(map)).Should().Equal(Bytes(before));
    }

    [RootFact]
    public void Start_WithSourcePortsInUse_IsRefused()
    {
        using Lab lab = new();
        Action start = () => lab.StartDataPlane(lab.Options() with { SourcePorts = new PortRange(30000, 40000) });
        start.Should().Throw<DataPlaneException>().WithMessage("source ports 30000-40000: the range overlaps *ip_local_port_range*");
    }

    [RootFact]
    public void Start_WithForeignSourceAddress_IsRefused()
    {
        using Lab lab = new();
        Action start = () => lab.StartDataPlane(lab.Options() with { SourceAddresses = [IPAddress.Parse("192.0.2.9")] });
        start.Should().Throw<DataPlaneException>().WithMessage("source_addresses: 192.0.2.9 is no address of this machine*");
    }

    private static KernelDataPlane StartAndApply(Lab lab, DataPlaneOptions options)
    {
        KernelDataPlane plane = lab.StartDataPlane(options);
        lab.Balancer.Do(() => plane.Apply(Tables.TwoNodes()));
        Wait.Until(() => lab.Balancer.Do(() => plane.Status).NextHops.All(h => h.Resolved), "both nodes resolved");
        return plane;
    }

    /// <summary>All that a data plane puts on the balancer's interfaces, and its pins.</summary>
    private static string Footprint(Lab lab) => string.Join(
        '\n',
        lab.Balancer.Run("bpftool", "net", "show"),
        lab.Balancer.Run("tc", "qdisc", "show"),
        lab.Balancer.Run("tc", "filter", "show", "dev", "pub0", "ingress"),
        lab.Balancer.Run("tc", "filter", "show", "dev", "priv0", "ingress"),
        lab.Balancer.Run("ip", "-o", "-d", "link", "show"),
        Directory.Exists(lab.PinDirectory) ? string.Join(' ', Directory.GetFileSystemEntries(lab.PinDirectory).Order(StringComparer.Ordinal)) : "no pins");

    private static GaleConfig Config(BpfMap map) => map.TryLookUp(0u, out GaleConfig config) ? config : default;

    private static byte[] Bytes(GaleConfig config) => MemoryMarshal.AsBytes(new ReadOnlySpan<GaleConfig>(in config)).ToArray();

    private static int CountLines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length;
}
