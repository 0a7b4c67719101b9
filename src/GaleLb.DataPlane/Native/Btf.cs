using System.Buffers.Binary;
using System.Text;

namespace GaleLb.DataPlane.Native;

/// <summary>Kinds of BTF types (linux/btf.h).</summary>
public enum BtfKind : byte
{
    Void = 0,
    Int = 1,
    Pointer = 2,
    Array = 3,
    Struct = 4,
    Union = 5,
    Enum = 6,
    Forward = 7,
    Typedef = 8,
    Volatile = 9,
    Const = 10,
    Restrict = 11,
    Function = 12,
    FunctionPrototype = 13,
    Variable = 14,
    DataSection = 15,
    Float = 16,
    DeclarationTag = 17,
    TypeTag = 18,
    Enum64 = 19,
}

/// <summary>One BTF type. <paramref name="SizeOrType"/> is a size in bytes for int, struct, union, enum and data section, a type id for the others.</summary>
public sealed record BtfType(
    int Id, string Name, BtfKind Kind, uint SizeOrType, IReadOnlyList<BtfMember> Members, IReadOnlyList<BtfEnumerator> Enumerators, BtfArray? Array);

/// <summary>A member of a struct or union, or a variable of a data section. Offset in bytes.</summary>
public sealed record BtfMember(string Name, int TypeId, int Offset);

public sealed record BtfEnumerator(string Name, long Value);

public sealed record BtfArray(int ElementTypeId, int Count);

/// <summary>A global variable: its place in its section and its size, in bytes.</summary>
public sealed record BtfVariable(string Name, int TypeId, int Offset, int Size);

/// <summary>
/// The BPF Type Format of an object, read from its raw bytes (Documentation/bpf/btf.rst of the kernel). Pure.
/// </summary>
public sealed class Btf
{
    private const ushort Magic = 0xEB9F;

    private Btf(IReadOnlyList<BtfType> types) => Types = types;

    /// <summary>All types; the place of each is its id, and id 0 is void.</summary>
    public IReadOnlyList<BtfType> Types { get; }

    public BtfType this[int id] => Types[id];

    /// <exception cref="InvalidDataException">The bytes are not BTF, or are cut short.</exception>
    public static Btf Parse(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return ParseUnchecked(bytes);
        }
        catch (ArgumentException e)
        {
            throw new InvalidDataException($"BTF is cut short or damaged ({bytes.Length} bytes)", e);
        }
    }

    /// <summary>The struct, union or enum of this name, or null.</summary>
    public BtfType? Find(string name, params ReadOnlySpan<BtfKind> kinds)
    {
        foreach (BtfType type in Types)
        {
            if (type.Name == name && kinds.Contains(type.Kind)) return type;
        }

        return null;
    }

    /// <summary>A global variable of a section such as <c>.rodata</c>, or null.</summary>
    public BtfVariable? FindVariable(string section, string name)
    {
        foreach (BtfMember member in Find(section, BtfKind.DataSection)?.Members ?? [])
        {
            BtfType variable = Types[member.TypeId];
            if (variable.Name == name)
                return new BtfVariable(name, (int)variable.SizeOrType, member.Offset, SizeOf((int)variable.SizeOrType));
        }

        return null;
    }

    /// <summary>Follows typedefs and qualifiers to the type they stand for.</summary>
    public BtfType Resolve(int id)
    {
        BtfType type = Types[id];
        while (type.Kind is BtfKind.Typedef or BtfKind.Volatile or BtfKind.Const or BtfKind.Restrict or BtfKind.TypeTag)
            type = Types[(int)type.SizeOrType];
        return type;
    }

    /// <summary>The size of a type in bytes.</summary>
    public int SizeOf(int id)
    {
        BtfType type = Resolve(id);
        return type.Kind switch
        {
            BtfKind.Pointer => 8,
            BtfKind.Array => SizeOf(type.Array!.ElementTypeId) * type.Array.Count,
            BtfKind.Variable => SizeOf((int)type.SizeOrType),
            _ => (int)type.SizeOrType,
        };
    }

    private static Btf ParseUnchecked(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 24 || BinaryPrimitives.ReadUInt16LittleEndian(bytes) != Magic)
            throw new InvalidDataException("not BTF: the magic number 0xEB9F is missing");

        int header = (int)U32(bytes, 4);
        ReadOnlySpan<byte> typeBytes = bytes.Slice(header + (int)U32(bytes, 8), (int)U32(bytes, 12));
        ReadOnlySpan<byte> strings = bytes.Slice(header + (int)U32(bytes, 16), (int)U32(bytes, 20));

        List<BtfType> all = [new BtfType(0, "void", BtfKind.Void, 0, [], [], null)];
        for (int at = 0; at < typeBytes.Length;)
        {
            BtfType type = ReadType(typeBytes[at..], strings, all.Count, out int length);
            all.Add(type);
            at += length;
        }

        return new Btf(all);
    }

    private static BtfType ReadType(ReadOnlySpan<byte> at, ReadOnlySpan<byte> strings, int id, out int length)
    {
        const int HeadSize = 12;
        string name = Text(strings, U32(at, 0));
        uint bits = U32(at, 4);
        int count = (int)(bits & 0xFFFF);
        BtfKind kind = (BtfKind)((bits >> 24) & 0x1F);
        bool flag = bits >> 31 != 0;
        uint sizeOrType = U32(at, 8);
        ReadOnlySpan<byte> rest = at[HeadSize..];

        List<BtfMember> members = [];
        List<BtfEnumerator> enumerators = [];
        BtfArray? array = null;
        int tail = 0;
        switch (kind)
        {
            case BtfKind.Int or BtfKind.Variable or BtfKind.DeclarationTag:
                tail = 4;
                break;
            case BtfKind.Array:
                tail = 12;
                array = new BtfArray((int)U32(rest, 0), (int)U32(rest, 8));
                break;
            case BtfKind.Struct or BtfKind.Union:
                tail = 12 * count;
                for (int i = 0; i < count; i++)
                {
                    // With the kind flag the upper byte is a bit-field's width.
                    uint offset = U32(rest, (12 * i) + 8);
                    members.Add(new BtfMember(
                        Text(strings, U32(rest, 12 * i)), (int)U32(rest, (12 * i) + 4), (int)((flag ? offset & 0xFFFFFF : offset) / 8)));
                }

                break;
            case BtfKind.Enum:
                tail = 8 * count;
                for (int i = 0; i < count; i++)
                {
                    uint value = U32(rest, (8 * i) + 4);
                    enumerators.Add(new BtfEnumerator(Text(strings, U32(rest, 8 * i)), flag ? (int)value : value));
                }

                break;
            case BtfKind.Enum64:
                tail = 12 * count;
                for (int i = 0; i < count; i++)
                {
                    ulong value = U32(rest, (12 * i) + 4) | ((ulong)U32(rest, (12 * i) + 8) << 32);
                    enumerators.Add(new BtfEnumerator(Text(strings, U32(rest, 12 * i)), (long)value));
                }

                break;
            case BtfKind.FunctionPrototype:
                tail = 8 * count;
                break;
            case BtfKind.DataSection:
                tail = 12 * count;
                for (int i = 0; i < count; i++)
                    members.Add(new BtfMember("", (int)U32(rest, 12 * i), (int)U32(rest, (12 * i) + 4)));
                break;
            default:
                break;
        }

        length = HeadSize + tail;
        return new BtfType(id, name, kind, sizeOrType, members, enumerators, array);
    }

    private static uint U32(ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[offset..]);

    private static string Text(ReadOnlySpan<byte> strings, uint offset)
    {
        ReadOnlySpan<byte> from = strings[(int)offset..];
        return Encoding.UTF8.GetString(from[..from.IndexOf((byte)0)]);
    }
}
