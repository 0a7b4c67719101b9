using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace GaleLb.Bench.Raft;

/// <summary>
/// The least that a replicated order can cost here: a client calls one process, that calls another, both write and sync a
/// file at the same time, and the answers go back. Bare TCP, one thread each, nothing else.
/// </summary>
internal static partial class Anchor
{
    private const int Port = 2390;
    private const int RecordBytes = 256;

    /// <summary>Round trips of one client in microseconds: p50 and p99.</summary>
    public static (double P50, double P99) Measure(Site site, TimeSpan duration)
    {
        string self = Environment.ProcessPath!;
        Directory.CreateDirectory(Path.Combine(site.Data, "anchor"));
        using Process peer = site.Start(2, Path.Combine(site.Data, "anchor", "log"), [self, "anchor", Path.Combine(site.Data, "anchor", "2"), $"{Site.Address(2)}"]);
        using Process first = site.Start(
            1, Path.Combine(site.Data, "anchor", "log"), [self, "anchor", Path.Combine(site.Data, "anchor", "1"), $"{Site.Address(1)}", $"{Site.Address(2)}"]);
        try
        {
            using Socket client = Connect(Site.Address(1));
            byte[] record = new byte[RecordBytes];
            List<double> times = [];
            for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < duration;)
            {
                long sent = Stopwatch.GetTimestamp();
                client.Send(record);
                Receive(client, record);
                times.Add(Stopwatch.GetElapsedTime(sent).TotalMicroseconds);
            }

            times.Sort();
            return (times[times.Count / 2], times[(int)((times.Count - 1) * 0.99)]);
        }
        finally
        {
            first.Kill();
            peer.Kill();
        }
    }

    /// <summary>The part of one process; it ends when it is killed.</summary>
    public static void Serve(string path, IPAddress own, IPAddress? next)
    {
        using Socket listener = new(SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(own, Port));
        listener.Listen();
        using Socket? peer = next is null ? null : Connect(next);
        using SafeFileHandle file = File.OpenHandle(path, FileMode.Create, FileAccess.ReadWrite, preallocationSize: 64 << 20);
        using Socket caller = listener.Accept();
        caller.NoDelay = true;
        byte[] record = new byte[RecordBytes];
        for (long offset = 0; Receive(caller, record); offset = (offset + RecordBytes) % (64 << 20))
        {
            peer?.Send(record);
            RandomAccess.Write(file, record, offset);
            if (Sync(file) != 0)
                throw new IOException($"{path} cannot be synced: errno {Marshal.GetLastPInvokeError()}");
            if (peer is not null)
                Receive(peer, record);
            caller.Send(record);
        }
    }

    private static Socket Connect(IPAddress to)
    {
        for (long start = Stopwatch.GetTimestamp(); ; Thread.Sleep(20))
        {
            Socket socket = new(to.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                socket.Connect(to, Port);
                return socket;
            }
            catch (SocketException) when (Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(10))
            {
                socket.Dispose();
            }
        }
    }

    private static bool Receive(Socket socket, byte[] record)
    {
        for (int used = 0; used < record.Length;)
        {
            int read = socket.Receive(record.AsSpan(used));
            if (read == 0)
                return false;
            used += read;
        }

        return true;
    }

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int Sync(SafeFileHandle file);
}
