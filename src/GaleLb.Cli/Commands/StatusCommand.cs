using System.CommandLine;
using GaleLb.Cli.Api;
using GaleLb.Cli.Output;

namespace GaleLb.Cli.Commands;

/// <summary><c>galectl status</c>: the replica that answers, its place in the cluster and what it forwards by.</summary>
internal static class StatusCommand
{
    public static Command Create(GlobalOptions globals)
    {
        Command command = new("status", "Show a replica, its place in the cluster and its data plane");
        globals.Handle(command, (call, _, cancellation) =>
            call.ShowAsync("status", CliJson.Default.StatusDocument, document => Write(document, call), cancellation));
        return command;
    }

    private static void Write(StatusDocument status, ApiCall call)
    {
        RaftDocument raft = status.Raft;
        DataPlaneDocument plane = status.DataPlane;
        TextOutput output = call.Output;
        Line(output, "replica", $"{Quantity.OrDash(status.Replica.Address)}, member {Quantity.OrDash(status.Replica.Id)}, "
            + $"version {Quantity.OrDash(status.Replica.Version)}, up {Quantity.Milliseconds(status.Replica.UptimeMs)}");
        Line(output, "cluster", Quantity.OrDash(status.Replica.ClusterId));
        Line(output, "role", $"{raft.Role}, term {raft.Term}", raft.LeaderContact ? Tone.Good : Tone.Bad);
        Line(output, "leader", Leader(raft), raft.Leader is not null && raft.LeaderContact ? Tone.Plain : Tone.Bad);
        Line(output, "log", $"committed {raft.CommitIndex}, applied {raft.AppliedIndex}{Log(raft.Log)}", raft.Log is "" or "complete" ? Tone.Plain : Tone.Bad);
        Line(output, "nodes", Nodes(status.Nodes), status.Nodes.Routable > 0 ? Tone.Good : Tone.Attention);
        Line(output, "data plane", DataPlane(plane), plane is { Attached: true, Error: null } ? Tone.Good : Tone.Bad);
        Line(output, "table", $"{(call.IsWide ? Quantity.OrDash(plane.TableDigest) : Quantity.Digest(plane.TableDigest))} at index {plane.AppliedIndex}");
        foreach (InterfaceDocument side in plane.Interfaces)
        {
            Line(output, $"{side.Side} side", $"{side.Name}, {side.Mode}");
        }

        if (plane.UnresolvedNodes.Count > 0)
        {
            Line(output, "unresolved", string.Join(", ", plane.UnresolvedNodes), Tone.Attention);
        }

        if (plane.Error is { } error)
        {
            Line(output, "error", error, Tone.Bad);
        }

        if (status.Waiting is { } waiting)
        {
            Line(output, "waiting", waiting, Tone.Attention);
        }

        foreach (string warning in status.Warnings)
        {
            Line(output, "warning", warning, Tone.Attention);
        }
    }

    private static string Leader(RaftDocument raft) =>
        raft.Leader is null ? "none known"
        : (raft.LeaderAddress ?? raft.Leader) + (raft.LeaderContact ? "" : ", not heard from");

    private static string Log(string state) => state switch
    {
        "" => "",
        "complete" => ", complete",
        "in_doubt" => ", in doubt: entries may be lost, so it has no vote until the others have shown that none is",
        "incomplete" => ", incomplete: entries are lost, so it has no vote until the others have sent them",
        _ => ", " + state,
    };

    private static string Nodes(NodeCountsDocument nodes)
    {
        (int Count, string Name)[] others =
        [
            (nodes.Probing, "probing"), (nodes.Draining, "draining"), (nodes.Blacklisted, "blacklisted"),
            (nodes.Down, "down"), (nodes.Suspect, "suspect"),
        ];
        return string.Concat(
            others.Where(o => o.Count > 0).Select(o => $", {o.Count} {o.Name}").Prepend($"{nodes.Routable} of {nodes.Total} routable"));
    }

    private static string DataPlane(DataPlaneDocument plane) => plane.Attached ? $"attached, {plane.Mode}" : $"not attached, {plane.Mode}";

    private static void Line(TextOutput output, string name, string value, Tone tone = Tone.Plain)
    {
        output.Write($"{name,-14}", Tone.Faint);
        output.WriteLine(value, tone);
    }
}
