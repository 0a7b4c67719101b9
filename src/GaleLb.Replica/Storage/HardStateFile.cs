using System.Buffers.Binary;
using GaleLb.Raft;

namespace GaleLb.Replica.Storage;

/// <summary>
/// Term and vote in two copies of one preallocated file, apart by a sector's width and written one after the other, each
/// synced before the next: at any crash one copy is whole and holds what was last acknowledged or newer, and damage to one
/// copy cannot take the state backward.
/// </summary>
internal sealed class HardStateFile
{
    public const string Name = "hard-state";
    public const uint Version = 1;
    public const int CopyBytes = 64;
    public const int SecondCopyOffset = 4096;
    public const int FileBytes = 2 * SecondCopyOffset;

    private readonly MemberId _self;
    private ulong _counter;

    private HardStateFile(MemberId self) => _self = self;

    public HardState State { get; private set; }

    private static ReadOnlySpan<byte> Magic => "GALEHST\n"u8;

    public static HardStateFile Create(MemberId self, List<DiskOperation> operations)
    {
        HardStateFile file = new(self);
        operations.Add(DiskOperation.Allocate(Name, FileBytes));
        file.Write(default, operations);
        return file;
    }

    public static HardStateFile Read(IDisk disk, MemberId self)
    {
        byte[] bytes = new byte[FileBytes];
        disk.Read(Name, 0, bytes);
        bool first = TryReadCopy(disk, bytes.AsSpan(0, CopyBytes), self, out ulong firstCounter, out HardState firstState);
        bool second = TryReadCopy(disk, bytes.AsSpan(SecondCopyOffset, CopyBytes), self, out ulong secondCounter, out HardState secondState);
        if (!first && !second)
            throw StorageException.Damaged(disk, Name, 0, "neither copy of term and vote is intact");
        bool takeFirst = first && (!second || firstCounter >= secondCounter);
        return new HardStateFile(self)
        {
            _counter = takeFirst ? firstCounter : secondCounter,
            State = takeFirst ? firstState : secondState,
        };
    }

    /// <exception cref="InvalidOperationException">The state would go backward: a term fell, or a vote was taken back.</exception>
    public void Write(HardState state, List<DiskOperation> operations)
    {
        if (state.Term < State.Term || (state.Term == State.Term && !State.Vote.IsNone && state.Vote != State.Vote))
            throw new InvalidOperationException($"Hard state would go backward, from {State} to {state}.");
        State = state;
        _counter++;
        byte[] copy = new byte[CopyBytes];
        Magic.CopyTo(copy);
        BinaryPrimitives.WriteUInt32LittleEndian(copy.AsSpan(8), Version);
        BinaryPrimitives.WriteUInt64LittleEndian(copy.AsSpan(16), _self.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(copy.AsSpan(24), _counter);
        BinaryPrimitives.WriteUInt64LittleEndian(copy.AsSpan(32), state.Term.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(copy.AsSpan(40), state.Vote.Value);
        BinaryPrimitives.WriteUInt32LittleEndian(copy.AsSpan(60), Crc32C.Compute(copy.AsSpan(0, 60)));
        operations.Add(DiskOperation.Write(Name, 0, copy));
        operations.Add(DiskOperation.Sync(Name));
        operations.Add(DiskOperation.Write(Name, SecondCopyOffset, copy));
        operations.Add(DiskOperation.Sync(Name));
    }

    private static bool TryReadCopy(IDisk disk, ReadOnlySpan<byte> copy, MemberId self, out ulong counter, out HardState state)
    {
        counter = 0;
        state = default;
        if (!copy.StartsWith(Magic) || BinaryPrimitives.ReadUInt32LittleEndian(copy[60..]) != Crc32C.Compute(copy[..60]))
            return false;
        uint version = BinaryPrimitives.ReadUInt32LittleEndian(copy[8..]);
        if (version > Version)
            throw StorageException.Newer(disk, Name, version, Version);
        MemberId owner = new(BinaryPrimitives.ReadUInt64LittleEndian(copy[16..]));
        if (owner != self)
            throw StorageException.Damaged(disk, Name, 16, $"it belongs to member {owner}, not to {self}");
        counter = BinaryPrimitives.ReadUInt64LittleEndian(copy[24..]);
        state = new HardState(
            new Term(BinaryPrimitives.ReadUInt64LittleEndian(copy[32..])), new MemberId(BinaryPrimitives.ReadUInt64LittleEndian(copy[40..])));
        return true;
    }
}
