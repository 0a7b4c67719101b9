using System.Runtime.InteropServices;
using GaleLb.State.Blocks;

namespace GaleLb.DataPlane.Layout;

/// <summary>Key of blocks; IPv4 prefixes are 96 bits longer, as their addresses are mapped.</summary>
[StructLayout(LayoutKind.Explicit, Size = 20)]
public record struct GaleBlockKey
{
    [FieldOffset(0)] public uint PrefixLength;
    [FieldOffset(4)] public GaleAddress Address;

    public static GaleBlockKey From(ClientPrefix prefix)
    {
        GaleAddress address = GaleAddress.From(prefix.Address);
        return new GaleBlockKey { PrefixLength = address.IsIPv4 ? 96u + prefix.Length : prefix.Length, Address = address };
    }
}
