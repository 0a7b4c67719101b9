using System.Buffers.Binary;
using System.Net;
using GaleLb.Bpf.Tests.Support;
using GaleLb.DataPlane.Layout;

namespace GaleLb.Bpf.Tests;

/// <summary>Datagrams in two IPv4 fragments through NAT, both ways.</summary>
public abstract class FragmentTests(PacketRig rig)
{
    private const int Headers = 14 + 20;
    private const int FirstPart = 32;

    [RootFact]
    public void TwoFragments_OfTwoClientsWithOneId_ArriveWholeAndWithIdsOfTheirOwn()
    {
        World.SetUp(rig, 1, _ => 0);
        HashSet<ushort> ids = [];
        foreach (int number in (int[])[1, 2])
        {
            IPEndPoint client = World.Client(ipv4: true, number);
            byte[] payload = [.. Enumerable.Range(0, 100).Select(n => (byte)(n * number))];
            ParsedFrame there = Through(GaleObject.XdpPublic, PacketBuilder.Build(client, World.VipFour, PacketBuilder.Udp, payload: payload), ids);
            there.Payload.Should().Equal(payload);
            there.Destination.Address.Should().Be(World.NodeFour(0));

            ParsedFrame back = Through(
                GaleObject.TcPrivate, PacketBuilder.Build(there.Destination, there.Source, PacketBuilder.Udp, payload: payload), ids);
            back.Payload.Should().Equal(payload);
            back.Source.Should().Be(World.VipFour);
            back.Destination.Should().Be(client);
        }

        ids.Should().HaveCount(4, "each datagram has an id of its own, though all senders used the same");
    }

    /// <summary>Cuts a datagram in two, sends both through a program, and puts together what comes out.</summary>
    private ParsedFrame Through(string program, byte[] whole, HashSet<ushort> ids)
    {
        byte[] first = Run(program, Fragment(whole, 0, FirstPart, more: true));
        byte[] second = Run(program, Fragment(whole, FirstPart, whole.Length - Headers - FirstPart, more: false));
        ushort id = BinaryPrimitives.ReadUInt16BigEndian(first.AsSpan(18));
        BinaryPrimitives.ReadUInt16BigEndian(second.AsSpan(18)).Should().Be(id, "both fragments of a datagram keep one id");
        ids.Add(id);
        first.AsSpan(26, 8).SequenceEqual(second.AsSpan(26, 8)).Should().BeTrue("both fragments go the same way");

        byte[] together = [.. first, .. second.AsSpan(Headers)];
        WriteHeader(together, together.Length - 14, 0);
        ParsedFrame parsed = ParsedFrame.From(together);
        parsed.ChecksumsRight.Should().BeTrue();
        return parsed;
    }

    private byte[] Run(string program, byte[] frame)
    {
        (uint verdict, byte[] after) = rig.Run(program, frame);
        Verdict.Name(program, verdict).Should().Be(Verdict.Redirect);
        Checksum.Of(after.AsSpan(14, 20)).Should().Be(0);
        return after;
    }

    private static byte[] Fragment(byte[] whole, int offset, int length, bool more)
    {
        byte[] frame = [.. whole.AsSpan(0, Headers), .. whole.AsSpan(Headers + offset, length)];
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(18), 0x1234);
        WriteHeader(frame, 20 + length, (ushort)((more ? 0x2000 : 0) | (offset / 8)));
        return frame;
    }

    private static void WriteHeader(byte[] frame, int length, ushort fragment)
    {
        Span<byte> ip = frame.AsSpan(14, 20);
        BinaryPrimitives.WriteUInt16BigEndian(ip[2..], (ushort)length);
        BinaryPrimitives.WriteUInt16BigEndian(ip[6..], fragment);
        BinaryPrimitives.WriteUInt16BigEndian(ip[10..], 0);
        BinaryPrimitives.WriteUInt16BigEndian(ip[10..], Checksum.Of(ip));
    }
}

public sealed class FragmentTestsInXdp(PacketRig rig) : FragmentTests(rig), IClassFixture<PacketRig>;

public sealed class FragmentTestsInTc(TcPacketRig rig) : FragmentTests(rig), IClassFixture<TcPacketRig>;
