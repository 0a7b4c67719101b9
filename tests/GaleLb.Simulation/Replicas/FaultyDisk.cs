using GaleLb.Replica.Storage;
using GaleLb.Simulation.Faults;

namespace GaleLb.Simulation.Replicas;

/// <summary>A disk that may fail an operation for good, or, with a bug planted, lie about what it did.</summary>
internal sealed class FaultyDisk(IDisk medium, ISimulationHost host) : IDisk
{
    /// <summary>The next write or sync fails as with EIO.</summary>
    public bool FailNext { get; set; }

    public string Location => medium.Location;

    public IReadOnlyList<string> List() => medium.List();

    public long Length(string file) => medium.Length(file);

    public int Read(string file, long offset, Span<byte> into) => medium.Read(file, offset, into);

    public void Execute(in DiskOperation operation)
    {
        if (FailNext)
        {
            FailNext = false;
            throw new StorageException(StorageFault.Failed, $"{Location}: {operation} failed: input/output error");
        }
        if (!IsPlantedAway(operation))
            medium.Execute(operation);
    }

    public void Dispose() => medium.Dispose();

    private bool IsPlantedAway(in DiskOperation operation) => host.Bug switch
    {
        PlantedBug.SyncDoesNothing => operation.Kind == DiskOperationKind.Sync,
        PlantedBug.DirectoryNeverSynced => operation.Kind == DiskOperationKind.SyncDirectory,
        PlantedBug.HardStateNotWritten => operation.Kind == DiskOperationKind.Write && operation.File == "hard-state" && host.Now > 0,
        PlantedBug.MarkNotWritten => operation.File == "durable",
        PlantedBug.IncompleteNotWritten => operation.File == "incomplete",
        _ => false,
    };
}
