using GaleLb.DataPlane.Layout;

namespace GaleLb.Bpf.Tests.Support;

/// <summary>Runs cases of bpf/cases and compares what comes out with what they say.</summary>
internal static class CaseRun
{
    /// <param name="afterStep">What else is to hold after each step, given its place in words.</param>
    public static void Run(PacketRig rig, string name, Action<PacketStep, string>? afterStep = null)
    {
        PacketCase packetCase = PacketCase.Find(name);
        rig.Reset();
        rig.Put(packetCase.Given);
        for (int number = 1; number <= packetCase.Steps.Length; number++)
        {
            PacketStep step = packetCase.Steps[number - 1];
            rig.Put(step.Given ?? []);
            string where = $"step {number} of \"{name}\"{(step.Note is null ? "" : $" ({step.Note})")}";
            RunStep(rig, step, where);
            afterStep?.Invoke(step, where);
        }
    }

    /// <summary>The reasons that a step is to be counted by.</summary>
    public static GaleReason[] Reasons(PacketStep step) => [.. step.Counts.Where(c => c.Value != 0).Select(c => Reason(c.Key))];

    private static void RunStep(PacketRig rig, PacketStep step, string where)
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
        if (step.Flows is not null) States(rig, halfOpen: false).Should().Equal(step.Flows, outcome);
        if (step.HalfOpen is not null) States(rig, halfOpen: true).Should().Equal(step.HalfOpen, outcome);
    }

    private static string[] States(PacketRig rig, bool halfOpen) =>
        [.. rig.Flows(halfOpen).Select(f => ScreamingSnake(f.Flow.State.ToString())).Order(StringComparer.Ordinal)];

    private static GaleReason Reason(string name) => Enum.GetValues<GaleReason>().Single(r => ScreamingSnake(r.ToString()) == name);

    private static string ScreamingSnake(string name)
    {
        string snake = string.Concat(name.Select((c, i) => i > 0 && char.IsUpper(c) ? "_" + c : c.ToString())).ToUpperInvariant();
        return snake.Replace("L_4", "L4", StringComparison.Ordinal);
    }
}
