using GaleLb.Raft;
using GaleLb.Replica.Storage;
using GaleLb.TestKit;

namespace GaleLb.Replica.Tests.Storage;

/// <summary>Damage to every single byte of every file, and a cut at every byte of the tail.</summary>
public sealed class DamageTests
{
    private const string Segment = "wal-0000000000000001";
    private static readonly Membership Members = new([new Member(new MemberId(7), "10.0.0.1:9090", MemberRole.Voter)]);

    [Fact]
    public void Open_TailCutAtEveryByte_KeepsEveryWholeRecordBeforeIt()
    {
        (SimulatedDisk disk, long[] ends) = ThreeBatches();
        LoseMark(disk);
        for (long cut = ends[1]; cut < ends[2]; cut++)
        {
            SimulatedDisk torn = disk.Clone();
            for (long at = cut; at < ends[2]; at++)
                Zero(torn, at);
            ReplicaStore store = ReplicaStoreTests.Open(torn, 1);
            store.Recovery.Entries.Should().HaveCount(2, "cut at {0}", cut);
            StoreScript.Execute(store, ReplicaStoreTests.Step(3, 24), torn);
            ReplicaStoreTests.Open(torn, 1).Recovery.Entries.Should().HaveCount(3, "cut at {0}", cut);
        }
    }

    [Fact]
    public void Open_FileCutAtEveryByteOfTheTail_KeepsEveryWholeRecordBeforeIt()
    {
        (SimulatedDisk disk, long[] ends) = ThreeBatches();
        LoseMark(disk);
        for (long cut = ends[1]; cut < ends[2]; cut++)
        {
            SimulatedDisk torn = disk.Clone();
            torn.Truncate(Segment, cut);
            ReplicaStore store = ReplicaStoreTests.Open(torn, 1);
            store.Recovery.Entries.Should().HaveCount(2, "cut at {0}", cut);
            StoreScript.Execute(store, ReplicaStoreTests.Step(3, 24), torn);
            ReplicaStoreTests.Open(torn, 1).Recovery.Entries.Should().HaveCount(3, "cut at {0}", cut);
        }
    }

    [Fact]
    public void Open_AnyByteOfADurableBatchFlipped_RefusedNamingFileAndOffset()
    {
        (SimulatedDisk disk, long[] ends) = ThreeBatches();
        for (long at = 64; at < ends[1]; at++)
        {
            SimulatedDisk damaged = disk.Clone();
            damaged.Flip(Segment, at, (byte)(1 << (int)(at % 8)));
            Refused(damaged, Segment, at).Offset.Should().BeLessThanOrEqualTo(at).And.BeGreaterThan(at - 64);
        }
    }

    [Fact]
    public void Open_AnyByteOfTheLastBatchFlipped_RefusedNamingFileAndOffset()
    {
        (SimulatedDisk disk, long[] ends) = ThreeBatches();
        for (long at = ends[1]; at < ends[2]; at++)
        {
            SimulatedDisk damaged = disk.Clone();
            damaged.Flip(Segment, at);
            Refused(damaged, Segment, at).Offset.Should().BeInRange(ends[1], at);
        }
    }

    [Fact]
    public void Open_LastSectorsLost_RefusedNamingFileAndOffset()
    {
        (SimulatedDisk disk, long[] ends) = ThreeBatches();
        for (int i = 0; i < 3; i++)
        {
            SimulatedDisk damaged = disk.Clone();
            for (long at = i == 0 ? 64 : ends[i - 1]; at < ends[2]; at++)
                Zero(damaged, at);
            Refused(damaged, Segment, 0).Offset.Should().Be(i == 0 ? 64 : ends[i - 1]);
        }
    }

    [Fact]
    public void Open_AnyByteOfTheMarkFlipped_LosesNothing()
    {
        (SimulatedDisk disk, long[] ends) = ThreeBatches();
        for (long at = 0; at < 64; at++)
        {
            SimulatedDisk damaged = disk.Clone();
            damaged.Flip("durable", at);
            ReplicaStore store = ReplicaStoreTests.Open(damaged, 1);
            store.Recovery.Entries.Should().HaveCount(3, "byte {0}", at);
            store.Recovery.Loss.Should().Be(LogLoss.None);
            StoreScript.Execute(store, ReplicaStoreTests.Step(4, 24), damaged);
            ReplicaStoreTests.Open(damaged, 1).Recovery.Entries.Should().HaveCount(4, "byte {0}", at);
        }
    }

    /// <summary>Power failed before the mark was on disk.</summary>
    [Fact]
    public void Open_AnyByteOfTheLastBatchFlippedAndNoMark_NeverGivesBackWhatWasNotWritten()
    {
        (SimulatedDisk disk, long[] ends) = ThreeBatches();
        LoseMark(disk);
        for (long at = ends[1]; at < ends[2]; at++)
        {
            SimulatedDisk damaged = disk.Clone();
            damaged.Flip(Segment, at);
            ReplicaStore store = ReplicaStoreTests.Open(damaged, 1);
            store.Recovery.Entries.Should().HaveCount(2, "byte {0}", at);
            store.Report.TruncatedBytes.Should().BePositive();
        }
    }

    /// <summary>(1) A batch of entries 2 and 3 tears at its front, (2) entry 2 is written again and ends where 3 lies intact, (3) 3 must not come back.</summary>
    [Fact]
    public void Open_LeftoverOfATornBatchBehindANewOne_StaysGone()
    {
        SimulatedDisk disk = new();
        ReplicaStore store = ReplicaStoreTests.Open(disk, 1);
        StoreScript.Execute(store, ReplicaStoreTests.Step(1, 24), disk);
        long batch = 0;
        disk.Before = (_, o) => batch = o.Kind == DiskOperationKind.Write && o.File == Segment ? o.Offset : batch;
        StoreScript.Execute(store, new StoreStep(null, [ReplicaStoreTests.MakeEntry(2, 24), ReplicaStoreTests.MakeEntry(3, 24)]), disk);
        disk.Before = null;
        LoseMark(disk);
        disk.Flip(Segment, batch);
        ReplicaStore torn = ReplicaStoreTests.Open(disk, 1);
        torn.Recovery.Entries.Should().ContainSingle();
        torn.Report.TailSuspect.Should().BeTrue();
        torn.Recovery.Loss.Should().Be(LogLoss.Possible, "nothing tells that write from one that was acknowledged");

        StoreScript.Execute(torn, ReplicaStoreTests.Step(2, 24), disk);

        ReplicaStoreTests.Open(disk, 1).Recovery.Entries.Should().HaveCount(2);
    }

    [Fact]
    public void Open_DamageSetAside_BeginsEmptyAndIncompleteUnderTheSameIdTermAndVote()
    {
        HardState written = new(new Term(9), new MemberId(3));
        (SimulatedDisk disk, long[] ends) = ThreeBatches();
        ReplicaStore before = ReplicaStoreTests.Open(disk, 1);
        StoreScript.Execute(before, new StoreStep(written, []), disk);
        byte[] damaged = Content(disk, Segment);
        for (long at = 64; at < ends[2]; at += 5)
        {
            SimulatedDisk copy = disk.Clone();
            copy.Flip(Segment, at);

            ReplicaStore store = OpenWithOthers(copy);

            store.Self.Should().Be(before.Self);
            store.Report.Damage.Should().Contain(Segment);
            store.Recovery.Should().BeEquivalentTo(new RaftRecovery { HardState = written, Loss = LogLoss.Certain });
            Content(copy, "damaged-1-" + Segment).Should().HaveCount(damaged.Length).And.NotEqual(damaged);
            OpenWithOthers(copy).Recovery.Loss.Should().Be(LogLoss.Certain, "it stays so until the others have made it whole");
        }
    }

    /// <summary>Whatever is cut short leaves a directory that opens, and that never passes for complete.</summary>
    [Fact]
    public void Open_CrashWhileDamageIsSetAside_OpensIncomplete()
    {
        (SimulatedDisk disk, long[] ends) = ThreeBatches();
        disk.Flip(Segment, ends[0] + 20);
        for (int stop = 0, operations = 1; stop < operations; stop++)
        {
            for (ulong seed = 1; seed <= 8; seed++)
            {
                SimulatedDisk copy = disk.Clone();
                int left = stop;
                copy.Before = (_, _) =>
                {
                    if (left-- == 0)
                        throw new SimulatedCrashException();
                };
                try
                {
                    OpenWithOthers(copy);
                    operations = stop;
                }
                catch (SimulatedCrashException)
                {
                    operations = stop + 2;
                }

                copy.Before = null;
                copy.Crash(new SeededRandomness(seed).Next);
                ReplicaStore store = OpenWithOthers(copy);
                store.Recovery.Loss.Should().Be(LogLoss.Certain, "stopped before operation {0}, seed {1}", stop, seed);
                StoreScript.Execute(store, ReplicaStoreTests.Step(1, 24), copy);
            }
        }
    }

    [Theory]
    [InlineData("identity")]
    [InlineData("hard-state")]
    public void Open_DamageThatOthersCannotMend_RefusedAlsoWithOthers(string file)
    {
        SimulatedDisk disk = new();
        ReplicaStoreTests.Open(disk, 1);
        disk.Flip(file, 40);
        if (file == "hard-state")
            disk.Flip(file, 4096 + 40);

        Action open = () => OpenWithOthers(disk);

        open.Should().Throw<StorageException>().Which.File.Should().Be(file);
    }

    [Fact]
    public void Open_AnyByteOfAnySegmentHeaderFlipped_Refused()
    {
        SimulatedDisk disk = new();
        ReplicaStore store = ReplicaStoreTests.Open(disk, 1);
        for (ulong i = 1; i <= 3; i++)
            StoreScript.Execute(store, ReplicaStoreTests.Step(i, 800), disk);
        foreach (string file in disk.List().Where(f => f.StartsWith("wal-", StringComparison.Ordinal)).Take(3))
        {
            for (int at = 0; at < 64; at++)
            {
                SimulatedDisk damaged = disk.Clone();
                damaged.Flip(file, at);
                Refused(damaged, file, at);
            }
        }
    }

    [Fact]
    public void Open_AnyByteOfOneHardStateCopyFlipped_KeepsTermAndVote()
    {
        SimulatedDisk disk = new();
        HardState written = new(new Term(9), new MemberId(3));
        StoreScript.Execute(ReplicaStoreTests.Open(disk, 1), new StoreStep(written, []), disk);
        foreach (int copy in new[] { 0, 4096 })
        {
            for (int at = 0; at < 64; at++)
            {
                SimulatedDisk damaged = disk.Clone();
                damaged.Flip("hard-state", copy + at);
                ReplicaStoreTests.Open(damaged, 1).Recovery.HardState.Should().Be(written, "byte {0}", copy + at);
                damaged.Clone().Read("hard-state", 0, new byte[1]).Should().Be(1);
            }
        }
    }

    [Fact]
    public void Open_BothHardStateCopiesFlipped_Refused()
    {
        SimulatedDisk disk = new();
        ReplicaStoreTests.Open(disk, 1);
        disk.Flip("hard-state", 40);
        disk.Flip("hard-state", 4096 + 40);

        Refused(disk, "hard-state", 0);
    }

    [Fact]
    public void Open_AnyByteOfIdentityFlipped_Refused()
    {
        SimulatedDisk disk = new();
        ReplicaStoreTests.Open(disk, 1);
        for (int at = 0; at < 64; at++)
        {
            SimulatedDisk damaged = disk.Clone();
            damaged.Flip("identity", at);
            Refused(damaged, "identity", at);
        }
    }

    [Fact]
    public void Open_AnyByteOfASnapshotFlippedOrCut_Refused()
    {
        SimulatedDisk disk = new();
        Snapshot snapshot = new(new SnapshotMetadata(new LogIndex(1), new Term(1), Members), new byte[90]);
        StoreScript.Execute(
            ReplicaStoreTests.Open(disk, 1), ReplicaStoreTests.Step(1, 10) with { Own = snapshot }, disk);
        string file = disk.List().Single(f => f.StartsWith("snapshot-", StringComparison.Ordinal));
        for (int at = 0; at < disk.Length(file); at++)
        {
            SimulatedDisk damaged = disk.Clone();
            damaged.Flip(file, at);
            Refused(damaged, file, at);
            SimulatedDisk cut = disk.Clone();
            cut.Truncate(file, at);
            Refused(cut, file, at);
        }
    }

    [Fact]
    public void Open_SegmentMissing_Refused()
    {
        SimulatedDisk disk = new();
        ReplicaStore store = ReplicaStoreTests.Open(disk, 1);
        for (ulong i = 1; i <= 4; i++)
            StoreScript.Execute(store, ReplicaStoreTests.Step(i, 800), disk);
        disk.Execute(DiskOperation.Delete("wal-0000000000000002"));

        Refused(disk, "wal-0000000000000002", 0);
    }

    [Fact]
    public void Open_FirstSegmentGoneWithoutSnapshot_Refused()
    {
        SimulatedDisk disk = new();
        ReplicaStore store = ReplicaStoreTests.Open(disk, 1);
        for (ulong i = 1; i <= 3; i++)
            StoreScript.Execute(store, ReplicaStoreTests.Step(i, 800), disk);
        disk.Execute(DiskOperation.Delete("wal-0000000000000001"));

        Refused(disk, "wal-0000000000000002", 0).Message.Should().Contain("begins at 2");
    }

    [Theory]
    [InlineData("identity", 64)]
    [InlineData("hard-state", 64)]
    [InlineData(Segment, 64)]
    public void Open_NewerFormat_RefusedInWords(string file, int headerBytes)
    {
        SimulatedDisk disk = new();
        ReplicaStoreTests.Open(disk, 1);
        byte[] header = new byte[headerBytes];
        disk.Read(file, 0, header);
        header[8] = 2;
        BitConverter.TryWriteBytes(header.AsSpan(60), Crc32C.Compute(header.AsSpan(0, 60)));
        disk.Execute(DiskOperation.Write(file, 0, header));

        Action open = () => ReplicaStoreTests.Open(disk, 1);

        open.Should().Throw<StorageException>().Where(e => e.Fault == StorageFault.NewerFormat && e.File == file && e.Message.Contains("format version 2"));
    }

    private static StorageException Refused(SimulatedDisk disk, string file, long at)
    {
        try
        {
            ReplicaStoreTests.Open(disk, 1);
        }
        catch (StorageException e)
        {
            e.Fault.Should().Be(StorageFault.Damaged, "byte {0} of {1}", at, file);
            e.File.Should().Be(file, "byte {0}", at);
            e.Message.Should().Contain(file);
            return e;
        }

        throw new InvalidOperationException($"Damage at byte {at} of {file} went unnoticed: {string.Join(' ', disk.List().Select(f => $"{f}:{disk.Length(f)}"))}.");
    }

    private static ReplicaStore OpenWithOthers(SimulatedDisk disk) =>
        ReplicaStore.Open(disk, new StoreOptions { SegmentBytes = 1024, SetDamageAside = true }, () => new MemberId(1));

    private static byte[] Content(SimulatedDisk disk, string file)
    {
        byte[] bytes = new byte[disk.Length(file)];
        disk.Read(file, 0, bytes);
        return bytes;
    }

    private static void LoseMark(SimulatedDisk disk) => disk.Execute(DiskOperation.Delete("durable"));

    private static void Zero(SimulatedDisk disk, long at) => disk.Execute(DiskOperation.Write(Segment, at, new byte[1]));

    /// <summary>Three batches of one entry each in one segment, and where each ends.</summary>
    private static (SimulatedDisk Disk, long[] Ends) ThreeBatches()
    {
        SimulatedDisk disk = new();
        ReplicaStore store = ReplicaStoreTests.Open(disk, 1);
        long[] ends = new long[3];
        long end = 0;
        for (ulong i = 1; i <= 3; i++)
        {
            disk.Before = (_, o) => end = o.Kind == DiskOperationKind.Write && o.File == Segment ? o.Offset + o.Bytes.Length : end;
            StoreScript.Execute(store, ReplicaStoreTests.Step(i, 24), disk);
            ends[i - 1] = end;
        }

        disk.Before = null;
        return (disk, ends);
    }
}
