using Microsoft.Win32.SafeHandles;

namespace GaleLb.DataPlane.Native;

/// <summary>A <c>struct bpf_object *</c>.</summary>
internal sealed class BpfObjectHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    public BpfObjectHandle(nint obj)
        : base(ownsHandle: true) => SetHandle(obj);

    protected override bool ReleaseHandle()
    {
        LibBpf.bpf_object__close(handle);
        return true;
    }
}
