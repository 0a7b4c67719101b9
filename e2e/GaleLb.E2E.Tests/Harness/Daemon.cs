using System.Diagnostics;
using System.Runtime.InteropServices;

namespace GaleLb.E2E.Tests.Harness;

/// <summary>A process that runs in a namespace until it is ended; all it says is appended to its log.</summary>
public sealed partial class Daemon : IDisposable
{
    private const int Terminate = 15;
    private const int Stop = 19;
    private const int Continue = 18;
    private readonly Process _process;

    private Daemon(Process process, string log)
    {
        _process = process;
        LogPath = log;
    }

    public string LogPath { get; }

    /// <summary>Its process id.</summary>
    public int Id => _process.Id;

    public bool IsRunning => !_process.HasExited;

    public string Log => File.Exists(LogPath) ? File.ReadAllText(LogPath) : "";

    public static Daemon Start(NetworkNamespace space, string log, string file, params IEnumerable<string> arguments)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(log)!);
        // The shell and nsenter replace themselves, so the process id is that of the program.
        var start = new ProcessStartInfo(
            "/bin/sh", ["-c", "exec nsenter --net=\"$0\" \"$@\" >>\"$LOG\" 2>&1 </dev/null", space.Path, file, .. arguments]);
        start.Environment["LOG"] = log;
        return new(Process.Start(start)!, log);
    }

    /// <summary>SIGKILL: no chance to say goodbye.</summary>
    public void Kill()
    {
        if (IsRunning)
        {
            _process.Kill();
            _process.WaitForExit();
        }
    }

    public void Pause() => Signal(Stop);

    public void Resume() => Signal(Continue);

    /// <summary>SIGTERM, and the exit code once it has ended.</summary>
    public async Task<int> TerminateAsync()
    {
        Signal(Terminate);
        return await ExitCodeAsync(TimeSpan.FromSeconds(10));
    }

    /// <exception cref="TimeoutException">It has not ended in time.</exception>
    public async Task<int> ExitCodeAsync(TimeSpan within)
    {
        await _process.WaitForExitAsync().WaitAsync(within);
        return _process.ExitCode;
    }

    public void Dispose()
    {
        Kill();
        _process.Dispose();
    }

    private void Signal(int signal)
    {
        if (IsRunning)
        {
            _ = SendSignal(_process.Id, signal);
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int process, int signal);
}
