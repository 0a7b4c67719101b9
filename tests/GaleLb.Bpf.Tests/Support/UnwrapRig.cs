using System.Net;
using GaleLb.DataPlane.Layout;
using GaleLb.DataPlane.Native;

namespace GaleLb.Bpf.Tests.Support;

/// <summary>The node's program, loaded for one node and one service address of each family. Needs root.</summary>
public sealed class UnwrapRig : IDisposable
{
    private readonly BpfProgram? program;
    private readonly BpfMap? outcomes;

    /// <summary>As a class fixture; without root it stays empty, for tests that are skipped.</summary>
    public UnwrapRig()
    {
        if (!Environment.IsPrivilegedProcess) return;
        using BpfObject loading = GaleNodeObject.Open();
        loading.Load();
        program = loading.OpenProgram(GaleNodeObject.XdpUnwrap);
        outcomes = loading.OpenMap(GaleNodeObject.Outcomes);
        using BpfMap addresses = loading.OpenMap(GaleNodeObject.Addresses);
        foreach (bool ipv4 in (bool[])[true, false])
        {
            addresses.Update(GaleAddress.From(World.Node(ipv4, 0)), GaleNodeRole.TunnelEnd);
            addresses.Update(GaleAddress.From(World.Vip(ipv4).Address), GaleNodeRole.Service);
        }
    }

    /// <summary>Runs the program once: verdict, frame afterwards, and the one outcome that was counted.</summary>
    public (string Verdict, byte[] Frame, GaleNodeOutcome Outcome) Run(ReadOnlySpan<byte> frame)
    {
        Dictionary<GaleNodeOutcome, ulong> before = Counts();
        byte[] after = new byte[frame.Length + 64];
        TestRunResult result = program!.TestRun(frame, after);
        GaleNodeOutcome counted = Counts().Single(count => count.Value != before[count.Key]).Key;
        return (Verdict.Name("_xdp_", result.ReturnValue), after[..result.DataLength], counted);
    }

    public void Dispose()
    {
        program?.Dispose();
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
