using System.Globalization;
using System.Text;
using GaleLb.DataPlane;
using GaleLb.LoadBalancer.Forwarding;
using GaleLb.LoadBalancer.Hosting;
using GaleLb.LoadBalancer.Nodes;
using GaleLb.LoadBalancer.Watching;
using GaleLb.Raft;
using GaleLb.Replica;
using GaleLb.State;
using GaleLb.State.Blocks;
using GaleLb.State.Nodes;

namespace GaleLb.LoadBalancer.Rest;

/// <summary>The Prometheus text exposition format, version 0.0.4: prefix galelb_, base units, _total for counters.</summary>
internal static class Metrics
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private const int BlockSeriesMax = 100;

    public static string Write(
        ReplicaStatus status, ClusterState state, TableView table, IDataPlane dataPlane, LeaderContact contact, WatchHub watches, bool digestsAgree,
        Refusals refusals)
    {
        StringBuilder text = new();
        Gauge(text, "galelb_raft_term", "The current term.", status.Term.Value);
        Gauge(text, "galelb_raft_is_leader", "1 on the replica that leads.", status.Role == RaftRole.Leader ? 1UL : 0);
        Gauge(text, "galelb_raft_leader_contact", "1 while a leader is in contact.", contact.IsPresent ? 1UL : 0);
        Gauge(text, "galelb_raft_log_incomplete", "1 while entries that this replica acknowledged are, or may be, lost to its disk.", status.Loss == LogLoss.None ? 0UL : 1);
        Gauge(text, "galelb_raft_commit_index", "The last committed log index known here.", status.CommitIndex.Value);
        Gauge(text, "galelb_raft_applied_index", "The last applied log index.", status.AppliedIndex.Value);
        Gauge(text, "galelb_raft_members", "Members of the configuration.", (ulong)status.Membership.Members.Length);
        Gauge(text, "galelb_cluster_digests_agree", "0 while another replica has a different forwarding table at the same index.", digestsAgree ? 1UL : 0);
        Nodes(text, state.Tally);
        Gauge(text, "galelb_table_applied_index", "The log index of the table derived last.", table.Index.Value);
        Gauge(text, "galelb_table_in_kernel", "1 while the kernel forwards by that table.", table is { InKernel: true, Error: null } ? 1UL : 0);
        DataPlaneStatus plane = dataPlane.Status;
        Gauge(text, "galelb_data_plane_attached", "1 while the packet programs are attached.", plane.Attached ? 1UL : 0);
        Gauge(text, "galelb_data_plane_unresolved_nodes", "Nodes without a resolved next hop here.", (ulong)plane.NextHops.Count(n => !n.Resolved));
        Gauge(text, "galelb_api_watchers", "Open streams of ?watch=true.", (ulong)watches.Open);
        Header(text, "galelb_api_watchers_dropped_total", "counter", "Streams that were ended because their reader was too slow.");
        Sample(text, "galelb_api_watchers_dropped_total", null, (ulong)watches.Dropped);
        Refused(text, refusals);
        Traffic(text, dataPlane.ReadCounters());
        Blocks(text, state, dataPlane);
        return text.ToString();
    }

    private static void Nodes(StringBuilder text, NodeTally tally)
    {
        Header(text, "galelb_nodes", "gauge", "Nodes by state.");
        (string State, int Count)[] counts =
        [
            ("routable", tally.Routable), ("probing", tally.Probing), ("draining", tally.Draining),
            ("blacklisted", tally.Blacklisted), ("down", tally.Down),
        ];
        foreach ((string state, int count) in counts)
            Sample(text, "galelb_nodes", $"state=\"{state}\"", (ulong)count);
        Gauge(text, "galelb_nodes_suspect", "Nodes kept in the ring by a guard although they should leave it.", (ulong)tally.Suspect);
    }

    // All from the first scrape on: a counter that appears with its first refusal hides that one from rate().
    private static void Refused(StringBuilder text, Refusals refusals)
    {
        Header(text, "galelb_refused_callers_total", "counter", "Calls and connections refused because of who made them.");
        foreach (ListenerKind port in Enum.GetValues<ListenerKind>())
        {
            foreach (RefusalReason reason in Enum.GetValues<RefusalReason>())
                Sample(
                    text, "galelb_refused_callers_total", $"port=\"{Refusals.Name(port)}\",reason=\"{reason.ToString().ToLowerInvariant()}\"",
                    refusals.Count(port, reason));
        }
    }

    private static void Traffic(StringBuilder text, Counters counters)
    {
        Header(text, "galelb_packets_total", "counter", "Packets by what became of them.");
        foreach (ReasonCounter reason in counters.Reasons)
            Sample(text, "galelb_packets_total", $"reason=\"{reason.Reason}\"", reason.Packets);
        Header(text, "galelb_packet_bytes_total", "counter", "Bytes of packets by what became of them.");
        foreach (ReasonCounter reason in counters.Reasons)
            Sample(text, "galelb_packet_bytes_total", $"reason=\"{reason.Reason}\"", reason.Bytes);
        PerNode(text, counters, "galelb_node_connections_total", "New flows sent to a node.", t => t.Connections);
        PerNode(text, counters, "galelb_node_received_bytes_total", "Bytes sent to a node.", t => t.BytesToNode);
        PerNode(text, counters, "galelb_node_sent_bytes_total", "Bytes that came back from a node.", t => t.BytesFromNode);
        PerService(text, counters, "galelb_service_connections_total", "New flows of a service.", t => t.Connections);
        PerService(text, counters, "galelb_service_refused_total", "New flows of a service that were refused.", t => t.Refused);
        Gauge(text, "galelb_flows", "Established flows as of the last whole sweep.", (ulong)counters.Sweeper.Flows);
        Gauge(text, "galelb_flows_half_open", "Half-open flows as of the last whole sweep.", (ulong)counters.Sweeper.HalfOpen);
        Header(text, "galelb_flows_expired_total", "counter", "Flows whose timeout had passed.");
        Sample(text, "galelb_flows_expired_total", null, (ulong)counters.Sweeper.Expired);
    }

    /// <summary>Of the first ranges in order, so that a long list does not become as many series; galelb_packets_total has the sum of all.</summary>
    private static void Blocks(StringBuilder text, ClusterState state, IDataPlane dataPlane)
    {
        Gauge(text, "galelb_blocks", "Blocked client ranges.", (ulong)state.Blocks.Count);
        (ClientPrefix Prefix, BlockCounter Dropped)[] blocks =
            [.. state.Blocks.Keys.Take(BlockSeriesMax).Select(prefix => (prefix, dataPlane.ReadBlock(prefix)))];
        Header(text, "galelb_block_packets_total", "counter", $"Packets dropped of a blocked range; of the first {BlockSeriesMax} ranges.");
        foreach ((ClientPrefix prefix, BlockCounter dropped) in blocks)
            Sample(text, "galelb_block_packets_total", $"cidr=\"{prefix}\"", dropped.Packets);
        Header(text, "galelb_block_bytes_total", "counter", $"Bytes of them; of the first {BlockSeriesMax} ranges.");
        foreach ((ClientPrefix prefix, BlockCounter dropped) in blocks)
            Sample(text, "galelb_block_bytes_total", $"cidr=\"{prefix}\"", dropped.Bytes);
    }

    private static void PerNode(StringBuilder text, Counters counters, string name, string help, Func<TrafficCounter, ulong> value)
    {
        Header(text, name, "counter", help);
        foreach (NodeCounter node in counters.Nodes)
            Sample(text, name, $"node=\"{Escape(node.Name)}\"", value(node.Traffic));
    }

    private static void PerService(StringBuilder text, Counters counters, string name, string help, Func<TrafficCounter, ulong> value)
    {
        Header(text, name, "counter", help);
        foreach (IGrouping<string, ServiceCounter> service in counters.Services.GroupBy(s => s.Name, StringComparer.Ordinal))
            Sample(text, name, $"service=\"{Escape(service.Key)}\"", service.Aggregate(0UL, (sum, row) => sum + value(row.Traffic)));
    }

    private static void Gauge(StringBuilder text, string name, string help, ulong value)
    {
        Header(text, name, "gauge", help);
        Sample(text, name, null, value);
    }

    private static void Header(StringBuilder text, string name, string type, string help) =>
        text.Append("# HELP ").Append(name).Append(' ').Append(help).Append("\n# TYPE ").Append(name).Append(' ').Append(type).Append('\n');

    private static void Sample(StringBuilder text, string name, string? labels, ulong value)
    {
        text.Append(name);
        if (labels is not null)
            text.Append('{').Append(labels).Append('}');
        text.Append(' ').Append(value.ToString(CultureInfo.InvariantCulture)).Append('\n');
    }

    private static string Escape(string label) =>
        label.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}
