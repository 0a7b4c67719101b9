using System.Text;

namespace GaleLb.Raft.Tests.Harness;

/// <summary>One core with its disk and its applied commands. A stalled disk keeps readies back until it is released.</summary>
internal sealed class TestMember
{
    private readonly RaftOptions _options;
    private readonly int _jitter;
    private readonly Queue<Ready> _unwritten = new();

    public TestMember(MemberId id, RaftOptions options, int jitter, TestDisk? disk = null)
    {
        (Id, _options, _jitter) = (id, options, jitter);
        Disk = disk ?? new TestDisk();
        Core = Start();
    }

    public MemberId Id { get; }
    public TestDisk Disk { get; }
    public RaftNode Core { get; private set; }
    public bool DiskStalled { get; set; }
    public List<Message> Sent { get; } = [];
    public List<Entry> Applied { get; } = [];
    public List<ReadGrant> Reads { get; } = [];

    /// <summary>The commands that the state machine holds, snapshot included.</summary>
    public List<string> State { get; } = [];

    public void Restart()
    {
        _unwritten.Clear();
        Sent.Clear();
        Core = Start();
    }

    /// <summary>Steps a message and returns what the member sends in consequence.</summary>
    public IReadOnlyList<Message> Step(Message message)
    {
        Core.Step(message);
        return Drain();
    }

    public IReadOnlyList<Message> Tick(int ticks = 1)
    {
        for (int i = 0; i < ticks; i++)
        {
            Core.Tick();
            Pump();
        }
        return Drain();
    }

    /// <summary>Pumps and takes what was sent.</summary>
    public IReadOnlyList<Message> Drain()
    {
        Pump();
        Message[] sent = [.. Sent];
        Sent.Clear();
        return sent;
    }

    /// <summary>Runs the caller's loop until nothing is left to do; messages gather in <see cref="Sent"/>.</summary>
    public void Pump()
    {
        if (!DiskStalled)
            while (_unwritten.TryDequeue(out Ready? ready))
                Persist(ready);
        while (Core.HasReady)
        {
            Ready ready = Core.TakeReady();
            Sent.AddRange(ready.Messages);
            Reads.AddRange(ready.Reads);
            if (ready.Snapshot is { } snapshot)
                Restore(snapshot);
            if (ready.Recovered)
                Disk.Recovered();
            foreach (Entry entry in ready.Committed)
                Apply(entry);
            if (DiskStalled && ready.NeedsPersist)
                _unwritten.Enqueue(ready);
            else if (ready.NeedsPersist)
                Persist(ready);
        }
    }

    /// <summary>Snapshots the state machine at the last applied entry and compacts the log.</summary>
    public void TakeSnapshot(int trailing)
    {
        Entry last = Applied[^1];
        var metadata = new SnapshotMetadata(last.Index, last.Term, Core.MembershipAt(last.Index));
        Disk.Save(new Snapshot(metadata, Encoding.UTF8.GetBytes(string.Join('\n', State))));
        Core.Compact(last.Index, trailing);
    }

    private RaftNode Start()
    {
        State.Clear();
        Applied.Clear();
        if (Disk.Snapshot is { } snapshot)
            Restore(snapshot);
        return new RaftNode(Id, _options, Disk.Recovery, Disk, new FixedJitter(_jitter));
    }

    private void Persist(Ready ready)
    {
        Disk.Write(ready);
        Core.Persisted(ready.Sequence);
        Sent.AddRange(ready.MessagesAfterPersist);
    }

    private void Apply(Entry entry)
    {
        Applied.Add(entry);
        if (entry.Kind == EntryKind.Command)
            State.Add(Encoding.UTF8.GetString(entry.Payload.Span));
        Core.Applied(entry.Index);
    }

    private void Restore(Snapshot snapshot)
    {
        State.Clear();
        State.AddRange(Encoding.UTF8.GetString(snapshot.State.Span).Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }
}
