using System.Collections.Immutable;
using GaleLb.Raft;
using GaleLb.State.Formats;

namespace GaleLb.State.Commands;

/// <summary>Answers as bytes, for the way from the leader to the replica that was asked (docs/internals/state-format.md).</summary>
public static class CommandAnswerCodec
{
    private const byte FormatVersion = 1;

    public static byte[] Encode(CommandAnswer answer)
    {
        CanonicalWriter writer = new(64);
        writer.U8(FormatVersion);
        Write(writer, answer);
        return writer.ToArray();
    }

    /// <exception cref="InvalidDataException">The bytes are not an answer.</exception>
    public static CommandAnswer Decode(ReadOnlySpan<byte> bytes)
    {
        CanonicalReader reader = new("command answer", bytes);
        byte version = reader.U8();
        if (version != FormatVersion)
            throw reader.Bad($"format version {FormatVersion} expected, {version} found");
        CommandAnswer answer = Read(ref reader, depth: 0);
        reader.End();
        return answer;
    }

    internal static void Write(CanonicalWriter writer, CommandAnswer answer)
    {
        writer.U64(answer.Index.Value);
        writer.U8((byte)answer.Outcome);
        writer.Text(answer.Message);
        writer.Text(answer.Field);
        writer.Count(answer.Items.Length);
        foreach (CommandAnswer item in answer.Items)
            Write(writer, item);
    }

    internal static CommandAnswer Read(ref CanonicalReader reader, int depth)
    {
        LogIndex index = new(reader.U64());
        CommandOutcome outcome = (CommandOutcome)reader.Choice((byte)CommandOutcome.Invalid, "an outcome");
        string message = reader.Text();
        string field = reader.Text();
        int count = reader.Count(Batch.CommandsMax, elementBytesMin: 17);
        if (count > 0 && depth > 0)
            throw reader.Bad("an answer inside a batch's has no items");
        ImmutableArray<CommandAnswer>.Builder items = ImmutableArray.CreateBuilder<CommandAnswer>(count);
        for (int i = 0; i < count; i++)
            items.Add(Read(ref reader, depth + 1));
        return new CommandAnswer(index, outcome, message, field, items.MoveToImmutable());
    }
}
