using GaleLb.Bpf.Tests.Support;
using static System.Buffers.Binary.BinaryPrimitives;

namespace GaleLb.Bpf.Tests.Fuzz;

/// <summary>Damages frames: blindly, and field by field where it can tell what is what.</summary>
internal sealed class FrameMutator(Random random)
{
    private const int HeadersMax = 120;
    private const int FrameMax = 2_000;

    private static readonly byte[] Protocols = [0, 1, 4, 6, 17, 41, 43, 44, 50, 51, 58, 59, 60, 135, 255];
    private static readonly ushort[] Numbers = [0, 1, 7, 8, 19, 20, 21, 27, 28, 39, 40, 59, 60, 0x1fff, 0x2000, 0x4000, 0x7fff, 0x8000, 0xfffe, 0xffff];

    /// <summary>One to four changes; then, half of the time, checksums made right again, so that what reads on is reached too.</summary>
    public byte[] Mutate(byte[] frame)
    {
        byte[] mutated = [.. frame];
        for (int n = random.Next(1, 5); n > 0; n--)
        {
            mutated = FrameView.TryParse(mutated, out FrameView view) && random.Next(4) != 0 ? ByField(mutated, view) : Blindly(mutated);
            if (mutated.Length > FrameMax) mutated = mutated[..FrameMax];
        }

        if (random.Next(2) == 0) FrameSums.MakeRight(mutated);
        return mutated;
    }

    private byte[] Blindly(byte[] frame)
    {
        int at = random.Next(Math.Min(frame.Length, HeadersMax));
        switch (random.Next(6))
        {
            case 0:
                return frame[..random.Next(frame.Length + 1)];
            case 1:
                byte[] longer = new byte[frame.Length + random.Next(1, 61)];
                random.NextBytes(longer);
                frame.CopyTo(longer, 0);
                return longer;
            case 2 when frame.Length > 0:
                frame[at] ^= (byte)(1 << random.Next(8));
                return frame;
            case 3 when frame.Length > 0:
                frame[at] = (byte)random.Next(256);
                return frame;
            case 4 when at + 2 <= frame.Length:
                WriteUInt16BigEndian(frame.AsSpan(at), Number());
                return frame;
            default:
                return frame.Length < 14 ? frame : Inserted(frame, 12, Tag());
        }
    }

    private byte[] ByField(byte[] frame, in FrameView view)
    {
        Span<byte> ip = frame.AsSpan(view.L3);
        switch (random.Next(9))
        {
            case 0:
                ip[0] = (byte)random.Next(256);
                return frame;
            case 1:
                int length = random.Next(2) == 0 ? Number() : view.IpLength + random.Next(-8, 9);
                WriteUInt16BigEndian(ip[(view.IsIpv4 ? 2 : 4)..], (ushort)(view.IsIpv4 ? length : length - 40));
                return frame;
            case 2 when view.IsIpv4:
                WriteUInt16BigEndian(ip[4..], (ushort)random.Next(4));
                WriteUInt16BigEndian(ip[6..], random.GetItems<ushort>([0x2000, 0x0001, 0x2001, 0x00b9, 0x8000, 0x6000], 1)[0]);
                return frame;
            case 2 or 3:
                return view.IsIpv4 ? WithOptions(frame, view) : WithExtension(frame, view);
            case 4:
                ip[view.IsIpv4 ? 8 : 7] = random.GetItems<byte>([0, 1, 2, 255], 1)[0];
                return frame;
            case 5:
                ip[view.IsIpv4 ? 9 : 6] = random.GetItems(Protocols, 1)[0];
                return frame;
            case 6:
                WriteAddress(ip, view);
                return frame;
            case 7:
                return Inserted(frame, 12, Tag());
            default:
                if (view.L4 + 8 <= frame.Length) InTransport(frame.AsSpan(view.L4), view);
                return frame;
        }
    }

    private void InTransport(Span<byte> transport, in FrameView view)
    {
        int place = random.Next(view.IsTransport ? 6 : 3);
        if (!view.IsTransport)
        {
            int quoted = 8 + (place == 2 ? random.Next(Math.Max(1, transport.Length - 8)) : 0);
            if (place == 0) transport[0] = (byte)random.Next(view.IsIpv4 ? 20 : 140);
            else if (quoted < transport.Length) transport[quoted] = (byte)random.Next(256);
            return;
        }

        switch (place)
        {
            case 0:
                WriteUInt16BigEndian(transport, Number());
                break;
            case 1:
                WriteUInt16BigEndian(transport[2..], random.Next(2) == 0 ? random.GetItems(FuzzWorld.Ports, 1)[0] : FuzzWorld.ControlPort);
                break;
            case 2 or 3 when view.Protocol == PacketBuilder.Tcp && transport.Length >= 20:
                transport[12 + (place & 1)] = (byte)random.Next(256);
                break;
            case 4 when view.Protocol == PacketBuilder.Udp:
                WriteUInt16BigEndian(transport[4..], Number());
                break;
            default:
                int field = view.Protocol == PacketBuilder.Tcp ? 16 : 6;
                if (field + 2 <= transport.Length) WriteUInt16BigEndian(transport[field..], Number());
                break;
        }
    }

    private byte[] WithOptions(byte[] frame, in FrameView view)
    {
        int room = 60 - (view.L4 - view.L3);
        if (room < 4 || view.L3 + 20 > frame.Length) return frame;
        byte[] options = new byte[4 * random.Next(1, (room / 4) + 1)];
        switch (random.Next(4))
        {
            case 0:
                random.NextBytes(options);
                break;
            case 1:
                (options[0], options[1], options[2]) = ((byte)(random.Next(2) == 0 ? 0x83 : 0x89), (byte)options.Length, 4);
                break;
            case 2:
                options.AsSpan().Fill(1);
                options[^1] = (byte)random.Next(256);
                break;
            default:
                (options[0], options[1], options[2]) = (7, (byte)options.Length, 4);
                break;
        }

        frame[view.L3] += (byte)(options.Length / 4);
        WriteUInt16BigEndian(frame.AsSpan(view.L3 + 2), (ushort)(view.IpLength + options.Length));
        return Inserted(frame, view.L3 + 20, options);
    }

    private byte[] WithExtension(byte[] frame, in FrameView view)
    {
        byte kind = random.GetItems<byte>([44, 44, 44, 0, 60, 43], 1)[0];
        byte[] header = [frame[view.L3 + 6], 0, 0, 0, 0, 0, 0, (byte)random.Next(4)];
        if (kind == 44) WriteUInt16BigEndian(header.AsSpan(2), random.GetItems<ushort>([0, 1, 8, 9, 0xfff8], 1)[0]);
        frame[view.L3 + 6] = kind;
        WriteUInt16BigEndian(frame.AsSpan(view.L3 + 4), (ushort)(view.IpLength - 40 + 8));
        return Inserted(frame, view.L3 + 40, header);
    }

    private void WriteAddress(Span<byte> ip, in FrameView view)
    {
        int family = view.IsIpv4 ? 0 : 1;
        UInt128[] places = [FuzzWorld.Vips[family], FuzzWorld.Sources[family], 0, view.Tuple.Source, view.Tuple.Destination, UInt128.MaxValue];
        int at = (view.IsIpv4, random.Next(2)) switch
        {
            (true, 0) => 12,
            (true, _) => 16,
            (false, 0) => 8,
            _ => 24,
        };
        FiveTuple.Write(ip[at..], random.GetItems(places, 1)[0], view.IsIpv4);
    }

    private ushort Number() => random.Next(3) == 0 ? (ushort)random.Next(65_536) : random.GetItems(Numbers, 1)[0];

    private byte[] Tag()
    {
        byte id = (byte)random.Next(256);
        return random.Next(2) == 0 ? [0x81, 0x00, 0, id] : [0x88, 0xa8, 0, id];
    }

    private static byte[] Inserted(byte[] frame, int at, byte[] bytes) => [.. frame.AsSpan(0, at), .. bytes, .. frame.AsSpan(at)];
}
