using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace GaleLb.Hosts.Tests.Harness;

/// <summary>
/// Asks for a name below .local by multicast (RFC 6762, section 6.7: a query from another port than 5353 is answered directly),
/// so that the machine on which the tests run needs nothing installed for it.
/// </summary>
public static class MulticastDns
{
    private const ushort TypeA = 1;
    private static readonly IPEndPoint Group = new(IPAddress.Parse("224.0.0.251"), 5353);

    /// <summary>The IPv4 address of <paramref name="name"/>.</summary>
    /// <exception cref="TimeoutException">Nobody answered within 5 s.</exception>
    public static async Task<IPAddress> ResolveAsync(string name)
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(LocalAddress(), 0));
        var query = Query(name);
        var answer = new byte[1500];
        for (var attempt = 0; attempt < 5; attempt++)
        {
            await socket.SendToAsync(query, Group);
            using CancellationTokenSource patience = new(TimeSpan.FromSeconds(1));
            try
            {
                var received = await socket.ReceiveFromAsync(answer, Group, patience.Token);
                if (AddressIn(answer.AsSpan(0, received.ReceivedBytes)) is { } address)
                {
                    return address;
                }
            }
            catch (OperationCanceledException)
            {
                // A datagram may be lost; it is asked again.
            }
        }

        throw new TimeoutException($"nobody answered for {name} by multicast DNS");
    }

    /// <summary>Multicast leaves by one interface: the one of GALE_E2E_MDNS_ADDRESS, or the system's choice.</summary>
    private static IPAddress LocalAddress() =>
        Environment.GetEnvironmentVariable("GALE_E2E_MDNS_ADDRESS") is { Length: > 0 } text ? IPAddress.Parse(text) : IPAddress.Any;

    private static byte[] Query(string name)
    {
        using MemoryStream query = new();
        query.Write([0, 7, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
        foreach (var label in name.Split('.'))
        {
            query.WriteByte((byte)label.Length);
            query.Write(Encoding.ASCII.GetBytes(label));
        }

        query.Write([0, 0, (byte)TypeA, 0, 1]);
        return query.ToArray();
    }

    /// <summary>The first address record of an answer, null if it has none.</summary>
    private static IPAddress? AddressIn(ReadOnlySpan<byte> message)
    {
        int questions = BinaryPrimitives.ReadUInt16BigEndian(message[4..]), answers = BinaryPrimitives.ReadUInt16BigEndian(message[6..]);
        var at = 12;
        for (var i = 0; i < questions; i++)
        {
            at = SkipName(message, at) + 4;
        }

        for (var i = 0; i < answers; i++)
        {
            at = SkipName(message, at);
            int type = BinaryPrimitives.ReadUInt16BigEndian(message[at..]), length = BinaryPrimitives.ReadUInt16BigEndian(message[(at + 8)..]);
            if (type == TypeA && length == 4)
            {
                return new IPAddress(message.Slice(at + 10, 4));
            }

            at += 10 + length;
        }

        return null;
    }

    private static int SkipName(ReadOnlySpan<byte> message, int at)
    {
        while (message[at] != 0)
        {
            if (message[at] >= 0xc0)
            {
                return at + 2;
            }

            at += message[at] + 1;
        }

        return at + 1;
    }
}
