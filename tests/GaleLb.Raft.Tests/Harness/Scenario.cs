using System.Text;

namespace GaleLb.Raft.Tests.Harness;

/// <summary>
/// Runs a scenario file: blocks of commands, a line of dashes, the events they caused, an empty line. The network delivers in
/// order and at once, so that a file has exactly one outcome. Heartbeats are shown only after <c>trace on</c>.
/// </summary>
internal sealed class Scenario
{
    private readonly StringBuilder _output = new();
    private readonly Dictionary<MemberId, string> _shown = [];
    private TestCluster _cluster = new();
    private bool _tracing;

    /// <summary>The file with the expected parts replaced by what happened.</summary>
    public static string Run(string text)
    {
        var scenario = new Scenario();
        var result = new StringBuilder();
        bool inExpected = false;
        foreach (string line in text.Split('\n'))
        {
            if (line == "----")
            {
                result.Append("----\n").Append(scenario.TakeOutput());
                inExpected = true;
            }
            else if (!inExpected || line.Length == 0)
            {
                inExpected = false;
                result.Append(line).Append('\n');
                if (line.Length > 0 && line[0] != '#')
                    scenario.Execute(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
            }
        }
        return result.ToString().TrimEnd('\n') + "\n";
    }

    private string TakeOutput()
    {
        string output = _output.Length == 0 ? "(nothing)\n" : _output.ToString();
        _output.Clear();
        return output;
    }

    private void Execute(string[] words)
    {
        switch (words[0])
        {
            case "cluster": Begin(TestCluster.Established(ParseMembership(words), ParseOptions(words))); return;
            case "empty": Begin(new TestCluster(ParseOptions(words))); return;
            case "add": _cluster.Add(Number(words[1])); break;
            case "log": Preset(Number(words[1]), words[2..]); return;
            case "voted": Voted(Number(words[1]), Number(words[2]), Number(words[3])); return;
            case "lose-entries-of-term": LoseTerm(Number(words[1])); return;
            case "trace": _tracing = words[1] == "on"; return;
            case "tick" when words.Length == 2: _cluster.TickAll(Number(words[1])); break;
            case "tick": _cluster.Tick(Number(words[2]), Number(words[1])); break;
            case "campaign": Core(words[1]).Campaign(); break;
            case "step-down": Core(words[1]).StepDown(); break;
            case "found": Core(words[1]).Found(ParseMembership(words)); break;
            case "propose": Propose(words[1], words[2..]); break;
            case "change": Report("change", words[1], Core(words[1]).ProposeMembership(Change(Core(words[1]).Status.Membership, words[2], Number(words[3])))); break;
            case "transfer": _output.Append($"  transfer {(Core(words[1]).TransferLeadership(TestCluster.Id(Number(words[2]))) ? "begun" : "refused")}\n"); break;
            case "read": Core(words[1]).RequestRead((ulong)Number(words[2])).Should().BeTrue(); break;
            case "snapshot": _cluster[Number(words[1])].TakeSnapshot(Number(words[2])); break;
            case "cut": _cluster.Cut(Number(words[1]), Number(words[2])); return;
            case "cut-one-way": _cluster.CutOneWay(Number(words[1]), Number(words[2])); return;
            case "isolate": _cluster.Isolate(Number(words[1])); return;
            case "heal": _cluster.Heal(); return;
            case "stop": _cluster.Stop(Number(words[1])); return;
            case "restart": _cluster.Restart(Number(words[1])); break;
            case "stall": _cluster[Number(words[1])].DiskStalled = true; return;
            case "release": _cluster[Number(words[1])].DiskStalled = false; break;
            case "logs": ShowLogs(); return;
            default: throw new InvalidDataException($"Unknown command '{string.Join(' ', words)}'.");
        }
        _cluster.Settle();
    }

    private void Begin(TestCluster cluster)
    {
        _cluster = cluster;
        cluster.OnMessage = ShowMessage;
        cluster.OnStep = ShowChange;
        foreach (TestMember member in cluster.Members)
            _shown[member.Id] = Summary(member);
    }

    private void Preset(int id, string[] terms)
    {
        TestMember member = _cluster[id];
        var entries = terms.Select((term, i) => new Entry(
            new LogIndex((ulong)i + 2), new Term((ulong)Number(term)), EntryKind.Command, Encoding.UTF8.GetBytes($"c{i + 2}t{term}")));
        member.Disk.Preset(new HardState(new Term(terms.Max(t => (ulong)Number(t))), MemberId.None), entries);
        Reload(member);
    }

    private void Voted(int id, int term, int candidate)
    {
        TestMember member = _cluster[id];
        member.Disk.Preset(new HardState(new Term((ulong)term), TestCluster.Id(candidate)), []);
        Reload(member);
    }

    private void Reload(TestMember member)
    {
        member.Restart();
        _shown[member.Id] = Summary(member);
    }

    /// <summary>Loses appends that would store an entry of the term; those that are refused anyway pass.</summary>
    private void LoseTerm(int term) =>
        _cluster.Loses = m => m is AppendRequest append
            && append.Entries.Any(e => e.Term.Value == (ulong)term)
            && append.PreviousIndex <= _cluster[(int)append.To.Value].Core.Status.LastIndex;

    private void Propose(string id, string[] commands)
    {
        foreach (string command in commands)
            Report(command, id, Core(id).Propose(Encoding.UTF8.GetBytes(command)));
    }

    private void Report(string what, string id, ProposalTicket ticket)
    {
        if (!ticket.Accepted)
            _output.Append($"  {id} refuses {what}: {ticket.Refusal}\n");
    }

    private static Membership Change(Membership membership, string how, int id)
    {
        Member member = membership.Find(TestCluster.Id(id)) ?? TestCluster.Voter(id);
        return how switch
        {
            "add-learner" => membership.With(TestCluster.Learner(id)),
            "add-voter" => membership.With(TestCluster.Voter(id)),
            "promote" => membership.With(member with { Role = MemberRole.Voter }),
            "demote" => membership.With(member with { Role = MemberRole.Learner }),
            "remove" => membership.Without(member.Id),
            _ => throw new InvalidDataException($"Unknown change '{how}'."),
        };
    }

    private void ShowMessage(Message message, bool lost)
    {
        bool quiet = message is HeartbeatRequest or HeartbeatResponse or AppendResponse { Accepted: true } or SnapshotChunkResponse;
        if (_tracing || (!quiet && !lost))
            _output.Append($"  {MessageText.Describe(message)}{(lost ? " (lost)" : "")}\n");
    }

    private void ShowChange(TestMember member)
    {
        string summary = Summary(member);
        if (!_shown.TryGetValue(member.Id, out string? before) || before != summary)
            _output.Append($"  {member.Id.Value}: {summary}\n");
        _shown[member.Id] = summary;
        foreach (ReadGrant read in member.Reads)
            _output.Append($"  {member.Id.Value}: read {read.Token} {(read.Index is { } index ? $"at {index}" : "failed")}\n");
        member.Reads.Clear();
    }

    private static string Summary(TestMember member)
    {
        RaftStatus status = member.Core.Status;
        return $"{status.Role} term {status.Term} commit {status.CommitIndex} last {status.LastIndex} of {MessageText.Describe(status.Membership)}";
    }

    private void ShowLogs()
    {
        foreach (TestMember member in _cluster.Members)
            _output.Append($"  {member.Id.Value}: from {member.Core.Status.FirstIndex}: {string.Join(' ', member.Disk.Entries.Select(MessageText.Describe))} | state {string.Join(' ', member.State)}\n");
    }

    private RaftNode Core(string id) => _cluster[Number(id)].Core;

    private static int Number(string word) => int.Parse(word);

    private static Membership ParseMembership(string[] words)
    {
        var members = new List<Member>();
        members.AddRange(Ids(words, "voters").Select(TestCluster.Voter));
        members.AddRange(Ids(words, "learners").Select(TestCluster.Learner));
        members.AddRange(Ids(words, "vacant").Select(TestCluster.Vacant));
        return new Membership(members);
    }

    private static RaftOptions ParseOptions(string[] words) => new()
    {
        HeartbeatTicks = 2,
        ElectionTicks = 10,
        SnapshotChunkBytes = Ids(words, "chunk").FirstOrDefault(1024),
        AppendBytesMax = Ids(words, "batch").FirstOrDefault(1 << 20),
        PromotionLagMax = Ids(words, "lag").FirstOrDefault(64),
    };

    private static IEnumerable<int> Ids(string[] words, string key) => words
        .Where(w => w.StartsWith(key + "=", StringComparison.Ordinal))
        .SelectMany(w => w[(key.Length + 1)..].Split(','))
        .Select(Number);
}
