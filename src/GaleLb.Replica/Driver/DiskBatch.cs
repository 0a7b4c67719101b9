using GaleLb.Replica.Storage;

namespace GaleLb.Replica.Driver;

/// <summary>Two independent sequences of disk work, so that a large snapshot does not hold up the log.</summary>
public enum DiskLane : byte
{
    /// <summary>Hard state, WAL and received snapshots: what replies wait for.</summary>
    Log,

    /// <summary>Own snapshots, allocating ahead, removing what is covered.</summary>
    Background,
}

/// <summary>Disk operations to be executed in order. At most one batch of a lane is under way; its lists are reused after it is reported.</summary>
public sealed class DiskBatch(DiskLane lane)
{
    public DiskLane Lane { get; } = lane;

    public List<DiskOperation> Operations { get; } = [];

    /// <summary>The operation to begin with: those before it were done by an attempt that found no space.</summary>
    public int Next { get; set; }

    /// <summary>Executes what is left, advancing <see cref="Next"/>; null when all is done, else why it stopped.</summary>
    public StorageException? Execute(IDisk disk)
    {
        try
        {
            for (; Next < Operations.Count; Next++)
                disk.Execute(Operations[Next]);
            return null;
        }
        catch (StorageException failure)
        {
            return failure;
        }
    }
}
