using System.Collections.Immutable;
using System.Text;
using GaleLb.Raft;
using GaleLb.Replica.Storage;
using GaleLb.TestKit;

namespace GaleLb.Replica.Tests.Storage;

/// <summary>One durable step of a replica: what one flush makes durable.</summary>
public sealed record StoreStep(HardState? HardState, ImmutableArray<Entry> Entries, Snapshot? Received = null, Snapshot? Own = null);

/// <summary>What a directory holds, in the terms of Raft: the plain model that the store is compared with.</summary>
public sealed record StoreModel(HardState HardState, Snapshot? Snapshot, ImmutableArray<Entry> Entries)
{
    public static readonly StoreModel Empty = new(default, null, []);

    public LogIndex Covered => Snapshot?.Metadata.Index ?? LogIndex.Zero;

    public StoreModel After(StoreStep step)
    {
        StoreModel next = this with { HardState = step.HardState ?? HardState };
        if (step.Received is { } received)
            next = next with { Snapshot = received, Entries = [] };
        next = next.Append(step.Entries, step.Entries.Length);
        if (step.Own is { } own)
            next = next with { Snapshot = own, Entries = [.. next.Entries.Where(e => e.Index > own.Metadata.Index)] };
        return next;
    }

    public StoreModel Append(ImmutableArray<Entry> entries, int count)
    {
        ImmutableArray<Entry> log = Entries;
        foreach (Entry entry in entries.Take(count))
            log = [.. log.Where(e => e.Index < entry.Index), entry];
        return this with { Entries = log };
    }

    /// <summary>Every state that a crash within <paramref name="step"/> may leave.</summary>
    public IEnumerable<StoreModel> Between(StoreStep step)
    {
        foreach (HardState hardState in new[] { HardState, step.HardState ?? HardState })
        {
            StoreModel before = this with { HardState = hardState };
            yield return before;
            if (step.Received is { } received)
            {
                Entry? at = before.Entries.FirstOrDefault(e => e.Index == received.Metadata.Index);
                ImmutableArray<Entry> kept = at?.Term == received.Metadata.Term ? [.. before.Entries.Where(e => e.Index > received.Metadata.Index)] : [];
                yield return before with { Snapshot = received, Entries = kept };
                before = before with { Snapshot = received, Entries = [] };
            }

            for (int count = 0; count <= step.Entries.Length; count++)
            {
                StoreModel appended = before.Append(step.Entries, count);
                yield return appended;
                if (step.Own is { } own && count == step.Entries.Length)
                    yield return appended with { Snapshot = own, Entries = [.. appended.Entries.Where(e => e.Index > own.Metadata.Index)] };
            }
        }
    }

    public static StoreModel Of(ReplicaStore store) => new(store.Recovery.HardState, store.Snapshot, store.Recovery.Entries);

    public string Describe()
    {
        StringBuilder text = new();
        text.Append(HardState.Term).Append('/').Append(HardState.Vote).Append(" snapshot ");
        if (Snapshot is { } snapshot)
            text.Append(snapshot.Metadata.Index).Append('.').Append(snapshot.Metadata.Term).Append('=').Append(Convert.ToHexString(snapshot.State.Span));
        foreach (Entry entry in Entries)
            text.Append(' ').Append(entry.Index).Append('.').Append(entry.Term).Append((byte)entry.Kind).Append(Convert.ToHexString(entry.Payload.Span));
        return text.ToString();
    }
}

/// <summary>A made-up life of a replica: appends of many sizes, overwritten suffixes, terms and votes, snapshots of both kinds.</summary>
public static class StoreScript
{
    public static readonly StoreOptions Options = new() { SegmentBytes = 1024 };

    private static readonly Membership Members = new([new Member(new MemberId(7), "10.0.0.1:9090", MemberRole.Voter)]);

    public static IReadOnlyList<StoreStep> Make(ulong seed, int count)
    {
        SeededRandomness random = new(seed);
        List<StoreStep> steps = [];
        StoreModel model = StoreModel.Empty;
        for (int i = 0; i < count; i++)
        {
            StoreStep step = Next(random, model);
            steps.Add(step);
            model = model.After(step);
        }

        return steps;
    }

    /// <summary>Executes one step as the driver does.</summary>
    public static void Execute(ReplicaStore store, StoreStep step, IDisk disk)
    {
        List<DiskOperation> operations = [];
        if (step.HardState is { } hardState)
            store.WriteHardState(hardState, operations);
        if (step.Received is { } received)
            store.ReplaceLog(received, operations);
        store.Append(step.Entries);
        store.Flush(operations);
        if (step.Received is not null)
            store.RemoveCovered(step.Received.Metadata, operations);
        if (step.Own is { } own)
        {
            store.WriteSnapshot(own, operations);
            store.RemoveCovered(own.Metadata, operations);
        }

        if (store.NeedsSpare)
        {
            store.AllocateSpare(operations);
            store.SpareAllocated(succeeded: true);
        }

        foreach (DiskOperation operation in operations)
            disk.Execute(operation);
    }

    private static StoreStep Next(SeededRandomness random, StoreModel model)
    {
        Term term = model.HardState.Term;
        HardState? hardState = null;
        if (term == Term.Zero || random.Next(4) == 0)
        {
            term = term.Next();
            hardState = new HardState(term, new MemberId((ulong)random.Next(3)));
        }

        LogIndex last = model.Entries.IsEmpty ? model.Covered : model.Entries[^1].Index;
        if (random.Next(10) == 0)
        {
            LogIndex index = new(last.Value + (ulong)random.Next(5) + 1);
            return new StoreStep(hardState, Run(random, index.Next(), term, random.Next(3)), Received: MakeSnapshot(random, index, term));
        }

        LogIndex first = last.Next();
        if (hardState is not null && !model.Entries.IsEmpty && random.Next(2) == 0)
            first = model.Entries[random.Next(model.Entries.Length)].Index;
        ImmutableArray<Entry> entries = Run(random, first, term, 1 + random.Next(4));
        Snapshot? own = null;
        if (random.Next(6) == 0)
            own = MakeSnapshot(random, entries[^1].Index, term);
        return new StoreStep(hardState, entries, Own: own);
    }

    private static ImmutableArray<Entry> Run(SeededRandomness random, LogIndex first, Term term, int count)
    {
        var entries = ImmutableArray.CreateBuilder<Entry>(count);
        for (int i = 0; i < count; i++)
        {
            byte[] payload = new byte[random.Next(12) == 0 ? 1500 : random.Next(120)];
            for (int at = 0; at < payload.Length; at++)
                payload[at] = (byte)random.Next(256);
            entries.Add(new Entry(new LogIndex(first.Value + (ulong)i), term, EntryKind.Command, payload));
        }

        return entries.MoveToImmutable();
    }

    private static Snapshot MakeSnapshot(SeededRandomness random, LogIndex index, Term term)
    {
        byte[] state = new byte[random.Next(700)];
        Array.Fill(state, (byte)random.Next(256));
        return new Snapshot(new SnapshotMetadata(index, term, Members), state);
    }
}
