using GaleLb.DataPlane.Native;
using Microsoft.Win32.SafeHandles;

namespace GaleLb.DataPlane.Netlink;

/// <summary>The descriptor of a netlink socket.</summary>
internal sealed class NetlinkHandle : SafeHandleMinusOneIsInvalid
{
    public NetlinkHandle(int fd)
        : base(ownsHandle: true) => SetHandle(fd);

    protected override bool ReleaseHandle() => LibC.close((int)handle) == 0;
}
