using GaleLb.Raft;
using GaleLb.State.Commands;

namespace GaleLb.State.Tests.Commands;

public sealed class CommandCodecTests
{
    [Fact]
    public void Samples_CoverEveryKind() =>
        CommandSamples.All.Select(c => c.Kind).Distinct().Order().Should().Equal(Enum.GetValues<CommandKind>());

    [Theory]
    [MemberData(nameof(CommandSamples.Indexes), MemberType = typeof(CommandSamples))]
    public void Decode_Encoded_IsTheSameCommand(int sample)
    {
        CommandEnvelope envelope = Envelope(CommandSamples.All[sample]);

        byte[] bytes = CommandCodec.Encode(envelope);
        CommandEnvelope decoded = CommandCodec.Decode(bytes);

        decoded.Should().BeEquivalentTo(envelope, o => o.RespectingRuntimeTypes().ComparingByMembers<Command>());
        CommandCodec.Encode(decoded).Should().Equal(bytes);
    }

    [Theory]
    [MemberData(nameof(CommandSamples.Indexes), MemberType = typeof(CommandSamples))]
    public void Decode_AnyTruncation_IsRefused(int sample)
    {
        byte[] bytes = CommandCodec.Encode(Envelope(CommandSamples.All[sample]));

        for (int length = 0; length < bytes.Length; length++)
            Assert.Throws<InvalidDataException>(Decoding(bytes[..length]));
        Decoding([.. bytes, 0]).Should().Throw<InvalidDataException>().WithMessage("*1 bytes too many*");
    }

    [Fact]
    public void Decode_AnyFlippedByte_IsRefusedOrCanonical()
    {
        foreach (Command command in CommandSamples.All)
        {
            byte[] bytes = CommandCodec.Encode(Envelope(command));
            for (int i = 0; i < bytes.Length * 8; i++)
            {
                byte[] flipped = [.. bytes];
                flipped[i / 8] ^= (byte)(1 << (i % 8));
                CommandEnvelope decoded;
                try
                {
                    decoded = CommandCodec.Decode(flipped);
                }
                catch (InvalidDataException)
                {
                    continue;
                }

                if (!CommandCodec.Encode(decoded).AsSpan().SequenceEqual(flipped))
                    Assert.Fail($"{command.Kind} with bit {i} flipped is accepted and has another encoding");
            }
        }
    }

    [Theory]
    [InlineData(0, "*format version 1 expected, 9 found*")]
    public void Decode_OtherVersion_NamesBoth(int offset, string message)
    {
        byte[] bytes = CommandCodec.Encode(Envelope(new UnbanNode("n")));
        bytes[offset] = 9;

        Decoding(bytes).Should().Throw<InvalidDataException>().WithMessage(message);
    }

    [Fact]
    public void Encode_BatchInABatch_IsRefused()
    {
        Action encoding = () => CommandCodec.Encode(Envelope(new Batch([new Batch([])])));

        encoding.Should().Throw<ArgumentException>();
    }

    [Fact]
    public void Stamp_EncodedCommand_ReplacesItsTimesOnly()
    {
        CommandEnvelope envelope = Envelope(new UnbanNode("n"));

        byte[] stamped = CommandCodec.Stamp(CommandCodec.Encode(envelope), new LogTime(99), 77);

        CommandCodec.Decode(stamped).Should().Be(envelope with { LogTime = new LogTime(99), WallTimeMs = 77 });
    }

    [Fact]
    public void Stamp_TooFewBytes_IsRefused()
    {
        Action stamping = () => CommandCodec.Stamp(new byte[17], default, 0);

        stamping.Should().Throw<InvalidDataException>();
    }

    [Fact]
    public void AnswerDecode_Encoded_IsTheSameAndEveryTruncationIsRefused()
    {
        CommandAnswer item = new(new LogIndex(4), CommandOutcome.Conflict, "held", "address", []);
        CommandAnswer answer = new(new LogIndex(4), CommandOutcome.Ok, "", "", [item, item]);

        byte[] bytes = CommandAnswerCodec.Encode(answer);

        CommandAnswerCodec.Decode(bytes).Should().BeEquivalentTo(answer);
        for (int length = 0; length < bytes.Length; length++)
            bytes[..length].Invoking(b => CommandAnswerCodec.Decode(b)).Should().Throw<InvalidDataException>();
    }

    private static CommandEnvelope Envelope(Command command) => new(command)
    {
        LogTime = new LogTime(12_345),
        WallTimeMs = 1_700_000_000_000,
        Origin = "rest 10.0.0.1",
        IdempotencyKey = command is UnbanNode ? null : "key",
        IfMatch = command is UnbanNode ? null : new LogIndex(3),
    };

    private static Action Decoding(byte[] bytes) => () => CommandCodec.Decode(bytes);
}
