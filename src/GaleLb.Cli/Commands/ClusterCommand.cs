using System.CommandLine;
using GaleLb.Cli.Api;
using GaleLb.Cli.Output;

namespace GaleLb.Cli.Commands;

/// <summary><c>galectl cluster</c>: the replicas, and orders about them.</summary>
internal static class ClusterCommand
{
    public static Command Create(GlobalOptions globals)
    {
        Command command = new("cluster", "Show the replicas, or change which ones are members");
        globals.Handle(command, (call, _, cancellation) =>
            call.ShowAsync("cluster", CliJson.Default.ClusterDocument, document => Write(document, call), cancellation));
        return command;
    }

    private static void Write(ClusterDocument cluster, ApiCall call)
    {
        TextOutput output = call.Output;
        TextTable table = call.IsWide
            ? new("MEMBER", "ADDRESS", "ROLE", "REACHABLE", "#MATCH", "#APPLIED", "TABLE", "CONFIG", "API", "VERSION")
            : new("MEMBER", "ADDRESS", "ROLE", "REACHABLE", "#MATCH", "#APPLIED", "TABLE");
        foreach (MemberDocument m in cluster.Members)
        {
            Cell reachable = m.Reachable ? new Cell("yes", Tone.Good) : new Cell("no", Tone.Bad);
            Cell role = m.Vacant ? new Cell(m.Role + ", vacant", Tone.Attention) : new Cell(m.Role);
            Cell[] cells =
            [
                m.Id, m.Address, role, reachable, Quantity.Number(m.MatchIndex), Quantity.Number(m.AppliedIndex),
                call.IsWide ? Quantity.OrDash(m.TableDigest) : Quantity.Digest(m.TableDigest),
            ];
            table.Add(call.IsWide
                ? [.. cells, Quantity.OrDash(m.ConfigDigest), Quantity.OrDash(m.ApiAddress), Quantity.OrDash(m.Version)]
                : cells);
        }

        table.Write(output);
        foreach (MemberDocument m in cluster.Members.Where(m => m.Differences.Count > 0))
        {
            WriteDifferences(output, $"{m.Address} has other settings:", m.Differences);
        }

        WriteStrangers(output, "waiting", cluster.Waiting);
        WriteStrangers(output, "refused", cluster.Refused);
        if (cluster.Founding is { } founding)
        {
            output.WriteLine($"founding: {founding}", Tone.Attention);
        }

        if (cluster.Leader is null)
        {
            output.WriteLine("no leader is known", Tone.Bad);
        }

        if (!cluster.DigestsAgree)
        {
            output.WriteLine("ALARM: replicas at the same index have different tables", Tone.Bad);
        }
    }

    private static void WriteStrangers(TextOutput output, string what, IReadOnlyList<StrangerDocument> strangers)
    {
        foreach (StrangerDocument s in strangers)
        {
            output.WriteLine($"{what}: {s.Address} ({s.Id}): {s.Reason}", Tone.Attention);
            WriteDifferences(output, null, s.Differences);
        }
    }

    private static void WriteDifferences(TextOutput output, string? title, IReadOnlyList<DifferenceDocument> differences)
    {
        if (title is not null)
        {
            output.WriteLine(title, Tone.Attention);
        }

        foreach (DifferenceDocument d in differences)
        {
            string other = d.ComparedWith == "here" ? $"{d.Here ?? "(absent)"} in the file of the replica that answers" : $"{d.Cluster ?? "(absent)"} in the cluster";
            output.WriteLine($"  {d.Key}: {d.Replica ?? "(absent)"} there, {other}");
        }
    }
}
