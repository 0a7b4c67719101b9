using System.Collections.Immutable;
using GaleLb.Raft;
using GaleLb.Replica.Wire;

namespace GaleLb.Replica.Tests.Wire;

public sealed class MessageCodecTests
{
    private static readonly MemberId One = new(0x0102030405060708);
    private static readonly MemberId Two = new(0xf1f2f3f4f5f6f7f8);
    private static readonly Term Five = new(5);

    private static readonly Membership Members = new(
    [
        new Member(One, "10.0.0.1:9090", MemberRole.Voter),
        new Member(Two, "[2001:db8::2]:9090", MemberRole.Learner),
        new Member(new MemberId(3), "10.0.0.3:9090", MemberRole.Voter, Vacant: true),
    ]);

    private static readonly ImmutableArray<(string Name, Message Message)> Messages =
    [
        ("vote request", new VoteRequest(One, Two, Five, PreVote: false, new LogIndex(7), new Term(4), Transfer: false)),
        ("pre-vote request", new VoteRequest(One, Two, Five, PreVote: true, new LogIndex(ulong.MaxValue), new Term(4), Transfer: false)),
        ("transfer", new VoteRequest(One, Two, Five, PreVote: false, LogIndex.Zero, Term.Zero, Transfer: true)),
        ("vote granted", new VoteResponse(One, Two, Five, PreVote: false, Granted: true)),
        ("pre-vote refused", new VoteResponse(One, Two, new Term(ulong.MaxValue), PreVote: true, Granted: false)),
        ("probe", new AppendRequest(One, Two, Five, new LogIndex(300), new Term(4), [], new LogIndex(299))),
        ("append", new AppendRequest(One, Two, Five, new LogIndex(127), new Term(2),
        [
            new Entry(new LogIndex(128), new Term(2), EntryKind.Command, "first"u8.ToArray()),
            new Entry(new LogIndex(129), Five, EntryKind.Empty, ReadOnlyMemory<byte>.Empty),
            new Entry(new LogIndex(130), Five, EntryKind.Membership, MembershipCodec.Encode(Members)),
        ], new LogIndex(100))),
        ("accepted", new AppendResponse(One, Two, Five, Accepted: true, new LogIndex(9), LogIndex.Zero, Term.Zero)),
        ("rejected", new AppendResponse(One, Two, Five, Accepted: false, new LogIndex(9), new LogIndex(5), new Term(3))),
        ("heartbeat", new HeartbeatRequest(One, Two, Five, new LogIndex(1000), 77)),
        ("heartbeat answer", new HeartbeatResponse(One, Two, Five, ulong.MaxValue)),
        ("snapshot chunk", new SnapshotChunk(One, Two, Five, new SnapshotMetadata(new LogIndex(50), new Term(4), Members), 1 << 20, 3 << 20, new byte[] { 1, 2, 3 })),
        ("snapshot answer", new SnapshotChunkResponse(One, Two, Five, new LogIndex(50), 1 << 20)),
        ("read", new ReadIndexRequest(One, Two, Five, 0xdeadbeefcafebabe)),
        ("read answer", new ReadIndexResponse(One, Two, Five, 1, new LogIndex(8))),
        ("read refused", new ReadIndexResponse(One, Two, Five, 2, null)),
        ("timeout now", new TimeoutNow(One, Two, Five)),
    ];

    public static TheoryData<string> Names => new(Messages.Select(m => m.Name));

    [Fact]
    public void Messages_CoverEveryKind() =>
        Messages.Select(m => m.Message.GetType()).Distinct().Should().BeEquivalentTo(
            typeof(Message).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(Message))));

    [Theory]
    [MemberData(nameof(Names))]
    public void Decode_Encoded_GivesTheSameMessage(string name)
    {
        Message message = Find(name);

        Message decoded = MessageCodec.Decode(MessageCodec.Encode(message));

        Describe(decoded).Should().Be(Describe(message));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Decode_EveryShorterLength_Refused(string name)
    {
        byte[] bytes = MessageCodec.Encode(Find(name));
        for (int length = 0; length < bytes.Length; length++)
        {
            Action decode = () => MessageCodec.Decode(bytes.AsMemory(0, length));
            decode.Should().Throw<InvalidDataException>("length {0}", length);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Decode_OneByteMore_Refused(string name)
    {
        byte[] bytes = [.. MessageCodec.Encode(Find(name)), 0];

        Action decode = () => MessageCodec.Decode(bytes);

        decode.Should().Throw<InvalidDataException>().WithMessage("*too many*");
    }

    /// <summary>What decodes at all encodes to the very same bytes: no message has two forms.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void Decode_AnyByteChanged_RefusedOrCanonical(string name)
    {
        byte[] bytes = MessageCodec.Encode(Find(name));
        for (int at = 0; at < bytes.Length; at++)
        {
            for (int value = 0; value < 256; value++)
            {
                byte[] changed = [.. bytes];
                changed[at] = (byte)value;
                Message decoded;
                try
                {
                    decoded = MessageCodec.Decode(changed);
                }
                catch (InvalidDataException)
                {
                    continue;
                }

                MessageCodec.Encode(decoded).Should().Equal(changed, "byte {0} = {1}", at, value);
            }
        }
    }

    [Fact]
    public void Decode_RandomBytes_NothingButInvalidData()
    {
        GaleLb.TestKit.SeededRandomness random = new(42);
        for (int i = 0; i < 200_000; i++)
        {
            byte[] bytes = new byte[random.Next(60)];
            for (int at = 0; at < bytes.Length; at++)
                bytes[at] = (byte)random.Next(at < 2 ? 13 : 256);
            try
            {
                MessageCodec.Decode(bytes);
            }
            catch (InvalidDataException)
            {
            }
        }
    }

    [Theory]
    [InlineData("00", "version")]
    [InlineData("02", "version")]
    [InlineData("0100" + "0000000000000000" + "0000000000000000" + "00", "kind")]
    [InlineData("010c" + "0000000000000000" + "0000000000000000" + "00", "kind")]
    [InlineData("010b" + "0000000000000000" + "0000000000000000" + "8000", "shortest form")]
    [InlineData("010b" + "0000000000000000" + "0000000000000000" + "ffffffffffffffffff02", "beyond 64 bits")]
    [InlineData("0103" + "0000000000000000" + "0000000000000000" + "01" + "000000" + "ffffffff0f", "entries")]
    public void Decode_Malformed_NamesWhat(string hexadecimal, string what)
    {
        Action decode = () => MessageCodec.Decode(Convert.FromHexString(hexadecimal));

        decode.Should().Throw<InvalidDataException>().WithMessage($"*{what}*");
    }

    private static Message Find(string name) => Messages.Single(m => m.Name == name).Message;

    private static string Describe(Message message) => message switch
    {
        AppendRequest m => $"{m with { Entries = [] }} {string.Join(' ', m.Entries.Select(e => $"{e.Index}/{e.Term}/{e.Kind}/{Convert.ToHexString(e.Payload.Span)}"))}",
        SnapshotChunk m => $"{m.From} {m.To} {m.Term} {m.Offset} {m.TotalBytes} {m.Metadata.Index} {m.Metadata.Term} {string.Join(' ', m.Metadata.Membership.Members)} {Convert.ToHexString(m.Bytes.Span)}",
        _ => message.ToString(),
    };
}
