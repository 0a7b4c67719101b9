using System.Buffers.Binary;
using System.Collections.Immutable;
using GaleLb.Raft;
using GaleLb.State.Formats;

namespace GaleLb.State.Commands;

/// <summary>
/// Commands as the log holds them: one encoding for each command, every other sequence of bytes refused
/// (docs/internals/state-format.md).
/// </summary>
public static partial class CommandCodec
{
    private const byte FormatVersion = 1;
    private const int LogTimeOffset = 1;
    private const int WallTimeOffset = 9;
    private const int StampEnd = 17;

    /// <exception cref="ArgumentException">A text is too long or not Unicode, or a batch holds another or too many commands.</exception>
    public static byte[] Encode(CommandEnvelope envelope)
    {
        CanonicalWriter writer = new();
        writer.U8(FormatVersion);
        writer.I64(envelope.LogTime.Milliseconds);
        writer.I64(envelope.WallTimeMs);
        writer.Text(envelope.Origin);
        writer.OptionalText(envelope.IdempotencyKey);
        writer.Bool(envelope.IfMatch is not null);
        if (envelope.IfMatch is { } index)
            writer.U64(index.Value);
        WriteCommand(writer, envelope.Command, inBatch: false);
        return writer.ToArray();
    }

    /// <exception cref="InvalidDataException">The bytes are not a command of this version.</exception>
    public static CommandEnvelope Decode(ReadOnlySpan<byte> bytes)
    {
        CanonicalReader reader = new("command", bytes);
        byte version = reader.U8();
        if (version != FormatVersion)
            throw reader.Bad($"format version {FormatVersion} expected, {version} found");
        long logTime = reader.I64();
        if (logTime < 0)
            throw reader.Bad($"a log time of 0 or more expected, {logTime} found");
        long wallTime = reader.I64();
        string origin = reader.Text();
        if (origin.Length > CommandEnvelope.OriginMax)
            throw reader.Bad($"an origin of at most {CommandEnvelope.OriginMax} characters expected, {origin.Length} found");
        string? key = reader.OptionalText();
        if (key?.Length > CommandEnvelope.IdempotencyKeyMax)
            throw reader.Bad($"a key of at most {CommandEnvelope.IdempotencyKeyMax} characters expected, {key.Length} found");
        LogIndex? ifMatch = reader.Bool() ? new LogIndex(reader.U64()) : null;
        Command command = ReadCommand(ref reader, inBatch: false);
        reader.End();
        return new CommandEnvelope(command)
        {
            LogTime = new LogTime(logTime),
            WallTimeMs = wallTime,
            Origin = origin,
            IdempotencyKey = key,
            IfMatch = ifMatch,
        };
    }

    /// <summary>
    /// The same command with the leader's times: what a replica encoded and passed on is stamped where it is proposed.
    /// </summary>
    /// <exception cref="InvalidDataException">The bytes are too few to be a command, or of another version.</exception>
    public static byte[] Stamp(ReadOnlySpan<byte> command, LogTime logTime, long wallTimeMs)
    {
        if (command.Length <= StampEnd || command[0] != FormatVersion)
            throw new InvalidDataException($"command: a command of format version {FormatVersion} expected.");
        byte[] stamped = command.ToArray();
        BinaryPrimitives.WriteInt64LittleEndian(stamped.AsSpan(LogTimeOffset), logTime.Milliseconds);
        BinaryPrimitives.WriteInt64LittleEndian(stamped.AsSpan(WallTimeOffset), wallTimeMs);
        return stamped;
    }

    /// <summary>Kind and fields without the envelope: what makes two orders the same order.</summary>
    internal static byte[] EncodeBody(Command command)
    {
        CanonicalWriter writer = new();
        WriteCommand(writer, command, inBatch: false);
        return writer.ToArray();
    }

    private static void WriteCommand(CanonicalWriter writer, Command command, bool inBatch)
    {
        writer.U8((byte)command.Kind);
        switch (command)
        {
            case Batch batch:
                if (inBatch || batch.Commands.Length > Batch.CommandsMax)
                    throw new ArgumentException($"A batch holds at most {Batch.CommandsMax} commands and no batch.", nameof(command));
                writer.Count(batch.Commands.Length);
                foreach (Command item in batch.Commands)
                    WriteCommand(writer, item, inBatch: true);
                break;
            case NodeDecision decision:
                WriteDecision(writer, decision);
                break;
            case NodeOrder order:
                WriteNodeOrder(writer, order);
                break;
            default:
                WriteClusterCommand(writer, command);
                break;
        }
    }

    private static Command ReadCommand(scoped ref CanonicalReader reader, bool inBatch)
    {
        CommandKind kind = (CommandKind)reader.U8();
        if (kind == CommandKind.Batch)
            return inBatch ? throw reader.Bad("a batch inside a batch") : ReadBatch(ref reader);
        return ReadDecision(kind, ref reader) ?? ReadNodeOrder(kind, ref reader) ?? ReadClusterCommand(kind, ref reader)
            ?? throw reader.Bad($"no command is of kind {(byte)kind}");
    }

    private static Batch ReadBatch(scoped ref CanonicalReader reader)
    {
        int count = reader.Count(Batch.CommandsMax, elementBytesMin: 1);
        ImmutableArray<Command>.Builder commands = ImmutableArray.CreateBuilder<Command>(count);
        for (int i = 0; i < count; i++)
            commands.Add(ReadCommand(ref reader, inBatch: true));
        return new Batch(commands.MoveToImmutable());
    }
}
