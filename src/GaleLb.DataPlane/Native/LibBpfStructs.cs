using System.Runtime.InteropServices;

namespace GaleLb.DataPlane.Native;

// Argument structures of libbpf 1.1 (bpf/bpf.h, bpf/libbpf.h). Each starts with its own size, by which the library knows its version.

[StructLayout(LayoutKind.Explicit, Size = 72)]
internal unsafe struct ObjectOpenOpts
{
    [FieldOffset(0)] public nuint Size;
    [FieldOffset(8)] public byte* ObjectName;
}

[StructLayout(LayoutKind.Explicit, Size = 56)]
internal struct MapCreateOpts
{
    [FieldOffset(0)] public nuint Size;
    [FieldOffset(8)] public uint BtfFd;
    [FieldOffset(24)] public uint InnerMapFd;
    [FieldOffset(28)] public uint MapFlags;
}

[StructLayout(LayoutKind.Sequential)]
internal struct MapBatchOpts
{
    public nuint Size;
    public ulong ElementFlags;
    public ulong Flags;
}

[StructLayout(LayoutKind.Explicit, Size = 64)]
internal struct LinkCreateOpts
{
    [FieldOffset(0)] public nuint Size;
    [FieldOffset(8)] public uint Flags;
}

[StructLayout(LayoutKind.Explicit, Size = 32)]
internal struct XdpQueryOpts
{
    [FieldOffset(0)] public nuint Size;
    [FieldOffset(8)] public uint ProgramId;
    [FieldOffset(12)] public uint NativeProgramId;
    [FieldOffset(16)] public uint HardwareProgramId;
    [FieldOffset(20)] public uint GenericProgramId;
    [FieldOffset(24)] public byte AttachMode;
}

[StructLayout(LayoutKind.Explicit, Size = 24)]
internal struct TcHookStruct
{
    [FieldOffset(0)] public nuint Size;
    [FieldOffset(8)] public int Ifindex;
    [FieldOffset(12)] public int AttachPoint;
    [FieldOffset(16)] public uint Parent;
}

[StructLayout(LayoutKind.Explicit, Size = 32)]
internal struct TcOpts
{
    [FieldOffset(0)] public nuint Size;
    [FieldOffset(8)] public int ProgramFd;
    [FieldOffset(12)] public uint Flags;
    [FieldOffset(16)] public uint ProgramId;
    [FieldOffset(20)] public uint Handle;
    [FieldOffset(24)] public uint Priority;
}

[StructLayout(LayoutKind.Explicit, Size = 80)]
internal unsafe struct TestRunOpts
{
    [FieldOffset(0)] public nuint Size;
    [FieldOffset(8)] public byte* DataIn;
    [FieldOffset(16)] public byte* DataOut;
    [FieldOffset(24)] public uint DataSizeIn;
    [FieldOffset(28)] public uint DataSizeOut;
    [FieldOffset(32)] public byte* ContextIn;
    [FieldOffset(40)] public byte* ContextOut;
    [FieldOffset(48)] public uint ContextSizeIn;
    [FieldOffset(52)] public uint ContextSizeOut;
    [FieldOffset(56)] public uint ReturnValue;
    [FieldOffset(60)] public int Repeat;
    [FieldOffset(64)] public uint Duration;
    [FieldOffset(68)] public uint Flags;
    [FieldOffset(72)] public uint Cpu;
    [FieldOffset(76)] public uint BatchSize;
}
