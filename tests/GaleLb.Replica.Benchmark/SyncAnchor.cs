using System.Diagnostics;
using GaleLb.Replica.Storage;

namespace GaleLb.Replica.Benchmark;

/// <summary>What the disk itself costs: one write of a record and one sync at a time into a preallocated file.</summary>
internal static class SyncAnchor
{
    public static Measurement Measure(string root)
    {
        using FileDisk disk = FileDisk.Open(Path.Combine(root, "anchor"));
        disk.Execute(DiskOperation.Allocate("anchor", 16 << 20));
        byte[] bytes = new byte[328];
        List<double> latencies = [];
        Stopwatch all = Stopwatch.StartNew();
        for (int i = 0; i < 2000; i++)
        {
            long start = Stopwatch.GetTimestamp();
            disk.Execute(DiskOperation.Write("anchor", (long)i * bytes.Length, bytes));
            disk.Execute(DiskOperation.Sync("anchor"));
            latencies.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
        }

        return Measurement.Of("anchor: write and fdatasync", latencies, all.Elapsed, 0);
    }
}
