using System.Runtime.InteropServices;

namespace GaleLb.DataPlane.Native;

/// <summary>A libbpf or kernel call failed. The message names what was tried, the errno with its text, and libbpf's own log if it left one.</summary>
public sealed class BpfException(string message, int errno, string log = "")
    : Exception(log.Length == 0 ? message : message + Environment.NewLine + log)
{
    /// <summary>The positive errno of the call.</summary>
    public int Errno { get; } = errno;

    /// <summary>What libbpf logged meanwhile, with the verifier's log where it was a load; empty if nothing.</summary>
    public string Log { get; } = log;

    internal static int ThrowIfNegative(int result, string what) =>
        result < 0 ? throw Create(what, -result) : result;

    internal static BpfException LastError(string what) => Create(what, Marshal.GetLastPInvokeError());

    internal static BpfException Create(string what, int errno, string log = "") =>
        new($"{what}: {Native.Errno.Describe(errno)}", errno, log);
}
