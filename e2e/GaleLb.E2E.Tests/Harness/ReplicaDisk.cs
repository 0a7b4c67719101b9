namespace GaleLb.E2E.Tests.Harness;

/// <summary>A file system in a file, mounted where a replica keeps its data: it can fill up and stall without touching the machine's own.</summary>
public sealed class ReplicaDisk : IAsyncDisposable
{
    private readonly string _directory;
    private bool _stalled;

    private ReplicaDisk(string directory) => _directory = directory;

    private string Ballast => Path.Combine(_directory, "ballast");

    /// <summary>Makes the file system and mounts it on a directory that need not exist.</summary>
    public static async Task<ReplicaDisk> MountAsync(string directory, int megabytes)
    {
        Directory.CreateDirectory(directory);
        var image = ImageOf(directory);
        await using (var file = File.Create(image))
        {
            file.SetLength((long)megabytes << 20);
        }

        await Command.SucceedAsync("mkfs.ext4", "-q", "-F", "-m", "0", image);
        await Command.SucceedAsync("mount", "-o", "loop", image, directory);
        return new(directory);
    }

    /// <summary>Unmounts what runs that were killed left below a directory.</summary>
    public static async Task ReleaseBelowAsync(string root)
    {
        foreach (var line in await File.ReadAllLinesAsync("/proc/mounts"))
        {
            var directory = line.Split(' ')[1];
            if (directory.StartsWith(root + "/", StringComparison.Ordinal))
            {
                // Fails where it is not stalled, which is as well.
                await Command.RunAsync("fsfreeze", "--unfreeze", directory);
                await Command.SucceedAsync("umount", directory);
            }
        }
    }

    /// <summary>Takes up all space but this much.</summary>
    public Task FillAsync(long freeBytes) =>
        Command.SucceedAsync("fallocate", "-l", $"{new DriveInfo(_directory).AvailableFreeSpace - freeBytes}", Ballast);

    /// <summary>Gives the space back.</summary>
    public void Empty() => File.Delete(Ballast);

    /// <summary>From now on every write and every sync waits.</summary>
    public async Task StallAsync()
    {
        await Command.SucceedAsync("fsfreeze", "--freeze", _directory);
        _stalled = true;
    }

    /// <summary>Ends a stall, if there is one.</summary>
    public async Task ResumeAsync()
    {
        if (_stalled)
        {
            await Command.SucceedAsync("fsfreeze", "--unfreeze", _directory);
            _stalled = false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await ResumeAsync();
        await Command.SucceedAsync("umount", _directory);
        File.Delete(ImageOf(_directory));
    }

    private static string ImageOf(string directory) => directory + ".image";
}
