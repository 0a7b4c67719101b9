using GaleLb.Replica.Storage;

namespace GaleLb.TestKit;

/// <summary>Thrown by <see cref="SimulatedDisk"/> where the machine is to stop; nothing of the process may run on.</summary>
public sealed class SimulatedCrashException() : Exception("The simulated machine stopped.");

/// <summary>
/// A data directory in memory that forgets like a real one: what was not synced may be lost, kept or torn by sectors when
/// <see cref="Crash"/> is called, and names that were not synced may come back or vanish.
/// </summary>
public sealed class SimulatedDisk : IDisk
{
    private const int SectorBytes = 512;

    private sealed class Contents
    {
        public byte[] Durable { get; set; } = [];
        public byte[] Present { get; set; } = [];
        public List<(long Offset, byte[] Bytes)> Unsynced { get; } = [];
    }

    private SortedDictionary<string, Contents> _present = new(StringComparer.Ordinal);
    private SortedDictionary<string, Contents> _durable = new(StringComparer.Ordinal);
    private readonly List<Action<SortedDictionary<string, Contents>>> _unsyncedNames = [];
    private int _executed;

    public string Location => "simulated";

    /// <summary>Operations executed since the disk was made, crashes included.</summary>
    public int Executed => _executed;

    /// <summary>Called before each operation with its number from 0; may throw to fail it or to stop the machine.</summary>
    public Action<int, DiskOperation>? Before { get; set; }

    /// <summary>Bytes of all files together; a write or allocation beyond it finds the disk full.</summary>
    public long CapacityBytes { get; set; } = long.MaxValue;

    public IReadOnlyList<string> List() => [.. _present.Keys];

    public long Length(string file) => Find(file).Present.Length;

    public int Read(string file, long offset, Span<byte> into)
    {
        ReadOnlySpan<byte> bytes = Find(file).Present;
        if (offset >= bytes.Length)
            return 0;
        bytes = bytes[(int)offset..];
        bytes = bytes[..Math.Min(bytes.Length, into.Length)];
        bytes.CopyTo(into);
        return bytes.Length;
    }

    public void Execute(in DiskOperation operation)
    {
        int number = _executed++;
        Before?.Invoke(number, operation);
        string file = operation.File;
        switch (operation.Kind)
        {
            case DiskOperationKind.Write:
                Put(FindOrMake(file), operation.Offset, operation.Bytes.ToArray(), operation);
                break;
            case DiskOperationKind.Allocate:
                Contents allocated = FindOrMake(file);
                if (allocated.Present.Length < operation.Offset)
                    Put(allocated, operation.Offset, [], operation);
                break;
            case DiskOperationKind.Sync:
                Contents synced = Find(file);
                foreach ((long offset, byte[] bytes) in synced.Unsynced)
                    synced.Durable = Written(synced.Durable, offset, bytes);
                synced.Unsynced.Clear();
                break;
            case DiskOperationKind.Rename:
                string target = operation.Target!;
                Find(file);
                ChangeNames(names =>
                {
                    if (names.Remove(file, out Contents? moved))
                        names[target] = moved;
                });
                break;
            case DiskOperationKind.Delete:
                ChangeNames(names => names.Remove(file));
                break;
            case DiskOperationKind.SyncDirectory:
                _durable = new SortedDictionary<string, Contents>(_present, StringComparer.Ordinal);
                _unsyncedNames.Clear();
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(operation), operation.Kind, "Unknown disk operation.");
        }
    }

    /// <summary>The machine stops: every unsynced write is kept, lost or torn, and a prefix of the unsynced names is kept.</summary>
    /// <param name="choose">A number in [0, bound).</param>
    public void Crash(Func<int, int> choose)
    {
        int kept = choose(_unsyncedNames.Count + 1);
        foreach (Action<SortedDictionary<string, Contents>> change in _unsyncedNames.Take(kept))
            change(_durable);
        _unsyncedNames.Clear();
        _present = new SortedDictionary<string, Contents>(_durable, StringComparer.Ordinal);
        foreach (Contents contents in _present.Values)
            Forget(contents, choose);
    }

    /// <summary>The process ends and the machine goes on: all that was written stays visible, synced or not.</summary>
    public void Restart() => Before = null;

    /// <summary>Damage on the medium.</summary>
    public void Flip(string file, long offset, byte mask = 0xff)
    {
        Contents contents = Find(file);
        contents.Present[offset] ^= mask;
        if (offset < contents.Durable.Length)
            contents.Durable[offset] ^= mask;
    }

    public void Truncate(string file, long length)
    {
        Contents contents = Find(file);
        contents.Present = contents.Present[..(int)length];
        contents.Durable = [.. contents.Present];
    }

    /// <summary>A copy as it stands now, with nothing left unsynced.</summary>
    public SimulatedDisk Clone()
    {
        SimulatedDisk clone = new();
        foreach ((string name, Contents contents) in _present)
            clone._present.Add(name, new Contents { Present = [.. contents.Present], Durable = [.. contents.Present] });
        clone._durable = new SortedDictionary<string, Contents>(clone._present, StringComparer.Ordinal);
        return clone;
    }

    public void Dispose()
    {
    }

    private static byte[] Written(byte[] bytes, long offset, ReadOnlySpan<byte> written)
    {
        if (bytes.Length < offset + written.Length)
            Array.Resize(ref bytes, (int)offset + written.Length);
        written.CopyTo(bytes.AsSpan((int)offset));
        return bytes;
    }

    private static void Forget(Contents contents, Func<int, int> choose)
    {
        byte[] bytes = contents.Durable;
        foreach ((long offset, byte[] written) in contents.Unsynced)
        {
            switch (choose(3))
            {
                case 0:
                    break;
                case 1:
                    bytes = Written(bytes, offset, written);
                    break;
                default:
                    bytes = Torn(bytes, offset, written, choose);
                    break;
            }
        }

        contents.Unsynced.Clear();
        contents.Durable = bytes;
        contents.Present = [.. bytes];
    }

    /// <summary>Each sector that the write touches is kept or lost for itself.</summary>
    private static byte[] Torn(byte[] bytes, long offset, byte[] written, Func<int, int> choose)
    {
        long at = offset;
        long end = offset + written.Length;
        while (at < end)
        {
            long sectorEnd = Math.Min(end, ((at / SectorBytes) + 1) * SectorBytes);
            if (choose(2) == 1)
                bytes = Written(bytes, at, written.AsSpan((int)(at - offset)..(int)(sectorEnd - offset)));
            at = sectorEnd;
        }

        return bytes;
    }

    private void Put(Contents contents, long offset, byte[] bytes, in DiskOperation operation)
    {
        long growth = Math.Max(0, offset + bytes.Length - contents.Present.Length);
        if (growth > 0 && _present.Values.Sum(c => (long)c.Present.Length) + growth > CapacityBytes)
            throw new StorageException(StorageFault.Full, $"{Location}: {operation} failed: no space left") { File = operation.File };
        contents.Present = Written(contents.Present, offset, bytes);
        contents.Unsynced.Add((offset, bytes));
    }

    private Contents FindOrMake(string file)
    {
        if (_present.TryGetValue(file, out Contents? contents))
            return contents;
        Contents made = new();
        ChangeNames(names => names[file] = made);
        return made;
    }

    private Contents Find(string file) =>
        _present.TryGetValue(file, out Contents? contents)
            ? contents
            : throw new StorageException(StorageFault.Unreadable, $"{Location}/{file} does not exist") { File = file };

    private void ChangeNames(Action<SortedDictionary<string, Contents>> change)
    {
        change(_present);
        _unsyncedNames.Add(change);
    }
}
