using System.Buffers.Binary;
using System.Runtime.InteropServices;
using GaleLb.DataPlane.Native;

namespace GaleLb.DataPlane.Netlink;

/// <summary>What to be told of (RTMGRP_* of linux/rtnetlink.h).</summary>
[Flags]
public enum NetlinkGroups : uint
{
    None = 0,
    Link = 0x1,
    Neighbour = 0x4,
    IPv4Address = 0x10,
    IPv4Route = 0x40,
    IPv6Address = 0x100,
    IPv6Route = 0x400,
}

/// <summary>
/// A NETLINK_ROUTE socket in the network namespace of the thread that opens it. Used either for requests or for notifications, from one
/// thread at a time.
/// </summary>
public sealed class NetlinkSocket : IDisposable
{
    private const int BufferSize = 1 << 18;
    private readonly NetlinkHandle handle;
    private readonly byte[] buffer = new byte[BufferSize];
    private uint sequence;

    private NetlinkSocket(NetlinkHandle handle) => this.handle = handle;

    public delegate void Receiver(in NetlinkMessage message);

    public static unsafe NetlinkSocket Open(NetlinkGroups groups = NetlinkGroups.None)
    {
        const int FamilyNetlink = 16;
        const int TypeRaw = 3;
        const int CloseOnExec = 0x80000;
        int fd = LibC.socket(FamilyNetlink, TypeRaw | CloseOnExec, 0);
        if (fd < 0) throw BpfException.LastError("open a netlink socket");
        NetlinkSocket socket = new(new NetlinkHandle(fd));

        // struct sockaddr_nl: family, pad, port id (0: the kernel chooses), groups.
        Span<byte> address = stackalloc byte[12];
        BinaryPrimitives.WriteUInt16LittleEndian(address, FamilyNetlink);
        BinaryPrimitives.WriteUInt32LittleEndian(address[8..], (uint)groups);
        int result;
        fixed (byte* bytes = address) result = LibC.bind(socket.handle, bytes, (uint)address.Length);
        if (result == 0) return socket;
        BpfException failure = BpfException.LastError("bind a netlink socket");
        socket.Dispose();
        throw failure;
    }

    /// <summary>Sends a request and gives every message of its answer to <paramref name="receive"/>.</summary>
    /// <exception cref="BpfException">The kernel answered with an errno.</exception>
    public unsafe void Request(byte[] request, Receiver receive, string what)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(request.AsSpan(8), ++sequence);
        fixed (byte* bytes = request)
        {
            if (LibC.send(handle, bytes, (nuint)request.Length, 0) < 0) throw BpfException.LastError(what);
        }

        const ushort Multipart = 2;
        while (true)
        {
            ReadOnlySpan<byte> received = Receive(what);
            while (NetlinkMessage.TryRead(ref received, out NetlinkMessage message))
            {
                if (message.Sequence != sequence) continue;
                if (message.Type == NetlinkType.Done) return;
                if (message.Type == NetlinkType.Error)
                {
                    int error = BinaryPrimitives.ReadInt32LittleEndian(message.Payload);
                    if (error == 0) return;
                    throw BpfException.Create(what, -error);
                }

                receive(in message);
                if ((message.Flags & Multipart) == 0) return;
            }
        }
    }

    /// <summary>
    /// Waits for notifications. False: none came in time. An overrun also gives true, with <paramref name="overrun"/>: some were lost, so what
    /// was known has to be read anew.
    /// </summary>
    public bool Wait(TimeSpan timeout, Receiver receive, out bool overrun)
    {
        const int InterruptedOrOverrun = -1;
        overrun = false;
        if (!Poll(timeout)) return false;
        int length = TryReceive();
        if (length == InterruptedOrOverrun)
        {
            int errno = Marshal.GetLastPInvokeError();
            if (errno is Errno.EINTR or Errno.EAGAIN) return false;
            overrun = errno == Errno.ENOBUFS ? true : throw BpfException.Create("receive netlink notifications", errno);
            return true;
        }

        ReadOnlySpan<byte> received = buffer.AsSpan(0, length);
        while (NetlinkMessage.TryRead(ref received, out NetlinkMessage message)) receive(in message);
        return true;
    }

    public void Dispose() => handle.Dispose();

    private ReadOnlySpan<byte> Receive(string what)
    {
        while (true)
        {
            int length = TryReceive();
            if (length >= 0) return buffer.AsSpan(0, length);
            if (Marshal.GetLastPInvokeError() != Errno.EINTR) throw BpfException.LastError(what);
        }
    }

    private unsafe int TryReceive()
    {
        fixed (byte* bytes = buffer) return (int)LibC.recv(handle, bytes, (nuint)buffer.Length, 0);
    }

    private unsafe bool Poll(TimeSpan timeout)
    {
        bool held = false;
        try
        {
            handle.DangerousAddRef(ref held);
            PollFd poll = new() { Fd = (int)handle.DangerousGetHandle(), Events = 1 };
            return LibC.poll(&poll, 1, (int)timeout.TotalMilliseconds) > 0;
        }
        finally
        {
            if (held) handle.DangerousRelease();
        }
    }
}
