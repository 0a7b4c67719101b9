using GaleLb.Bpf.Tests.Support;
using GaleLb.DataPlane.Layout;

namespace GaleLb.Bpf.Tests;

/// <summary>Every case of bpf/cases, through the kernel's test-run.</summary>
public sealed class PacketCaseTests(PacketRig rig) : IClassFixture<PacketRig>
{
    public static TheoryData<string> Names() => PacketCase.Names();

    [RootTheory]
    [MemberData(nameof(Names))]
    public void Case_GivenMapsAndPackets_GivesVerdictFrameAndCounts(string name)
    {
        PacketCase packetCase = PacketCase.Find(name);
        rig.Reset();
        rig.Put(packetCase.Given);
        for (int number = 1; number <= packetCase.Steps.Length; number++)
        {
            PacketStep step = packetCase.Steps[number - 1];
            rig.Put(step.Given ?? []);
            RunStep(step, $"step {number} of \"{name}\"{(step.Note is null ? "" : $" ({step.Note})")}");
        }
    }

    private void RunStep(PacketStep step, string where)
    {
        Dictionary<GaleReason, GaleCounter> before = rig.Counters();
        ulong blocked = rig.Blocked();
        (uint verdict, byte[] frame) = rig.Run(step.Program, step.PacketBytes);
        Dictionary<GaleReason, GaleCounter> after = rig.Counters();

        Dictionary<string, ulong> counted = after
            .Where(c => c.Value.Packets != before[c.Key].Packets)
            .ToDictionary(c => c.Key.ToString(), c => c.Value.Packets - before[c.Key].Packets);
        Dictionary<string, ulong> expected = step.Counts.Where(c => c.Value != 0).ToDictionary(c => Reason(c.Key).ToString(), c => c.Value);
        string outcome = $"{where} (counted {string.Join(", ", counted)})";

        Verdict.Name(step.Program, verdict).Should().Be(step.Verdict, outcome);
        Convert.ToHexStringLower(frame).Should().Be(step.Out, outcome);
        counted.Should().Contain(expected, outcome);
        counted.Where(c => c.Key is not (nameof(GaleReason.ResetSent) or nameof(GaleReason.UnreachableSent)))
            .Sum(c => (long)c.Value).Should().Be(1, $"each packet has one reason: {outcome}");
        if (step.Counts.TryGetValue("RESET_SENT", out ulong resets))
            counted.GetValueOrDefault(nameof(GaleReason.ResetSent)).Should().Be(resets, outcome);
        counted.GetValueOrDefault(nameof(GaleReason.DropBlocked)).Should().Be(rig.Blocked() - blocked, $"by range as by reason: {outcome}");
        if (step.Flows is not null) States("flows").Should().Equal(step.Flows, outcome);
        if (step.HalfOpen is not null) States("half_open").Should().Equal(step.HalfOpen, outcome);
    }

    private string[] States(string map) =>
        [.. rig.Flows(map).Select(f => ScreamingSnake(f.Flow.State.ToString())).Order(StringComparer.Ordinal)];

    private static GaleReason Reason(string name) => Enum.GetValues<GaleReason>().Single(r => ScreamingSnake(r.ToString()) == name);

    private static string ScreamingSnake(string name)
    {
        string snake = string.Concat(name.Select((c, i) => i > 0 && char.IsUpper(c) ? "_" + c : c.ToString())).ToUpperInvariant();
        return snake.Replace("L_4", "L4", StringComparison.Ordinal);
    }
}
