using GaleLb.Bpf.Tests.Support;
using GaleLb.DataPlane;

namespace GaleLb.Bpf.Tests.Fuzz;

/// <summary>Session after session until enough packets were fed or one broke a rule.</summary>
internal sealed class FuzzRunner(PacketRig rig, FuzzOptions options)
{
    private const string TaintFile = "/proc/sys/kernel/tainted";

    private readonly long[] outcomes = new long[Enum.GetValues<FuzzOutcome>().Length];

    public long Packets => outcomes.Sum();

    public int Sessions { get; private set; }

    /// <summary>What became of the packets, the most frequent first.</summary>
    public string Summary => string.Join(
        ", ", Enum.GetValues<FuzzOutcome>().OrderByDescending(o => outcomes[(int)o]).Select(o => $"{outcomes[(int)o]:N0} {Words(o)}"));

    /// <summary>The lines that tell of a failure, or null.</summary>
    public IReadOnlyList<string>? Run()
    {
        string taint = File.ReadAllText(TaintFile);
        for (long left = options.Packets; left > 0; left -= FuzzSession.PacketsMax)
        {
            int seed = options.Seed + Sessions;
            FuzzSession session = new(rig, seed);
            FuzzFailure? failure = session.Run((int)Math.Min(left, FuzzSession.PacketsMax));
            Sessions++;
            for (int n = 0; n < outcomes.Length; n++) outcomes[n] += session.Outcomes[n];
            if (failure is not null) return Tell(failure, session.ToString());
            // A kernel that stumbled says so here (oops and warning set a bit), though the run went on.
            if (File.ReadAllText(TaintFile) != taint) return [$"FAILED: the kernel is tainted since seed {seed}; dmesg tells by what"];
        }

        return null;
    }

    private List<string> Tell(FuzzFailure failure, string world)
    {
        FuzzFailure small = new FuzzShrinker(rig).Shrink(failure);
        List<string> lines =
        [
            $"FAILED: seed {failure.Seed}, packet {failure.Inputs.Count}: {failure.Broken.Message}",
            $"  world: {world}",
            $"  packet: {failure.Inputs[^1]}",
            $"  came out: {Convert.ToHexStringLower(failure.After)}",
        ];
        if (small != failure)
        {
            lines.Add($"  smaller: {small.Broken.Message}");
            lines.AddRange(small.Inputs.SkipLast(1).Select(i => $"    first: {i}"));
            lines.Add($"    then: {small.Inputs[^1]}");
            lines.Add($"    came out: {Convert.ToHexStringLower(small.After)}");
        }

        lines.Add($"  repeat: ./build.sh fuzz packets --seed {failure.Seed} --packets {FuzzSession.PacketsMax}{(options.Hook == PublicHook.Tc ? " --hook tc" : "")}");
        return lines;
    }

    private static string Words(FuzzOutcome outcome) => outcome switch
    {
        FuzzOutcome.Passed => "passed",
        FuzzOutcome.Dropped => "dropped",
        FuzzOutcome.ForwardedL4 => "forwarded by L4",
        FuzzOutcome.ForwardedL3 => "by L3",
        FuzzOutcome.ForwardedL2 => "by L2",
        FuzzOutcome.ReturnedL4 => "returned",
        FuzzOutcome.ForwardedIcmp => "errors to nodes",
        FuzzOutcome.ReturnedIcmp => "errors to clients",
        FuzzOutcome.AnsweredEcho => "pings answered",
        FuzzOutcome.AnsweredTooBig => "too big",
        FuzzOutcome.ResetSent => "reset",
        _ => "unreachable",
    };
}
