using System.Net;
using GaleLb.DataPlane;
using GaleLb.DataPlane.Kernel;
using GaleLb.DataPlane.Layout;
using GaleLb.DataPlane.Native;

namespace GaleLb.Bpf.Tests.Support;

/// <summary>The node's programs, loaded for one node and one service address of each family. Needs root.</summary>
public sealed class UnwrapRig : IDisposable
{
    private readonly Dictionary<PublicHook, BpfProgram> programs = [];
    private readonly BpfMap? outcomes;

    /// <summary>As a class fixture; without root it stays empty, for tests that are skipped.</summary>
    public UnwrapRig()
    {
        if (!Environment.IsPrivilegedProcess) return;
        using BpfObject loading = GaleNodeObject.Open();
        loading.Load();
        programs[PublicHook.Xdp] = loading.OpenProgram(GaleNodeObject.XdpUnwrap);
        programs[PublicHook.Tc] = loading.OpenProgram(GaleNodeObject.TcUnwrap);
        outcomes = loading.OpenMap(GaleNodeObject.Outcomes);
        using BpfMap addresses = loading.OpenMap(GaleNodeObject.Addresses);
        foreach (bool ipv4 in (bool[])[true, false])
        {
            addresses.Update(GaleAddress.From(World.Node(ipv4, 0)), GaleNodeRole.TunnelEnd);
            addresses.Update(GaleAddress.From(World.Vip(ipv4).Address), GaleNodeRole.Service);
        }
    }

    /// <summary>Where a node of this kernel can have the program.</summary>
    public static PublicHook[] Hooks => Environment.OSVersion.Version < HostRequirements.TcLinkFloor ? [PublicHook.Xdp] : [PublicHook.Xdp, PublicHook.Tc];

    /// <summary>Runs a program once: verdict in the words of XDP, frame afterwards, and the one outcome that was counted.</summary>
    public (string Verdict, byte[] Frame, GaleNodeOutcome Outcome) Run(PublicHook hook, ReadOnlySpan<byte> frame, uint flags = 0)
    {
        Dictionary<GaleNodeOutcome, ulong> before = Counts();
        byte[] after = new byte[frame.Length + 64];
        TestRunResult result = programs[hook].TestRun(frame, after, flags: flags);
        GaleNodeOutcome counted = Counts().Single(count => count.Value != before[count.Key]).Key;
        uint verdict = hook == PublicHook.Xdp ? result.ReturnValue : Verdict.AsXdp(result.ReturnValue);
        return (Verdict.Name("_xdp_", verdict), after[..result.DataLength], counted);
    }

    public void Dispose()
    {
        foreach (BpfProgram program in programs.Values) program.Dispose();
        outcomes?.Dispose();
    }

    private Dictionary<GaleNodeOutcome, ulong> Counts()
    {
        Dictionary<GaleNodeOutcome, ulong> counts = [];
        GaleCounter[] perCpu = new GaleCounter[BpfObject.PossibleCpus];
        foreach (GaleNodeOutcome outcome in Enum.GetValues<GaleNodeOutcome>())
        {
            outcomes!.TryLookUpPerCpu((uint)outcome, perCpu.AsSpan()).Should().BeTrue();
            counts[outcome] = perCpu.Aggregate(0ul, (sum, one) => sum + one.Packets);
        }

        return counts;
    }
}
