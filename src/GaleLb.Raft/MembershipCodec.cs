using System.Buffers.Binary;
using System.Text;

namespace GaleLb.Raft;

/// <summary>
/// The bytes of a <see cref="Membership"/>, in log entries and snapshots. Canonical: equal memberships have equal bytes.
/// </summary>
/// <remarks>
/// Little-endian: version u8 = 1 · count u16 · then per member, by ascending id: id u64 · role u8 · vacant u8 (0 or 1) ·
/// address length u16 · address in UTF-8.
/// </remarks>
public static class MembershipCodec
{
    /// <summary>The most members a membership may have, and the longest address in bytes: bounds on what a decoder accepts.</summary>
    public const int MembersMax = 256;
    public const int AddressBytesMax = 512;

    private const byte Version = 1;
    private const int HeaderBytes = 3;
    private const int MemberBytes = 12;
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <exception cref="ArgumentException">More members, or a longer address, than the format bears.</exception>
    public static byte[] Encode(Membership membership)
    {
        if (membership.Members.Length > MembersMax)
            throw new ArgumentException($"A membership has {membership.Members.Length} members; at most {MembersMax} are allowed.", nameof(membership));
        int size = HeaderBytes;
        foreach (Member member in membership.Members)
            size += MemberBytes + Utf8.GetByteCount(member.Address);
        var bytes = new byte[size];
        bytes[0] = Version;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(1), (ushort)membership.Members.Length);
        int at = HeaderBytes;
        foreach (Member member in membership.Members)
        {
            int length = Utf8.GetBytes(member.Address, bytes.AsSpan(at + MemberBytes));
            if (length > AddressBytesMax)
                throw new ArgumentException($"The address of member {member.Id} has {length} bytes; at most {AddressBytesMax} are allowed.", nameof(membership));
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(at), member.Id.Value);
            bytes[at + 8] = (byte)member.Role;
            bytes[at + 9] = member.Vacant ? (byte)1 : (byte)0;
            BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(at + 10), (ushort)length);
            at += MemberBytes + length;
        }
        return bytes;
    }

    /// <exception cref="InvalidDataException">The bytes are not exactly one canonical membership of this version.</exception>
    public static Membership Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeaderBytes)
            throw Bad(bytes.Length, $"{HeaderBytes} header bytes expected, the payload ends");
        if (bytes[0] != Version)
            throw Bad(0, $"version {Version} expected, found {bytes[0]}");
        int count = BinaryPrimitives.ReadUInt16LittleEndian(bytes[1..]);
        if (count > MembersMax)
            throw Bad(1, $"at most {MembersMax} members expected, found {count}");
        var members = new Member[count];
        int at = HeaderBytes;
        for (int i = 0; i < count; i++)
        {
            members[i] = DecodeMember(bytes, ref at);
            if (i > 0 && members[i].Id <= members[i - 1].Id)
                throw Bad(at, $"ids in ascending order expected, found {members[i].Id} after {members[i - 1].Id}");
        }
        if (at != bytes.Length)
            throw Bad(at, $"the end expected, found {bytes.Length - at} more bytes");
        return new Membership(members);
    }

    private static Member DecodeMember(ReadOnlySpan<byte> bytes, ref int at)
    {
        if (bytes.Length - at < MemberBytes)
            throw Bad(at, $"{MemberBytes} bytes of a member expected, found {bytes.Length - at}");
        var id = new MemberId(BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]));
        byte role = bytes[at + 8];
        byte vacant = bytes[at + 9];
        int length = BinaryPrimitives.ReadUInt16LittleEndian(bytes[(at + 10)..]);
        if (id.IsNone)
            throw Bad(at, "a member id other than zero expected");
        if (role > (byte)MemberRole.Observer)
            throw Bad(at + 8, $"a role from 0 to {(byte)MemberRole.Observer} expected, found {role}");
        if (vacant > 1)
            throw Bad(at + 9, $"0 or 1 expected for vacant, found {vacant}");
        if (length > AddressBytesMax || length > bytes.Length - at - MemberBytes)
            throw Bad(at + 10, $"an address of {length} bytes does not fit");
        string address;
        try
        {
            address = Utf8.GetString(bytes.Slice(at + MemberBytes, length));
        }
        catch (DecoderFallbackException)
        {
            throw Bad(at + MemberBytes, "an address in UTF-8 expected");
        }
        at += MemberBytes + length;
        return new Member(id, address, (MemberRole)role, vacant == 1);
    }

    private static InvalidDataException Bad(int offset, string what) => new($"Membership, byte {offset}: {what}.");
}
