using GaleLb.Simulation.Faults;
using GaleLb.Simulation.Replicas;

namespace GaleLb.Simulation;

/// <summary>A failing run cut down: fewer kinds of faults, fewer steps, the same oracle.</summary>
internal sealed record MinimalRun(IReadOnlyList<string> Without, IReadOnlyList<string> Left, long Steps, SimulationFailure Failure);

/// <summary>
/// Leaves out one kind of faults after the other as long as the seed still breaks the same oracle. What is left is what the
/// failure needs; the steps are as many as it takes.
/// </summary>
internal static class Minimizer
{
    public static MinimalRun Minimize(ulong seed, PlantedBug bug, Func<IMemberFactory> members, long steps, IReadOnlyList<string> without, SimulationFailure failure)
    {
        List<string> left = [.. new World(seed, bug, members(), trace: null, without).Profile.Kinds];
        List<string> gone = [.. without];
        (long Taken, SimulationFailure Failure) last = (steps, failure);
        foreach (string kind in left.ToList())
        {
            if (Fails([.. gone, kind]) is not { } run || run.Failure.Oracle != failure.Oracle)
                continue;
            last = run;
            gone.Add(kind);
            left.Remove(kind);
        }
        if (Fails(gone) is { } shortest)
            last = shortest;
        return new MinimalRun(gone, left, Math.Min(steps, last.Taken + 1), last.Failure);

        (long Taken, SimulationFailure Failure)? Fails(IReadOnlyList<string> leftOut)
        {
            var world = new World(seed, bug, members(), trace: null, leftOut);
            try
            {
                world.Run(steps);
                return null;
            }
            catch (SimulationFailure found)
            {
                return (world.Steps, found);
            }
        }
    }
}
