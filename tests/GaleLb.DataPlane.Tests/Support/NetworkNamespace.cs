using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace GaleLb.DataPlane.Tests.Support;

/// <summary>A network namespace that lives as long as this object. Code and processes can be run inside.</summary>
internal sealed partial class NetworkNamespace : IDisposable
{
    private readonly List<Process> processes = [];

    public NetworkNamespace(string name)
    {
        Name = name;
        Shell.Run("ip", "netns", "add", name);
        Ip("link set lo up");
    }

    public string Name { get; }

    private string Path => $"/run/netns/{Name}";

    public void Ip(string arguments) => Shell.Run("ip", ["-n", Name, .. arguments.Split(' ')]);

    /// <summary>Runs a command inside; nsenter and not ip-netns, which would hide the BPF file system.</summary>
    public string Run(string file, params string[] arguments) => Shell.Run("nsenter", [$"--net={Path}", file, .. arguments]);

    /// <summary>Starts a process inside, ended with the namespace, and waits until it has printed a line.</summary>
    public Process Start(string file, params string[] arguments)
    {
        ProcessStartInfo start = new("nsenter", [$"--net={Path}", file, .. arguments]) { RedirectStandardOutput = true, UseShellExecute = false };
        Process process = Process.Start(start)!;
        processes.Add(process);
        process.StandardOutput.ReadLine();
        return process;
    }

    /// <summary>Runs code on a thread of its own inside.</summary>
    public T Do<T>(Func<T> code)
    {
        T result = default!;
        ExceptionDispatchInfo? failure = null;
        Thread thread = new(() =>
        {
            try
            {
                using Microsoft.Win32.SafeHandles.SafeFileHandle file = File.OpenHandle(Path);
                if (setns((int)file.DangerousGetHandle(), 0x40000000) != 0)
                    throw new InvalidOperationException($"setns {Name}: {Marshal.GetLastPInvokeErrorMessage()}");
                result = code();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        });
        thread.Start();
        thread.Join();
        failure?.Throw();
        return result;
    }

    public void Do(Action code) => Do(() =>
    {
        code();
        return 0;
    });

    public void Dispose()
    {
        foreach (Process process in processes)
        {
            if (!process.HasExited) process.Kill();
            process.WaitForExit();
            process.Dispose();
        }

        Shell.TryRun("ip", "netns", "del", Name);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setns(int fd, int type);
}
