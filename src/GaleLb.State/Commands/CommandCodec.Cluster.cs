using GaleLb.Raft;
using GaleLb.State.Formats;
using GaleLb.State.Forwarding;

namespace GaleLb.State.Commands;

public static partial class CommandCodec
{
    private static void WriteClusterCommand(CanonicalWriter writer, Command command)
    {
        switch (command)
        {
            case Bootstrap bootstrap:
                writer.U64(bootstrap.ClusterId.Value);
                writer.U64(bootstrap.HashSeed);
                writer.Settings(bootstrap.Settings);
                break;
            case RaiseStateVersion raise:
                writer.U32(raise.Version);
                break;
            case StageSettings stage:
                writer.Settings(stage.Settings);
                break;
            case UnstageSettings:
                break;
            case SwitchSettings change:
                writer.U64(change.Staged.Value);
                break;
            case RecordMemberOrder record:
                writer.Text(record.Member);
                writer.Text(record.Order);
                break;
            case PlaceReleased released:
                writer.U16(released.Index.Value);
                writer.U32(released.Generation.Value);
                break;
            case BlockExpired expired:
                writer.Prefix(expired.Prefix);
                writer.U64(expired.Seen.Value);
                break;
            case AddService add:
                writer.Service(add.Definition);
                break;
            case ReplaceService replace:
                writer.Service(replace.Definition);
                break;
            case RemoveService remove:
                writer.Text(remove.Name);
                break;
            case BlockClients block:
                writer.Prefix(block.Prefix);
                writer.OptionalI64(block.DurationMs);
                writer.Text(block.Reason);
                break;
            case UnblockClients unblock:
                writer.Prefix(unblock.Prefix);
                break;
            default:
                throw new ArgumentException($"{command.Kind} has no encoding.", nameof(command));
        }
    }

    private static Command? ReadClusterCommand(CommandKind kind, scoped ref CanonicalReader reader) => kind switch
    {
        CommandKind.Bootstrap => new Bootstrap(new ClusterId(reader.U64()), reader.U64(), reader.Settings()),
        CommandKind.RaiseStateVersion => new RaiseStateVersion(reader.U32()),
        CommandKind.StageSettings => new StageSettings(reader.Settings()),
        CommandKind.UnstageSettings => new UnstageSettings(),
        CommandKind.SwitchSettings => new SwitchSettings(new LogIndex(reader.U64())),
        CommandKind.RecordMemberOrder => new RecordMemberOrder(reader.Text(), reader.Text()),
        CommandKind.PlaceReleased => new PlaceReleased(new NodeIndex(reader.U16()), new Generation(reader.U32())),
        CommandKind.BlockExpired => new BlockExpired(reader.Prefix(), new LogIndex(reader.U64())),
        CommandKind.AddService => new AddService(reader.Service()),
        CommandKind.ReplaceService => new ReplaceService(reader.Service()),
        CommandKind.RemoveService => new RemoveService(reader.Text()),
        CommandKind.BlockClients => new BlockClients(reader.Prefix(), reader.OptionalI64(), reader.Text()),
        CommandKind.UnblockClients => new UnblockClients(reader.Prefix()),
        _ => null,
    };
}
