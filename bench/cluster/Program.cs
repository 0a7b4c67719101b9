using System.Globalization;
using GaleLb.Bench;
using GaleLb.Bench.Cluster;
using GaleLb.Bench.Raft;

// Called by run.sh, in the nodes' namespace. Usage: cluster-bench ROOT PREFIX DATA [--json FILE] [--nodes N] [--seconds N] [--idle SECONDS]
Site site = new(args[0], args[1], args[2]);
int count = int.Parse(Option("--nodes") ?? "10000", CultureInfo.InvariantCulture);
TimeSpan seconds = TimeSpan.FromSeconds(double.Parse(Option("--seconds") ?? "20", CultureInfo.InvariantCulture));
TimeSpan idle = Option("--idle") is { } text ? TimeSpan.FromSeconds(double.Parse(text, CultureInfo.InvariantCulture)) : seconds;
Report report = new("cluster");
using Replicas replicas = new(site);
replicas.Start();
await using Fleet fleet = new(count);
try
{
    await new Scenario(replicas, fleet, report, seconds, idle).RunAsync();
}
finally
{
    report.Print();
}

if (Option("--json") is { } json)
    report.Write(json);
return 0;

string? Option(string name) => Array.IndexOf(args, name) is > 0 and var at ? args[at + 1] : null;
