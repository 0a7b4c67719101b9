using GaleLb.Bpf.Tests.Support;

namespace GaleLb.Bpf.Tests.Fuzz;

/// <summary>Looks for less that breaks the same rule: fewer packets before, then a shorter and plainer last one.</summary>
internal sealed class FuzzShrinker(PacketRig rig)
{
    /// <summary>A bound on the patience: a run of a whole session takes a few ms.</summary>
    private const int RunsMax = 2_000;

    private int runs;

    public FuzzFailure Shrink(FuzzFailure failure)
    {
        if (failure.Broken.Invariant == PacketJudge.Arrives) return failure;
        List<FuzzInput> inputs = Prefix([.. failure.Inputs], failure);
        for (int chunk = inputs.Count / 2; chunk >= 1; chunk /= 2)
        {
            for (int from = inputs.Count - 1 - chunk; from >= 0; from -= chunk)
            {
                List<FuzzInput> fewer = [.. inputs];
                fewer.RemoveRange(from, chunk);
                if (Again(fewer, failure) is not null) inputs = fewer;
            }
        }

        inputs = [.. inputs.SkipLast(1), Plainer(inputs, failure)];
        return Again(inputs, failure) ?? failure;
    }

    /// <summary>Counters are compared at a session's end; the packet at fault is the last of the shortest beginning that fails.</summary>
    private List<FuzzInput> Prefix(List<FuzzInput> inputs, FuzzFailure failure)
    {
        int good = 0, bad = inputs.Count;
        while (bad - good > 1)
        {
            int middle = (good + bad) / 2;
            if (Again(inputs[..middle], failure) is null) good = middle;
            else bad = middle;
        }

        return Again(inputs[..bad], failure) is null ? inputs : inputs[..bad];
    }

    private FuzzInput Plainer(List<FuzzInput> inputs, FuzzFailure failure)
    {
        FuzzInput last = inputs[^1];
        foreach (int cut in (int[])[256, 64, 16, 4, 1])
        {
            while (last.Frame.Length > 14 + cut && Try(last.Frame[..^cut])) { }
        }

        for (int at = 0; at < last.Frame.Length; at++)
        {
            if (last.Frame[at] == 0) continue;
            byte[] zeroed = [.. last.Frame];
            zeroed[at] = 0;
            Try(zeroed);
        }

        return last;

        bool Try(byte[] frame)
        {
            FuzzInput candidate = last with { Frame = frame };
            if (Again([.. inputs.SkipLast(1), candidate], failure) is null) return false;
            last = candidate;
            return true;
        }
    }

    /// <summary>The failure of these inputs, if they break the same rule at the last of them.</summary>
    private FuzzFailure? Again(List<FuzzInput> inputs, FuzzFailure failure)
    {
        if (runs++ >= RunsMax) return null;
        FuzzRun run = new(rig, failure.Seed);
        int done = 0;
        try
        {
            foreach (FuzzInput input in inputs)
            {
                done++;
                run.Feed(input);
            }

            run.CheckCounters();
            return null;
        }
        catch (InvariantException broken) when (broken.Invariant == failure.Broken.Invariant && done == inputs.Count)
        {
            return new FuzzFailure(failure.Seed, inputs, run.After, broken);
        }
        catch (InvariantException)
        {
            return null;
        }
        catch (GaleLb.DataPlane.Native.BpfException)
        {
            // Cut shorter than test-run takes.
            return null;
        }
    }
}
