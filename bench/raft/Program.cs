using System.Globalization;
using System.Net;
using GaleLb.Bench.Raft;

// Called by run.sh, in a client's namespace. Usage:
//   raft-bench ROOT PREFIX DATA [--json FILE] [--rounds N] [--seconds N] [--kills N] [--entries N] [--only orders,failover,memory,restart]
//   raft-bench anchor FILE ADDRESS [PEER]
if (args is ["anchor", var file, var own, ..])
{
    Anchor.Serve(file, IPAddress.Parse(own), args.Length > 3 ? IPAddress.Parse(args[3]) : null);
    return 0;
}

Site site = new(args[0], args[1], args[2]);
int rounds = int.Parse(Option("--rounds") ?? "3", CultureInfo.InvariantCulture);
TimeSpan seconds = TimeSpan.FromSeconds(double.Parse(Option("--seconds") ?? "4", CultureInfo.InvariantCulture));
int kills = int.Parse(Option("--kills") ?? "20", CultureInfo.InvariantCulture);
int entries = int.Parse(Option("--entries") ?? "1000000", CultureInfo.InvariantCulture);
string[] known = ["orders", "failover", "memory", "restart"];
string[] parts = Option("--only")?.Split(',') ?? known;
if (Array.Find(parts, part => !known.Contains(part, StringComparer.Ordinal)) is { } unknown)
{
    Console.Error.WriteLine($"bench raft: --only {unknown}: {string.Join(", ", known)} expected");
    return 2;
}

Report report = new();
if (parts.Contains("orders"))
    await Orders.MeasureAsync(site, report, rounds, seconds);
if (parts.Contains("failover"))
    foreach (int milliseconds in new[] { 1000, 200 })
        await Failover.MeasureAsync(site, report, TimeSpan.FromMilliseconds(milliseconds), kills);
if (parts.Contains("memory"))
    await Memory.MeasureAsync(site, report);
if (parts.Contains("restart"))
    await Restart.MeasureAsync(site, report, entries);
report.Print();
if (Option("--json") is { } json)
    report.Write(json);
return 0;

string? Option(string name) => Array.IndexOf(args, name) is > 0 and var at ? args[at + 1] : null;
