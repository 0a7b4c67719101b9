using System.Collections.Immutable;
using GaleLb.Raft;
using GaleLb.Replica.Storage;
using GaleLb.TestKit;

namespace GaleLb.Replica.Tests.Storage;

public sealed class ReplicaStoreTests
{
    private const int Steps = 14;

    [Fact]
    public void Open_NewDirectory_MakesAnIdentityThatStays()
    {
        SimulatedDisk disk = new();
        ReplicaStore first = Open(disk, seed: 1);
        ReplicaStore second = Open(disk, seed: 2);

        first.Report.Created.Should().BeTrue();
        second.Report.Created.Should().BeFalse();
        second.Self.Should().Be(first.Self);
    }

    [Theory]
    [MemberData(nameof(Seeds), 60)]
    public void Open_AfterAnyLife_GivesBackWhatWasWritten(ulong seed)
    {
        SimulatedDisk disk = new();
        ReplicaStore store = Open(disk, seed);
        StoreModel model = StoreModel.Empty;
        foreach (StoreStep step in StoreScript.Make(seed, 60))
        {
            StoreScript.Execute(store, step, disk);
            model = model.After(step);
            if (seed % 3 == 0)
                store = Open(disk, seed);
        }

        StoreModel.Of(Open(disk, seed)).Describe().Should().Be(model.Describe());
    }

    /// <summary>Whatever the crash did to unsynced writes, all that was acknowledged is there, and nothing that was never written.</summary>
    [Theory]
    [MemberData(nameof(Seeds), 12)]
    public void Open_CrashBetweenAnyTwoOperations_KeepsWhatWasAcknowledged(ulong seed)
    {
        int operations = CountOperations(seed);
        for (int stop = 0; stop <= operations; stop++)
        {
            SimulatedDisk disk = new();
            SeededRandomness chance = new((seed * 1000) + (ulong)stop);
            (StoreModel acknowledged, StoreStep? during) = RunUntil(disk, seed, stop, () => throw new SimulatedCrashException());
            disk.Before = null;
            disk.Crash(chance.Next);
            Recovered(disk, seed, acknowledged, during, $"seed {seed}, stopped before operation {stop}");
        }
    }

    /// <summary>A crash during recovery, at any of its operations, must leave a directory that recovers to the same.</summary>
    [Theory]
    [MemberData(nameof(Seeds), 4)]
    public void Open_CrashDuringRecovery_RecoversTheSame(ulong seed)
    {
        int operations = CountOperations(seed);
        for (int stop = 3; stop <= operations; stop += 5)
        {
            SimulatedDisk disk = new();
            SeededRandomness chance = new((seed * 1000) + (ulong)stop);
            (StoreModel acknowledged, StoreStep? during) = RunUntil(disk, seed, stop, () => throw new SimulatedCrashException());
            disk.Before = null;
            disk.Crash(chance.Next);
            int start = disk.Executed;
            for (int again = 0; ; again++)
            {
                int crashAt = start + again;
                SimulatedDisk copy = disk.Clone();
                int executed = 0;
                copy.Before = (_, _) =>
                {
                    if (executed++ == crashAt - start)
                        throw new SimulatedCrashException();
                };
                try
                {
                    Open(copy, seed);
                    break;
                }
                catch (SimulatedCrashException)
                {
                    copy.Before = null;
                    copy.Crash(chance.Next);
                    Recovered(copy, seed, acknowledged, during, $"seed {seed}, stopped before {stop}, then in recovery before {again}");
                }
            }
        }
    }

    /// <summary>A process that dies of a failed write or sync comes back on a machine that went on running.</summary>
    [Theory]
    [MemberData(nameof(Seeds), 6)]
    public void Open_AfterAnyOperationFailed_KeepsWhatWasAcknowledged(ulong seed)
    {
        int operations = CountOperations(seed);
        for (int stop = 0; stop < operations; stop++)
        {
            SimulatedDisk disk = new();
            (StoreModel acknowledged, StoreStep? during) = RunUntil(
                disk, seed, stop, () => throw new StorageException(StorageFault.Failed, "EIO"));
            disk.Before = null;
            Recovered(disk, seed, acknowledged, during, $"seed {seed}, failed at operation {stop}");
        }
    }

    [Fact]
    public void WriteHardState_Backward_Throws()
    {
        SimulatedDisk disk = new();
        ReplicaStore store = Open(disk, 1);
        List<DiskOperation> operations = [];
        store.WriteHardState(new HardState(new Term(5), new MemberId(1)), operations);

        Action lowerTerm = () => store.WriteHardState(new HardState(new Term(4), MemberId.None), operations);
        Action otherVote = () => store.WriteHardState(new HardState(new Term(5), new MemberId(2)), operations);

        lowerTerm.Should().Throw<InvalidOperationException>();
        otherVote.Should().Throw<InvalidOperationException>();
    }

    [Fact]
    public void Flush_SegmentEnds_NextWasAllocatedAhead()
    {
        SimulatedDisk disk = new();
        ReplicaStore store = Open(disk, 1);
        StoreScript.Execute(store, Step(1, 100), disk);
        store.NeedsSpare.Should().BeFalse();
        List<DiskOperation> operations = [];
        store.Append([MakeEntry(2, 850)]);

        store.Flush(operations);

        operations.Select(o => o.Kind).Should().Equal([DiskOperationKind.Write, DiskOperationKind.Sync, DiskOperationKind.Write], "the segment was there already");
        operations[0].File.Should().Be("wal-0000000000000002");
    }

    /// <summary>(1) A flush begins a segment, (2) the next one is allocated beside it, (3) power fails before the flush is durable.</summary>
    [Fact]
    public void Open_CrashDuringARollWithTheNextSegmentAllocated_LosesNothing()
    {
        SimulatedDisk disk = new();
        ReplicaStore store = Open(disk, 1);
        StoreScript.Execute(store, Step(1, 800), disk);
        List<DiskOperation> flush = [];
        store.Append([MakeEntry(2, 800)]);
        store.Flush(flush);
        List<DiskOperation> background = [];
        store.AllocateSpare(background);
        foreach (DiskOperation operation in background)
            disk.Execute(operation);
        disk.Execute(flush[0]);
        disk.Crash(_ => 0);

        ReplicaStore recovered = Open(disk, 1);

        recovered.Recovery.Entries.Should().ContainSingle();
        StoreScript.Execute(recovered, Step(2, 800), disk);
        Open(disk, 1).Recovery.Entries.Should().HaveCount(2);
    }

    /// <summary>(1) A flush begins a segment, (2) a snapshot makes all before it dispensable, (3) power fails before the flush is durable.</summary>
    [Fact]
    public void RemoveCovered_DuringARoll_KeepsTheLastDurableSegment()
    {
        SimulatedDisk disk = new();
        ReplicaStore store = Open(disk, 1);
        StoreScript.Execute(store, Step(1, 800), disk);
        store.Append([MakeEntry(2, 800)]);
        store.Flush([]);
        Snapshot snapshot = new(new SnapshotMetadata(new LogIndex(1), new Term(1), Membership.Empty), new byte[3]);
        List<DiskOperation> background = [];
        store.WriteSnapshot(snapshot, background);
        store.RemoveCovered(snapshot.Metadata, background);
        foreach (DiskOperation operation in background)
            disk.Execute(operation);
        disk.Crash(_ => 0);

        ReplicaStore recovered = Open(disk, 1);

        recovered.Snapshot!.Metadata.Index.Should().Be(new LogIndex(1));
        recovered.Recovery.Entries.Should().BeEmpty();
    }

    [Fact]
    public void Open_IdentityGone_Refused()
    {
        SimulatedDisk disk = new();
        StoreScript.Execute(Open(disk, 1), Step(1, 10), disk);
        disk.Execute(DiskOperation.Delete("identity"));

        Action open = () => Open(disk, 2);

        open.Should().Throw<StorageException>().Where(e => e.Fault == StorageFault.Damaged && e.File == "identity");
    }

    public static TheoryData<ulong> Seeds(int count)
    {
        TheoryData<ulong> seeds = [];
        for (int i = 1; i <= count; i++)
            seeds.Add((ulong)i);
        return seeds;
    }

    internal static ReplicaStore Open(IDisk disk, ulong seed) => ReplicaStore.Open(disk, StoreScript.Options, new SeededRandomness(seed).NewMemberId);

    internal static Entry MakeEntry(ulong index, int bytes) => new(new LogIndex(index), new Term(1), EntryKind.Command, Enumerable.Repeat((byte)0xa5, bytes).ToArray());

    internal static StoreStep Step(ulong index, int bytes) =>
        new(index == 1 ? new HardState(new Term(1), MemberId.None) : null, [MakeEntry(index, bytes)]);

    private static int CountOperations(ulong seed)
    {
        SimulatedDisk disk = new();
        RunUntil(disk, seed, int.MaxValue, () => { });
        return disk.Executed;
    }

    private static (StoreModel Acknowledged, StoreStep? During) RunUntil(SimulatedDisk disk, ulong seed, int stop, Action happen)
    {
        StoreModel model = StoreModel.Empty;
        StoreStep? during = null;
        disk.Before = (number, _) =>
        {
            if (number == stop)
                happen();
        };
        try
        {
            ReplicaStore store = Open(disk, seed);
            foreach (StoreStep step in StoreScript.Make(seed, Steps))
            {
                during = step;
                StoreScript.Execute(store, step, disk);
                model = model.After(step);
                during = null;
            }
        }
        catch (Exception e) when (e is SimulatedCrashException or StorageException)
        {
            return (model, during);
        }

        return (model, null);
    }

    private static void Recovered(SimulatedDisk disk, ulong seed, StoreModel acknowledged, StoreStep? during, string where)
    {
        ImmutableArray<string> allowed = during is null
            ? [acknowledged.Describe()]
            : [.. acknowledged.Between(during).Select(m => m.Describe())];
        string found;
        try
        {
            ReplicaStore store = Open(disk, seed);
            StoreModel model = StoreModel.Of(store);
            found = model.Describe();

            // What was recovered must also be writable: a leftover must never come back.
            StoreStep next = new(new HardState(new Term(99), MemberId.None), [new Entry(
                (model.Entries.IsEmpty ? model.Covered : model.Entries[^1].Index).Next(), new Term(99), EntryKind.Command, new byte[5])]);
            StoreScript.Execute(store, next, disk);
            StoreModel.Of(Open(disk, seed)).Describe().Should().Be(model.After(next).Describe(), where);
        }
        catch (StorageException e)
        {
            throw new InvalidOperationException($"{where}: {e.Message}", e);
        }

        allowed.Should().Contain(found, where);
    }
}
