namespace GaleLb.Replica.Storage;

/// <summary>
/// One data directory. Names are relative to it and flat. Reading is for recovery; afterwards all work arrives as
/// <see cref="DiskOperation"/>s, from at most one thread for a file.
/// </summary>
public interface IDisk : IDisposable
{
    /// <summary>What people know the directory by, for messages.</summary>
    string Location { get; }

    /// <summary>Every file's name in ordinal order.</summary>
    IReadOnlyList<string> List();

    /// <summary>The file's length in bytes.</summary>
    long Length(string file);

    /// <summary>Fills <paramref name="into"/> from <paramref name="offset"/> as far as the file reaches; the count of bytes read.</summary>
    int Read(string file, long offset, Span<byte> into);

    /// <exception cref="StorageException">The operation failed: <see cref="StorageFault.Full"/> may be tried again, anything else may not.</exception>
    void Execute(in DiskOperation operation);
}
