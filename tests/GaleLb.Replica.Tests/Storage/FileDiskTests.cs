using GaleLb.Replica.Storage;
using GaleLb.TestKit;

namespace GaleLb.Replica.Tests.Storage;

/// <summary>The same life on real files as on simulated ones, and what the file system's errors become.</summary>
public sealed class FileDiskTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("galelb-disk-").FullName;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Open_AfterAnyLife_GivesBackWhatWasWrittenAndMatchesTheSimulation(ulong seed)
    {
        SimulatedDisk simulated = new();
        ReplicaStore expected = ReplicaStoreTests.Open(simulated, seed);
        StoreModel model = StoreModel.Empty;
        using (FileDisk disk = FileDisk.Open(_root))
        {
            ReplicaStore store = ReplicaStoreTests.Open(disk, seed);
            foreach (StoreStep step in StoreScript.Make(seed, 40))
            {
                StoreScript.Execute(store, step, disk);
                StoreScript.Execute(expected, step, simulated);
                model = model.After(step);
            }
        }

        using FileDisk again = FileDisk.Open(_root);
        StoreModel.Of(ReplicaStoreTests.Open(again, seed)).Describe().Should().Be(model.Describe());
        ReplicaStoreTests.Open(simulated, seed);
        again.List().Should().Equal(simulated.List());
        foreach (string file in again.List())
            Contents(again, file).Should().Equal(Contents(simulated, file), file);
    }

    [Fact]
    public void Execute_WriteWithoutSpace_IsFullAndMayBeRepeated()
    {
        using FileDisk disk = FileDisk.Open(_root);
        File.CreateSymbolicLink(Path.Combine(_root, "full"), "/dev/full");

        Action write = () => disk.Execute(DiskOperation.Write("full", 0, new byte[100]));

        write.Should().Throw<StorageException>().Where(e => e.Fault == StorageFault.Full && e.File == "full" && e.Message.Contains("No space left"));
    }

    [Fact]
    public void Execute_SyncThatFails_IsNeverCalledFull()
    {
        using FileDisk disk = FileDisk.Open(_root);
        File.CreateSymbolicLink(Path.Combine(_root, "full"), "/dev/full");
        disk.Read("full", 0, new byte[1]);

        Action sync = () => disk.Execute(DiskOperation.Sync("full"));

        sync.Should().Throw<StorageException>().Where(e => e.Fault == StorageFault.Failed);
    }

    [Fact]
    public void Execute_DeleteOfAMissingFile_IsNoError()
    {
        using FileDisk disk = FileDisk.Open(_root);

        disk.Execute(DiskOperation.Delete("nothing"));

        disk.List().Should().BeEmpty();
    }

    [Fact]
    public void Open_PathIsAFile_RefusedInWords()
    {
        string file = Path.Combine(_root, "file");
        File.WriteAllText(file, "");

        Action open = () => FileDisk.Open(file);

        open.Should().Throw<StorageException>().Where(e => e.Message.Contains(file));
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private static byte[] Contents(IDisk disk, string file)
    {
        byte[] bytes = new byte[disk.Length(file)];
        disk.Read(file, 0, bytes);
        return bytes;
    }
}
