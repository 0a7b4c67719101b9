using System.Globalization;
using GaleLb.Replica.Benchmark;

// Usage: GaleLb.Replica.Benchmark [seconds per case] [directory]
double seconds = args.Length > 0 ? double.Parse(args[0], CultureInfo.InvariantCulture) : 5;
string root = args.Length > 1 ? args[1] : Directory.CreateTempSubdirectory("galelb-bench-").FullName;
Console.WriteLine($"Three replicas in one process, real files in {root}, 256-byte commands, {seconds} s each");
Console.WriteLine(SyncAnchor.Measure(root).Describe());
foreach (int clients in new[] { 1, 16, 256 })
    Console.WriteLine((await CommitRate.MeasureAsync(root, clients, TimeSpan.FromSeconds(seconds))).Describe());
Directory.Delete(root, recursive: true);
return 0;
