using GaleLb.Raft.Tests.Harness;

namespace GaleLb.Raft.Tests;

public sealed class MembershipCodecTests
{
    private static Membership Sample => TestCluster.Voters(3, 1).With(TestCluster.Learner(7)).With(TestCluster.Vacant(5));

    [Fact]
    public void Decode_OfEncoded_IsEqual() => MembershipCodec.Decode(MembershipCodec.Encode(Sample)).Should().Be(Sample);

    [Fact]
    public void Encode_OfEmpty_HasGoldenBytes() => MembershipCodec.Encode(Membership.Empty).Should().Equal(1, 0, 0);

    [Fact]
    public void Encode_OfOneMember_HasGoldenBytes() =>
        MembershipCodec.Encode(new Membership([new Member(new MemberId(0x0102), "a:1", MemberRole.Observer, Vacant: true)]))
            .Should().Equal(1, 1, 0, 2, 1, 0, 0, 0, 0, 0, 0, 2, 1, 3, 0, (byte)'a', (byte)':', (byte)'1');

    [Fact]
    public void Decode_EveryTruncation_IsRefused()
    {
        byte[] bytes = MembershipCodec.Encode(Sample);
        for (int length = 0; length < bytes.Length; length++)
        {
            byte[] truncated = bytes[..length];
            Action decode = () => MembershipCodec.Decode(truncated);
            decode.Should().Throw<InvalidDataException>($"{length} bytes are too few");
        }
    }

    [Fact]
    public void Decode_EveryFlippedByte_IsRefusedOrCanonical()
    {
        byte[] bytes = MembershipCodec.Encode(Sample);
        for (int i = 0; i < bytes.Length; i++)
        {
            byte[] flipped = [.. bytes];
            flipped[i] ^= 0x81;
            try
            {
                MembershipCodec.Encode(MembershipCodec.Decode(flipped)).Should().Equal(flipped);
            }
            catch (InvalidDataException error)
            {
                error.Message.Should().StartWith("Membership, byte ");
            }
        }
    }

    [Theory]
    [InlineData(0, 2, "version 1 expected, found 2")]
    [InlineData(11, 3, "a role from 0 to 2 expected, found 3")]
    [InlineData(12, 2, "0 or 1 expected for vacant, found 2")]
    public void Decode_BadField_NamesItsPlace(int at, byte value, string message)
    {
        byte[] bytes = MembershipCodec.Encode(Sample);
        bytes[at] = value;
        Action decode = () => MembershipCodec.Decode(bytes);
        decode.Should().Throw<InvalidDataException>().WithMessage($"Membership, byte {at}: {message}*");
    }

    [Fact]
    public void Decode_TrailingBytes_IsRefused()
    {
        Action decode = () => MembershipCodec.Decode([.. MembershipCodec.Encode(Sample), 0]);
        decode.Should().Throw<InvalidDataException>().WithMessage("*1 more bytes*");
    }

    [Fact]
    public void Encode_AddressTooLong_IsRefused()
    {
        Action encode = () => MembershipCodec.Encode(new Membership([new Member(new MemberId(1), new string('x', 513), MemberRole.Voter)]));
        encode.Should().Throw<ArgumentException>();
    }
}
