using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace GaleLb.Replica.Storage;

/// <summary>
/// The system calls behind <see cref="FileDisk"/>, by their C names. Called directly because the base library hides errno
/// (a full disk must be told from a broken one), syncs with fsync only, and cannot sync a directory. All but
/// posix_fallocate return −1 and set errno on failure; posix_fallocate returns the error number.
/// </summary>
internal static partial class Posix
{
    public const int EINTR = 4;
    public const int EACCES = 13;
    public const int EROFS = 30;
    public const int ENOSPC = 28;
    public const int EOPNOTSUPP = 95;
    public const int EINVAL = 22;
    public const int EDQUOT = 122;

    public const int O_RDONLY = 0;
    public const int O_DIRECTORY = 0x10000;
    public const int O_CLOEXEC = 0x80000;

    [LibraryImport("libc", SetLastError = true)]
    public static unsafe partial nint pwrite(SafeFileHandle fd, byte* buffer, nuint count, long offset);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fdatasync(SafeFileHandle fd);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fsync(SafeFileHandle fd);

    [LibraryImport("libc")]
    public static partial int posix_fallocate(SafeFileHandle fd, long offset, long length);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial SafeFileHandle open(string path, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int rename(string from, string to);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int unlink(string path);
}
