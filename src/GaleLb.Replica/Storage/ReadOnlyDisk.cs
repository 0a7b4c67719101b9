using Microsoft.Win32.SafeHandles;

namespace GaleLb.Replica.Storage;

/// <summary>A directory that is looked at and left as it is: nothing is created, locked or written in it.</summary>
public sealed class ReadOnlyDisk : IDisk
{
    private ReadOnlyDisk(string location) => Location = location;

    public string Location { get; }

    /// <exception cref="StorageException">There is no such directory.</exception>
    public static ReadOnlyDisk Open(string path)
    {
        string location = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        return Directory.Exists(location)
            ? new ReadOnlyDisk(location)
            : throw new StorageException(
                StorageFault.Unreadable, File.Exists(location) ? $"{location} is a file; a copied data directory is expected" : $"there is no directory {location}");
    }

    public IReadOnlyList<string> List() => FileDisk.NamesIn(Location);

    public long Length(string file)
    {
        using SafeFileHandle handle = Handle(file);
        return RandomAccess.GetLength(handle);
    }

    public int Read(string file, long offset, Span<byte> into)
    {
        using SafeFileHandle handle = Handle(file);
        return FileDisk.ReadAt(handle, Location, file, offset, into);
    }

    /// <exception cref="NotSupportedException">Always.</exception>
    public void Execute(in DiskOperation operation) => throw new NotSupportedException($"{Location} is only read; not: {operation}");

    public void Dispose()
    {
        // Every reading opens and closes its own file.
    }

    private SafeFileHandle Handle(string file)
    {
        try
        {
            // Shared in every way, without which the runtime would take a lock.
            return File.OpenHandle(Path.Combine(Location, file), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StorageException(StorageFault.Unreadable, $"{Location}/{file} cannot be opened: {e.Message}", e) { File = file };
        }
    }
}
