using System.Globalization;
using GaleLb.Bench;
using GaleLb.Bench.Tables;

// Called by run.sh, in a namespace of its own. Usage: tables-bench PIN_PATH [--json FILE] [--rounds N]
int rounds = int.Parse(Option("--rounds") ?? "9", CultureInfo.InvariantCulture);
Report report = new("tables");
await new Case(report, args[0], rounds).RunAsync("50 services share 1,000 nodes", Replica.Sharing(services: 50, nodes: 1_000));
await new Case(report, args[0], rounds).RunAsync("50 services, each with 1,000 nodes of 1,020", Replica.Distinct(services: 50, nodes: 1_020));
await new Case(report, args[0], rounds).RunAsync("50 services share 10,000 nodes", Replica.Sharing(services: 50, nodes: 10_000));
report.Print();
if (Option("--json") is { } json)
    report.Write(json);
return 0;

string? Option(string name) => Array.IndexOf(args, name) is > 0 and var at ? args[at + 1] : null;
