using System.Text;

namespace GaleLb.Raft.Tests.Harness;

/// <summary>Cores on a network that delivers in order, one message at a time, over links that a test may cut.</summary>
internal sealed class TestCluster
{
    private readonly SortedDictionary<MemberId, TestMember> _members = [];
    private readonly HashSet<(MemberId From, MemberId To)> _cut = [];
    private readonly HashSet<MemberId> _down = [];
    private readonly Queue<Message> _network = new();

    public TestCluster(RaftOptions? options = null) => Options = options ?? new RaftOptions { HeartbeatTicks = 2, ElectionTicks = 10 };

    public RaftOptions Options { get; }

    /// <summary>Called for each message as it is delivered or lost.</summary>
    public Action<Message, bool> OnMessage { get; set; } = (_, _) => { };

    /// <summary>Called after each step of a member.</summary>
    public Action<TestMember> OnStep { get; set; } = _ => { };

    /// <summary>Says of a message whether it is lost.</summary>
    public Func<Message, bool> Loses { get; set; } = _ => false;

    public IEnumerable<TestMember> Members => _members.Values;
    public TestMember this[int id] => _members[Id(id)];

    public static MemberId Id(int id) => new((ulong)id);

    public static Membership Voters(params int[] ids) => new(ids.Select(Voter));

    public static Member Voter(int id) => new(Id(id), $"10.0.0.{id}:9090", MemberRole.Voter);

    public static Member Learner(int id) => Voter(id) with { Role = MemberRole.Learner };

    public static Member Vacant(int id) => Voter(id) with { Vacant = true };

    /// <summary>Members whose disks already hold <paramref name="membership"/> as a snapshot at index 1, term 1.</summary>
    public static TestCluster Established(Membership membership, RaftOptions? options = null)
    {
        var cluster = new TestCluster(options);
        foreach (Member member in membership.Members)
        {
            if (member.Vacant)
                continue;
            var disk = new TestDisk();
            disk.Preset(new HardState(new Term(1), MemberId.None), []);
            disk.Save(new Snapshot(new SnapshotMetadata(new LogIndex(1), new Term(1), membership), ReadOnlyMemory<byte>.Empty));
            cluster.Add((int)member.Id.Value, disk);
        }
        return cluster;
    }

    public static TestCluster Led(int leader, Membership membership, RaftOptions? options = null)
    {
        TestCluster cluster = Established(membership, options);
        cluster.Elect(leader);
        return cluster;
    }

    /// <summary>Member 1 on its own, with the snapshot of <see cref="Established"/> and entries of the given terms behind it.</summary>
    public static TestMember Alone(Membership membership, int jitter = 0, ulong[]? terms = null, RaftOptions? options = null)
    {
        var disk = new TestDisk();
        terms ??= [];
        ulong term = terms.Length == 0 ? 1 : terms[^1];
        disk.Preset(new HardState(new Term(term), MemberId.None), terms.Select((t, i) => Command((ulong)i + 2, t)));
        disk.Save(new Snapshot(new SnapshotMetadata(new LogIndex(1), new Term(1), membership), ReadOnlyMemory<byte>.Empty));
        return new TestMember(Id(1), options ?? new TestCluster().Options, jitter, disk);
    }

    public static Entry Command(ulong index, ulong term) =>
        new(new LogIndex(index), new Term(term), EntryKind.Command, Encoding.UTF8.GetBytes($"c{index}t{term}"));

    /// <summary>A request to member 1 with a log as in <see cref="Established"/>.</summary>
    public static VoteRequest Ask(int from, ulong term) =>
        new(Id(from), Id(1), new Term(term), PreVote: false, new LogIndex(1), new Term(1), Transfer: false);

    public static VoteResponse Grant(int from, ulong term, bool preVote = false) =>
        new(Id(from), Id(1), new Term(term), preVote, Granted: true);

    /// <summary>An append from member 2 to member 1.</summary>
    public static AppendRequest Append(ulong term, ulong previousIndex, ulong previousTerm, ulong commit, params Entry[] entries) =>
        new(Id(2), Id(1), new Term(term), new LogIndex(previousIndex), new Term(previousTerm), [.. entries], new LogIndex(commit));

    /// <summary>Jitter grows with the id: the lowest id times out first.</summary>
    public TestMember Add(int id, TestDisk? disk = null) =>
        _members[Id(id)] = new TestMember(Id(id), Options, jitter: id - 1, disk);

    public void Elect(int id)
    {
        this[id].Core.Campaign();
        Settle();
        this[id].Core.Status.Role.Should().Be(RaftRole.Leader);
    }

    public ProposalTicket Propose(int id, string command) => this[id].Core.Propose(Encoding.UTF8.GetBytes(command));

    public void Commit(int leader, params string[] commands)
    {
        foreach (string command in commands)
            Propose(leader, command).Accepted.Should().BeTrue();
        Settle();
        TickAll(Options.HeartbeatTicks);
    }

    public void Cut(int a, int b)
    {
        CutOneWay(a, b);
        CutOneWay(b, a);
    }

    public void CutOneWay(int from, int to) => _cut.Add((Id(from), Id(to)));

    public void Isolate(int id)
    {
        foreach (TestMember other in Members)
            if (other.Id != Id(id))
                Cut(id, (int)other.Id.Value);
    }

    public void Heal() => _cut.Clear();

    public void Stop(int id) => _down.Add(Id(id));

    public void Restart(int id)
    {
        _down.Remove(Id(id));
        this[id].Restart();
    }

    public void Tick(int id, int ticks = 1)
    {
        for (int i = 0; i < ticks; i++)
        {
            this[id].Core.Tick();
            Settle();
        }
    }

    public void TickAll(int ticks = 1)
    {
        for (int i = 0; i < ticks; i++)
        {
            foreach (TestMember member in Members)
                if (!_down.Contains(member.Id))
                    member.Core.Tick();
            Settle();
        }
    }

    public void Step(Message message)
    {
        if (!_members.TryGetValue(message.To, out TestMember? member) || _down.Contains(message.To))
            return;
        member.Core.Step(message);
        Pump(member);
    }

    /// <summary>Delivers until nothing is under way.</summary>
    public void Settle()
    {
        foreach (TestMember member in Members)
            if (!_down.Contains(member.Id))
                Pump(member);
        while (_network.TryDequeue(out Message? message))
        {
            bool lost = _cut.Contains((message.From, message.To)) || _down.Contains(message.To) || Loses(message);
            OnMessage(message, lost);
            if (!lost)
                Step(message);
        }
    }

    private void Pump(TestMember member)
    {
        member.Pump();
        foreach (Message message in member.Sent)
            _network.Enqueue(message);
        member.Sent.Clear();
        OnStep(member);
    }
}
