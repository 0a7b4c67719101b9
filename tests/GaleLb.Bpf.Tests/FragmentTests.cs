using System.Buffers.Binary;
using System.Net;
using GaleLb.Bpf.Tests.Support;
using GaleLb.DataPlane.Layout;

namespace GaleLb.Bpf.Tests;

/// <summary>Datagrams in two fragments through NAT, both ways; in TC with the sum of a card that summed them, where test-run compares it.</summary>
public abstract class FragmentTests(PacketRig rig)
{
    private const int Ethernet = 14;
    private const int FirstPart = 32;
    private const uint SendersId = 0x1234;
    private const byte FragmentHeader = 44;

    [RootTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void TwoFragments_OfTwoClientsWithOneId_ArriveWholeAndWithIdsOfTheirOwn(bool ipv4)
    {
        World.SetUp(rig, 1, _ => 0);
        HashSet<uint> ids = [];
        foreach (int number in (int[])[1, 2])
        {
            IPEndPoint client = World.Client(ipv4, number);
            byte[] payload = [.. Enumerable.Range(0, 100).Select(n => (byte)(n * number))];
            ParsedFrame there = Through(GaleObject.XdpPublic, PacketBuilder.Build(client, World.Vip(ipv4), PacketBuilder.Udp, payload: payload), ids);
            there.Payload.Should().Equal(payload);
            there.Destination.Address.Should().Be(World.Node(ipv4, 0));

            ParsedFrame back = Through(
                GaleObject.TcPrivate, PacketBuilder.Build(there.Destination, there.Source, PacketBuilder.Udp, payload: payload), ids);
            back.Payload.Should().Equal(payload);
            back.Source.Should().Be(World.Vip(ipv4));
            back.Destination.Should().Be(client);
        }

        ids.Should().HaveCount(4, "each datagram has an id of its own, though all senders used the same").And.NotContain(SendersId);
    }

    /// <summary>Cuts a datagram in two, sends both through a program, and puts together what comes out.</summary>
    private ParsedFrame Through(string program, byte[] whole, HashSet<uint> ids)
    {
        bool ipv4 = whole[Ethernet] >> 4 == 4;
        int transport = Ethernet + (ipv4 ? 20 : 40);
        (uint id, byte[] first) = Joined(Run(program, Cut(whole, transport, 0, FirstPart, more: true)), ipv4);
        (uint second, byte[] rest) = Joined(Run(program, Cut(whole, transport, FirstPart, whole.Length - transport - FirstPart, more: false)), ipv4);
        second.Should().Be(id, "both fragments of a datagram keep one id");
        ids.Add(id);
        Range addresses = ipv4 ? 26..34 : 22..54;
        first[addresses].Should().Equal(rest[addresses], "both fragments go the same way");

        byte[] together = [.. first, .. rest.AsSpan(transport)];
        WriteLength(together, ipv4);
        ParsedFrame parsed = ParsedFrame.From(together);
        parsed.ChecksumsRight.Should().BeTrue();
        return parsed;
    }

    private byte[] Run(string program, byte[] frame)
    {
        uint flags = rig.IsInTc(program) && ChecksumCompleteTheoryAttribute.IsKnown ? ChecksumCompleteTheoryAttribute.Flag : 0;
        (uint verdict, byte[] after) = rig.Run(program, frame, flags);
        Verdict.Name(program, verdict).Should().Be(Verdict.Redirect);
        return after;
    }

    /// <summary>One fragment: of IPv4 by its own header, of IPv6 by a header of its own behind that.</summary>
    private static byte[] Cut(byte[] whole, int transport, int offset, int length, bool more)
    {
        ReadOnlySpan<byte> part = whole.AsSpan(transport + offset, length);
        bool ipv4 = whole[Ethernet] >> 4 == 4;
        byte[] frame;
        if (ipv4)
        {
            frame = [.. whole.AsSpan(0, transport), .. part];
            BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(Ethernet + 4), (ushort)SendersId);
            BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(Ethernet + 6), (ushort)((more ? 0x2000 : 0) | (offset / 8)));
        }
        else
        {
            Span<byte> header = stackalloc byte[8];
            header[0] = PacketBuilder.Udp;
            BinaryPrimitives.WriteUInt16BigEndian(header[2..], (ushort)(offset | (more ? 1 : 0)));
            BinaryPrimitives.WriteUInt32BigEndian(header[4..], SendersId);
            frame = [.. whole.AsSpan(0, transport), .. header, .. part];
            frame[Ethernet + 6] = FragmentHeader;
        }

        WriteLength(frame, ipv4);
        return frame;
    }

    /// <summary>A fragment's id, and the fragment as part of a whole datagram.</summary>
    private static (uint Id, byte[] Frame) Joined(byte[] fragment, bool ipv4)
    {
        if (ipv4)
        {
            Checksum.Of(fragment.AsSpan(Ethernet, 20)).Should().Be(0);
            uint id = BinaryPrimitives.ReadUInt16BigEndian(fragment.AsSpan(Ethernet + 4));
            BinaryPrimitives.WriteUInt16BigEndian(fragment.AsSpan(Ethernet + 6), 0);
            return (id, fragment);
        }

        const int Header = Ethernet + 40;
        byte[] frame = [.. fragment.AsSpan(0, Header), .. fragment.AsSpan(Header + 8)];
        frame[Ethernet + 6] = fragment[Header];
        return (BinaryPrimitives.ReadUInt32BigEndian(fragment.AsSpan(Header + 4)), frame);
    }

    private static void WriteLength(byte[] frame, bool ipv4)
    {
        Span<byte> ip = frame.AsSpan(Ethernet);
        if (!ipv4)
        {
            BinaryPrimitives.WriteUInt16BigEndian(ip[4..], (ushort)(ip.Length - 40));
            return;
        }

        BinaryPrimitives.WriteUInt16BigEndian(ip[2..], (ushort)ip.Length);
        BinaryPrimitives.WriteUInt16BigEndian(ip[10..], 0);
        BinaryPrimitives.WriteUInt16BigEndian(ip[10..], Checksum.Of(ip[..20]));
    }
}

public sealed class FragmentTestsInXdp(PacketRig rig) : FragmentTests(rig), IClassFixture<PacketRig>;

public sealed class FragmentTestsInTc(TcPacketRig rig) : FragmentTests(rig), IClassFixture<TcPacketRig>;
