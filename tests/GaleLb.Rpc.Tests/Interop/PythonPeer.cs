using System.Diagnostics;
using GaleLb.Rpc.Health;
using GaleLb.Rpc.V1;
using Google.Protobuf.Reflection;

namespace GaleLb.Rpc.Tests.Interop;

/// <summary>A process of Debian's python3 with grpcio, ended with the test.</summary>
public sealed class PythonPeer : IDisposable
{
    private const string Python = "/usr/bin/python3";
    private static readonly TimeSpan Watchdog = TimeSpan.FromSeconds(60);
    private readonly Process _process;
    private readonly string _descriptors;
    private bool _disposed;

    private PythonPeer(params string[] arguments)
    {
        _descriptors = Path.GetTempFileName();
        File.WriteAllBytes(_descriptors, Descriptors());
        ProcessStartInfo start = new(Python) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in (string[])[Path.Combine(AppContext.BaseDirectory, "Interop", "peer.py"), arguments[0], _descriptors, .. arguments[1..]])
            start.ArgumentList.Add(argument);
        _process = Process.Start(start)!;
    }

    /// <summary>Starts a server and reads its port.</summary>
    public static async Task<(PythonPeer Peer, int Port)> ServeAsync(params string[] tls)
    {
        PythonPeer peer = new(["serve", .. tls]);
        try
        {
            string line = await peer.LineAsync();
            return (peer, int.Parse(line["PORT ".Length..]));
        }
        catch
        {
            peer.Dispose();
            throw;
        }
    }

    /// <summary>Runs one scenario against a port and returns its line of JSON.</summary>
    public static async Task<string> CallAsync(int port, string scenario, params string[] tls)
    {
        using PythonPeer peer = new(["call", $"{port}", scenario, .. tls]);
        return await peer.LineAsync();
    }

    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _process.StandardInput.Close();
        if (!_process.WaitForExit(Watchdog))
            _process.Kill();
        _process.Dispose();
        File.Delete(_descriptors);
    }

    private async Task<string> LineAsync()
    {
        using CancellationTokenSource watchdog = new(Watchdog);
        string? line = await _process.StandardOutput.ReadLineAsync(watchdog.Token);
        return line ?? throw new InvalidOperationException($"The Python peer ended: {await _process.StandardError.ReadToEndAsync(watchdog.Token)}");
    }

    private static byte[] Descriptors()
    {
        // A FileDescriptorSet is one field, 1, repeated: the descriptors that the generated code carries.
        using MemoryStream set = new();
        using Google.Protobuf.CodedOutputStream output = new(set);
        foreach (FileDescriptor file in (FileDescriptor[])[NodeReflection.Descriptor, PeerReflection.Descriptor, HealthReflection.Descriptor])
        {
            output.WriteTag(1, Google.Protobuf.WireFormat.WireType.LengthDelimited);
            output.WriteBytes(file.SerializedData);
        }
        output.Flush();
        return set.ToArray();
    }
}
