using System.Diagnostics;
using GaleLb.DataPlane;
using GaleLb.DataPlane.Kernel;
using GaleLb.State.Commands;

namespace GaleLb.Bench.Tables;

/// <summary>A replica whose nodes leave its rings one after the other, and return.</summary>
internal sealed class Case(Report report, string pins, int rounds)
{
    private const int WarmUps = 5;

    /// <summary>Longer than a ring that was given up waits before its place is used anew.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(1.2);

    public async Task RunAsync(string what, Replica replica)
    {
        Console.Error.WriteLine($"tables: {what}");
        using KernelDataPlane plane = KernelDataPlane.Start(
            new DataPlaneOptions { MemberId = "bench", PublicInterface = "pub", PrivateInterface = "priv", PinPath = pins }, TimeProvider.System);
        plane.Apply(replica.Derive());
        List<double> derived = [], written = [], total = [], operations = [];
        for (int round = -WarmUps; round < rounds; round++)
        {
            foreach (Command order in new Command[] { new DrainNode(Replica.NodeName(round + WarmUps), Force: false), new UndrainNode(Replica.NodeName(round + WarmUps)) })
            {
                await Task.Delay(Rest);
                long started = Stopwatch.GetTimestamp();
                replica.Commit(order);
                var table = replica.Derive();
                double derivedAfter = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
                ApplyResult result = plane.Apply(table);
                if (round < 0)
                    continue;
                total.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
                derived.Add(derivedAfter);
                written.Add(result.Duration.TotalMilliseconds);
                operations.Add(result.Operations);
            }
        }

        report.Add($"{what}: one goes or returns, from its entry to the kernel", "ms", total);
        report.Add($"{what}: of that, state and rings", "ms", derived);
        report.Add($"{what}: of that, the kernel's maps", "ms", written);
        report.Add($"{what}: map operations", "", operations);
        plane.Stop();
    }
}
