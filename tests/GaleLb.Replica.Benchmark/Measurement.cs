namespace GaleLb.Replica.Benchmark;

/// <summary>What one case came to; latencies in microseconds.</summary>
internal sealed record Measurement(string Name, long Count, TimeSpan Elapsed, double P50, double P99, double AllocatedBytesEach)
{
    public static Measurement Of(string name, List<double> latencies, TimeSpan elapsed, long allocatedBytes)
    {
        latencies.Sort();
        return new Measurement(
            name, latencies.Count, elapsed, At(latencies, 0.50), At(latencies, 0.99), latencies.Count == 0 ? 0 : (double)allocatedBytes / latencies.Count);
    }

    public string Describe() =>
        $"{Name,-28} {Count / Elapsed.TotalSeconds,10:F0}/s   p50 {P50,8:F0} us   p99 {P99,8:F0} us   {AllocatedBytesEach,8:F0} B each";

    private static double At(List<double> sorted, double share) => sorted.Count == 0 ? 0 : sorted[(int)((sorted.Count - 1) * share)];
}
