using GaleLb.Configuration;
using GaleLb.Node.Heartbeats;
using GaleLb.Rpc.V1;

namespace GaleLb.Node.Hosting;

/// <summary>The node's log: one line for each change of state, none for a heartbeat. Thread-safe.</summary>
internal sealed class NodeLog(TextWriter output, TimeProvider time)
{
    private readonly TextWriter _output = TextWriter.Synchronized(output);

    public void Write(string line)
    {
        string stamp = time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'");
        // One write a line, so that lines of several threads do not mix.
        _output.Write($"{stamp} {line}\n");
        _output.Flush();
    }

    public void Checked(ServiceReport? before, ServiceReport now)
    {
        string failing = now.NotServing.IsEmpty ? "" : $" but for {string.Join(", ", now.NotServing)}";
        string words = now.Status == ServingStatus.Serving ? $"serving{failing}" : "not serving";
        string detail = now.Detail.Length > 0 ? $": {now.Detail}" : "";
        Write(before is null ? $"service check: {words}{detail}" : $"service check changed: {words}{detail}");
    }

    /// <summary>Tells a change of what the cluster says of this node.</summary>
    public void StateChanged(NodeState before, HeartbeatResponse now)
    {
        string state = now.State switch
        {
            NodeState.Blacklisted => $"blacklisted for {DurationText.Format(Seconds(now.BlacklistedMsLeft))}{Because(now.Reason)}",
            NodeState.Refused => $"refused{Because(now.Reason)}",
            _ => Name(now.State),
        };
        Write(before == NodeState.Unspecified ? $"state {state}" : $"state {Name(before)} → {state}");
    }

    private static string Because(string reason) => reason.Length > 0 ? $" because {reason}" : "";

    private static string Name(NodeState state) => state switch
    {
        NodeState.Probing => "probing",
        NodeState.Routable => "routable",
        NodeState.Draining => "draining",
        NodeState.Blacklisted => "blacklisted",
        NodeState.Down => "down",
        NodeState.Refused => "refused",
        _ => $"unknown ({(int)state})",
    };

    // Rounded up: "0s" would say that it is over.
    private static TimeSpan Seconds(ulong milliseconds) => TimeSpan.FromSeconds(Math.Ceiling(Math.Min(milliseconds, int.MaxValue * 1000.0) / 1000));
}
