using GaleLb.Raft;
using GaleLb.Simulation.Faults;

namespace GaleLb.Simulation.Replicas;

/// <content>The planted bugs of this kind that lie in messages; those of the disk are in <see cref="FaultyDisk"/>.</content>
internal sealed partial class DriverMember
{
    private Message? PlantOnReceive(Message message) => (Host.Bug, message) switch
    {
        (PlantedBug.NeverBacktrack, AppendResponse { Accepted: false }) => null,
        (PlantedBug.LoseSnapshotTail, SnapshotChunk { Offset: > 0 }) => null,
        _ => message,
    };
}
