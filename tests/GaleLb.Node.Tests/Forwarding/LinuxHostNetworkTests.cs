using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using GaleLb.Node.Forwarding;
using GaleLb.Node.Tests.Support;

namespace GaleLb.Node.Tests.Forwarding;

/// <summary>Against the kernel, in a network namespace that belongs to one thread and goes with it.</summary>
public sealed partial class LinuxHostNetworkTests
{
    private const int NewNetworkNamespace = 0x40000000;
    private static readonly LinuxHostNetwork Host = new();

    [RootFact]
    public void AddAddress_V4_CanBeBoundUntilItIsRemoved() => InNamespace(() =>
    {
        IPAddress address = IPAddress.Parse("203.0.113.10");
        // A namespace that never had an address has no table of local ones, and lets any be bound.
        Host.AddAddress(IPAddress.Parse("203.0.113.1"), "lo");
        CanBind(address).Should().BeFalse();

        Host.AddAddress(address, "lo").Should().BeTrue();
        CanBind(address).Should().BeTrue();
        Host.AddAddress(address, "lo").Should().BeFalse("it is there already");

        Host.RemoveAddress(address, "lo").Should().BeTrue();
        CanBind(address).Should().BeFalse();
        Host.RemoveAddress(address, "lo").Should().BeFalse("it is gone already");
    });

    [RootFact]
    public void AddAddress_V6_CanBeBoundAtOnceUntilItIsRemoved() => InNamespace(() =>
    {
        IPAddress address = IPAddress.Parse("2001:db8::10");

        Host.AddAddress(address, "lo").Should().BeTrue();
        CanBind(address).Should().BeTrue();

        Host.RemoveAddress(address, "lo").Should().BeTrue();
        CanBind(address).Should().BeFalse();
    });

    [RootFact]
    public void AddAddress_NoSuchDevice_IsNamed() => InNamespace(() =>
        Host.Invoking(h => h.AddAddress(IPAddress.Parse("203.0.113.10"), "none0"))
            .Should().Throw<HostNetworkException>().WithMessage("*no interface none0*"));

    [RootFact]
    public void WriteSetting_ThenRead_IsTheNamespacesOwn() => InNamespace(() =>
    {
        Host.ReadSetting("net/ipv4/conf/all/arp_ignore").Should().Be(0);

        Host.WriteSetting("net/ipv4/conf/all/arp_ignore", 1);

        Host.ReadSetting("net/ipv4/conf/all/arp_ignore").Should().Be(1);
    });

    [RootFact]
    public void ReadSetting_NoSuchPath_IsNamed() => InNamespace(() =>
        Host.Invoking(h => h.ReadSetting("net/ipv4/none")).Should().Throw<HostNetworkException>().WithMessage("/proc/sys/net/ipv4/none: *"));

    private static bool CanBind(IPAddress address)
    {
        using Socket socket = new(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            socket.Bind(new IPEndPoint(address, 0));
            return true;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressNotAvailable)
        {
            return false;
        }
    }

    private static void InNamespace(Action action)
    {
        Exception? failure = null;
        Thread thread = new(() =>
        {
            try
            {
                Unshare(NewNetworkNamespace).Should().Be(0, "a thread may have a namespace of its own");
                action();
            }
            catch (Exception e)
            {
                failure = e;
            }
        });
        thread.Start();
        thread.Join();
        if (failure is not null)
            throw new InvalidOperationException(failure.Message, failure);
    }

    [LibraryImport("libc", EntryPoint = "unshare", SetLastError = true)]
    private static partial int Unshare(int flags);
}
