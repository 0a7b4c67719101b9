using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace GaleLb.Node.Forwarding;

/// <summary>One question to rtnetlink and its acknowledgement, in the network namespace of the calling thread.</summary>
internal static partial class RouteSocket
{
    private const int FamilyNetlink = 16;
    private const int TypeRaw = 3;
    private const int CloseOnExec = 0x80000;
    private const int ProtocolRoute = 0;
    private const int HeaderBytes = 16;
    private const ushort TypeError = 2;

    /// <summary>Returns the errno of the acknowledgement, 0 for done.</summary>
    public static int Ask(byte[] request)
    {
        int descriptor = Open(FamilyNetlink, TypeRaw | CloseOnExec, ProtocolRoute);
        if (descriptor < 0)
            throw new HostNetworkException($"no netlink socket: {Marshal.GetLastPInvokeErrorMessage()}");
        using Socket socket = new(new SafeSocketHandle(descriptor, ownsHandle: true));
        try
        {
            socket.Send(request);
            byte[] answer = new byte[4096];
            int length = socket.Receive(answer);
            if (length < HeaderBytes + sizeof(int) || MemoryMarshal.Read<ushort>(answer.AsSpan(4)) != TypeError)
                throw new HostNetworkException($"netlink answered {length} bytes that are no acknowledgement");
            return -MemoryMarshal.Read<int>(answer.AsSpan(HeaderBytes));
        }
        catch (SocketException e)
        {
            throw new HostNetworkException($"netlink: {e.Message}", e);
        }
    }

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial int Open(int family, int type, int protocol);
}
