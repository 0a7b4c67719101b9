using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;

namespace GaleLb.E2E.Tests.Harness;

/// <summary>Notes from which MAC addresses the client's frames with a given IP source come.</summary>
public sealed class FrameCapture : IAsyncDisposable
{
    private const int EthernetBytes = 14;
    private readonly CancellationTokenSource _stop = new();
    private readonly Socket _socket;
    private readonly byte[] _source;
    private readonly SortedSet<string> _macs = new(StringComparer.Ordinal);
    private readonly Task _running;

    private FrameCapture(NetworkNamespace space, IPAddress source)
    {
        _socket = space.OpenCapture();
        _source = source.GetAddressBytes();
        _running = Task.Run(RunAsync);
    }

    public static FrameCapture Of(NetworkNamespace space, IPAddress source) => new(space, source);

    /// <summary>Ends the capture and returns the MAC addresses, as "00:11:22:aa:bb:cc".</summary>
    public async Task<ImmutableArray<string>> StopAsync()
    {
        await _stop.CancelAsync();
        await _running;
        return [.. _macs];
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _socket.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        var frame = new byte[65536];
        try
        {
            while (true)
            {
                Take(frame.AsSpan(0, await _socket.ReceiveAsync(frame, _stop.Token)));
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            return;
        }
    }

    private void Take(ReadOnlySpan<byte> frame)
    {
        var offset = BinaryPrimitives.ReadUInt16BigEndian(frame[12..]) switch
        {
            0x0800 => EthernetBytes + 12,
            0x86dd => EthernetBytes + 8,
            _ => frame.Length,
        };
        if (offset + _source.Length <= frame.Length && frame.Slice(offset, _source.Length).SequenceEqual(_source))
        {
            _macs.Add(string.Join(':', frame.Slice(6, 6).ToArray().Select(part => part.ToString("x2", null))));
        }
    }
}
