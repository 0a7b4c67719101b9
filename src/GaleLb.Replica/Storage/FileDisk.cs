using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace GaleLb.Replica.Storage;

/// <summary>A data directory of the file system, held by one process at a time.</summary>
public sealed class FileDisk : IDisk
{
    private const string LockFile = "lock";
    private readonly Lock _gate = new();
    private readonly Dictionary<string, SafeFileHandle> _handles = new(StringComparer.Ordinal);
    private readonly SafeFileHandle _lockHandle;
    private readonly SafeFileHandle _directory;

    private FileDisk(string location, SafeFileHandle lockHandle, SafeFileHandle directory)
    {
        Location = location;
        _lockHandle = lockHandle;
        _directory = directory;
    }

    public string Location { get; }

    /// <summary>Creates the directory if it is missing, and locks it.</summary>
    /// <exception cref="StorageException">The directory cannot be made, read or written, or another process holds it.</exception>
    public static FileDisk Open(string path)
    {
        if (!OperatingSystem.IsLinux())
            throw new PlatformNotSupportedException("A data directory needs Linux.");
        string location = Path.GetFullPath(path);
        try
        {
            Directory.CreateDirectory(location, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StorageException(StorageFault.NotWritable, $"Data directory {location} cannot be created: {e.Message}", e);
        }

        SafeFileHandle directory = Posix.open(location, Posix.O_RDONLY | Posix.O_DIRECTORY | Posix.O_CLOEXEC);
        if (directory.IsInvalid)
            throw new StorageException(StorageFault.Unreadable, $"Data directory {location} cannot be opened: {LastError()}");
        return new FileDisk(location, TakeLock(location), directory);
    }

    public IReadOnlyList<string> List() => NamesIn(Location);

    /// <summary>What <see cref="List"/> gives of any directory.</summary>
    internal static IReadOnlyList<string> NamesIn(string location)
    {
        try
        {
            string[] names = [.. Directory.EnumerateFiles(location).Select(p => Path.GetFileName(p)).Where(n => n != LockFile)];
            Array.Sort(names, StringComparer.Ordinal);
            return names;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StorageException(StorageFault.Unreadable, $"Data directory {location} cannot be listed: {e.Message}", e);
        }
    }

    public long Length(string file) => RandomAccess.GetLength(Handle(file, create: false));

    public int Read(string file, long offset, Span<byte> into) => ReadAt(Handle(file, create: false), Location, file, offset, into);

    /// <summary>Fills <paramref name="into"/> as far as the file goes; how far that was.</summary>
    /// <exception cref="StorageException">The medium failed.</exception>
    internal static int ReadAt(SafeFileHandle handle, string location, string file, long offset, Span<byte> into)
    {
        try
        {
            int total = 0;
            while (total < into.Length)
            {
                int read = RandomAccess.Read(handle, into[total..], offset + total);
                if (read == 0)
                    break;
                total += read;
            }

            return total;
        }
        catch (IOException e)
        {
            throw new StorageException(StorageFault.Unreadable, $"{location}/{file} cannot be read at byte {offset}: {e.Message}", e) { File = file, Offset = offset };
        }
    }

    public void Execute(in DiskOperation operation)
    {
        switch (operation.Kind)
        {
            case DiskOperationKind.Write:
                Write(operation);
                break;
            case DiskOperationKind.Sync:
                // Never retried: after a failed sync the kernel may have dropped the dirty pages and report success.
                if (Posix.fdatasync(Handle(operation.File, create: false)) != 0)
                    throw Failure(operation, Marshal.GetLastPInvokeError(), mayBeFull: false);
                break;
            case DiskOperationKind.Allocate:
                Allocate(operation);
                break;
            case DiskOperationKind.Rename:
                Forget(operation.File);
                Forget(operation.Target!);
                if (Posix.rename(Path.Combine(Location, operation.File), Path.Combine(Location, operation.Target!)) != 0)
                    throw Failure(operation, Marshal.GetLastPInvokeError(), mayBeFull: true);
                break;
            case DiskOperationKind.Delete:
                Forget(operation.File);
                const int ENOENT = 2;
                if (Posix.unlink(Path.Combine(Location, operation.File)) != 0 && Marshal.GetLastPInvokeError() is int e and not ENOENT)
                    throw Failure(operation, e, mayBeFull: false);
                break;
            case DiskOperationKind.SyncDirectory:
                if (Posix.fsync(_directory) != 0)
                    throw Failure(operation, Marshal.GetLastPInvokeError(), mayBeFull: false);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(operation), operation.Kind, "Unknown disk operation.");
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            foreach (SafeFileHandle handle in _handles.Values)
                handle.Dispose();
            _handles.Clear();
        }

        _directory.Dispose();
        _lockHandle.Dispose();
    }

    private static SafeFileHandle TakeLock(string location)
    {
        try
        {
            // Opened without sharing, which the runtime backs with flock: it goes with the process, however that ends.
            return File.OpenHandle(Path.Combine(location, LockFile), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new StorageException(StorageFault.NotWritable, $"Data directory {location} is not writable: {e.Message}", e);
        }
        catch (IOException e)
        {
            const int EAGAIN = 11;
            if (e.HResult == EAGAIN)
                throw new StorageException(StorageFault.Locked, $"Data directory {location} is in use by another process. Give each replica its own data_directory.", e);
            throw new StorageException(StorageFault.NotWritable, $"Data directory {location} is not writable: {e.Message}", e);
        }
    }

    private unsafe void Write(in DiskOperation operation)
    {
        SafeFileHandle handle = Handle(operation.File, create: true);
        ReadOnlySpan<byte> rest = operation.Bytes.Span;
        long offset = operation.Offset;
        while (!rest.IsEmpty)
        {
            nint written;
            fixed (byte* p = rest)
                written = Posix.pwrite(handle, p, (nuint)rest.Length, offset);
            if (written < 0)
            {
                int errno = Marshal.GetLastPInvokeError();
                if (errno == Posix.EINTR)
                    continue;
                throw Failure(operation, errno, mayBeFull: true);
            }

            rest = rest[(int)written..];
            offset += written;
        }
    }

    private void Allocate(in DiskOperation operation)
    {
        SafeFileHandle handle = Handle(operation.File, create: true);
        int errno;
        do
            errno = Posix.posix_fallocate(handle, 0, operation.Offset);
        while (errno == Posix.EINTR);
        if (errno != 0)
            throw Failure(operation, errno, mayBeFull: true);
    }

    private SafeFileHandle Handle(string file, bool create)
    {
        lock (_gate)
        {
            if (_handles.TryGetValue(file, out SafeFileHandle? handle))
                return handle;
            try
            {
                handle = File.OpenHandle(
                    Path.Combine(Location, file), create ? FileMode.OpenOrCreate : FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            }
            catch (UnauthorizedAccessException e)
            {
                throw new StorageException(StorageFault.NotWritable, $"{Location}/{file} cannot be opened: {e.Message}", e) { File = file };
            }
            catch (IOException e)
            {
                StorageFault fault = !create ? StorageFault.Unreadable : IsFull(e.HResult) ? StorageFault.Full : StorageFault.Failed;
                throw new StorageException(fault, $"{Location}/{file} cannot be opened: {e.Message}", e) { File = file };
            }

            _handles.Add(file, handle);
            return handle;
        }
    }

    private void Forget(string file)
    {
        lock (_gate)
            if (_handles.Remove(file, out SafeFileHandle? handle))
                handle.Dispose();
    }

    private static bool IsFull(int errno) => errno is Posix.ENOSPC or Posix.EDQUOT;

    private static string LastError() => Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError());

    private StorageException Failure(in DiskOperation operation, int errno, bool mayBeFull)
    {
        StorageFault fault = mayBeFull && IsFull(errno) ? StorageFault.Full : StorageFault.Failed;
        return new StorageException(fault, $"{Location}: {operation} failed: {Marshal.GetPInvokeErrorMessage(errno)} (errno {errno})") { File = operation.File };
    }
}
