using GaleLb.State.Commands;
using GaleLb.State.Nodes;

namespace GaleLb.State.Tests.Rules;

/// <summary>
/// docs/node-lifecycle.md once more, as plainly as it can be said: no indexes, no rings, no sharing. Guards are off and
/// decisions are never stale here; each node has its own address.
/// </summary>
internal sealed class NaiveNodes(int blackListAfterFails, long blackListExpiryMs, long flowGraceMs, long forgetAfterMs)
{
    private readonly Dictionary<string, NaiveNode> _nodes = [];
    private readonly Dictionary<string, long> _blacklist = [];

    public IEnumerable<string> Describe() => _nodes.OrderBy(n => n.Key, StringComparer.Ordinal).Select(n => $"{n.Key} {n.Value}");

    public static IEnumerable<string> Describe(ClusterState state) => state.Nodes.Values.Select(n => $"{n.Name} " + new NaiveNode
    {
        Phase = n.Phase,
        Reason = n.DownReason,
        Fails = n.Fails,
        Draining = n.Draining,
        Refused = n.FlowsRefused,
        Weight = n.OrderedWeight,
        Since = n.PhaseSince.Milliseconds,
    });

    public bool Apply(Command command, long now) => command switch
    {
        NodeRegister c => Register(c, now),
        BlacklistExpired c => _blacklist.TryGetValue(c.Node, out long until) && now >= until && EndBlacklisting(c.Node, now),
        UnbanNode c => _blacklist.ContainsKey(c.Node) && EndBlacklisting(c.Node, now),
        NodeDecision c => _nodes.TryGetValue(c.Node, out NaiveNode? node) && Decide(c, node, now),
        NodeOrder c => _nodes.TryGetValue(c.Node, out NaiveNode? node) && Order(c, node, now),
        _ => throw new InvalidOperationException(command.ToString()),
    };

    private bool Register(NodeRegister c, long now)
    {
        if (!_nodes.TryGetValue(c.Node, out NaiveNode? node))
        {
            bool banned = _blacklist.ContainsKey(c.Node);
            _nodes[c.Node] = new NaiveNode
            {
                Phase = banned ? NodePhase.Blacklisted : c.Serving ? NodePhase.Probing : NodePhase.Down,
                Reason = banned || c.Serving ? DownReason.None : DownReason.NotServing,
                Refused = banned,
                Since = now,
            };
            return true;
        }

        if (node.Phase == NodePhase.Down && c.Serving)
            Enter(node, NodePhase.Probing, DownReason.None, refused: false, now);
        return true;
    }

    private bool Decide(NodeDecision c, NaiveNode node, long now)
    {
        bool up = node.Phase is NodePhase.Probing or NodePhase.Routable;
        switch (c)
        {
            case NodeReturned when node.Phase == NodePhase.Down:
                return Enter(node, NodePhase.Probing, DownReason.None, refused: false, now);
            case NodeRoutable when node.Phase == NodePhase.Probing:
                return Enter(node, NodePhase.Routable, DownReason.None, node.Refused, now);
            case NodeDown { Reason: DownReason.Timeout or DownReason.NotServing } down when up:
                node.Fails++;
                if (node.Fails < blackListAfterFails)
                    return Enter(node, NodePhase.Down, down.Reason, node.Refused, now);
                _blacklist[c.Node] = now + blackListExpiryMs;
                return Enter(node, NodePhase.Blacklisted, DownReason.None, node.Refused, now);
            case NodeDown { Reason: DownReason.Leaving or DownReason.Silent } down when up:
                return Enter(node, NodePhase.Down, down.Reason, node.Refused, now);
            case NodeFlowsRefused when !up && !node.Refused && now - node.Since >= flowGraceMs:
                node.Refused = true;
                return true;
            case NodeFailsReset when node.Phase == NodePhase.Routable && node.Fails > 0 && now - node.Since >= blackListExpiryMs:
                node.Fails = 0;
                return true;
            case NodeForget when node.Phase == NodePhase.Down && now - node.Since >= forgetAfterMs:
                return _nodes.Remove(c.Node);
            default:
                return false;
        }
    }

    private bool Order(NodeOrder c, NaiveNode node, long now)
    {
        switch (c)
        {
            case DrainNode:
                node.Draining = true;
                return true;
            case UndrainNode:
                if (node.Draining && node.Phase != NodePhase.Blacklisted)
                    node.Fails = 0;
                node.Draining = false;
                return true;
            case SetNodeWeight order:
                node.Weight = order.Weight;
                return true;
            case RemoveNode:
                return _nodes.Remove(c.Node);
            case BanNode ban:
                _blacklist[c.Node] = now + (ban.DurationMs ?? blackListExpiryMs);
                return Enter(node, NodePhase.Blacklisted, DownReason.None, refused: true, now);
            default:
                return false;
        }
    }

    private bool EndBlacklisting(string name, long now)
    {
        _blacklist.Remove(name);
        if (!_nodes.TryGetValue(name, out NaiveNode? node))
            return true;
        node.Fails = 0;
        return Enter(node, NodePhase.Probing, DownReason.None, refused: false, now);
    }

    private static bool Enter(NaiveNode node, NodePhase phase, DownReason reason, bool refused, long now)
    {
        (node.Phase, node.Reason, node.Refused, node.Since) = (phase, reason, refused, now);
        return true;
    }
}

internal sealed record NaiveNode
{
    public NodePhase Phase { get; set; }
    public DownReason Reason { get; set; }
    public int Fails { get; set; }
    public bool Draining { get; set; }
    public bool Refused { get; set; }
    public ushort? Weight { get; set; }
    public long Since { get; set; }
}
