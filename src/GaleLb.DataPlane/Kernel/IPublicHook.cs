using GaleLb.DataPlane.Native;

namespace GaleLb.DataPlane.Kernel;

/// <summary>Where the program for clients' packets sits on the public interface.</summary>
internal interface IPublicHook : IDisposable
{
    XdpMode Mode { get; }

    /// <summary>The program is still where it was put.</summary>
    bool IsAttached { get; }

    /// <summary>Puts another program in the place of <paramref name="former"/>; every packet sees one of the two.</summary>
    void Exchange(BpfProgram program, BpfProgram former);

    /// <summary>Takes the program off the interface.</summary>
    void Detach();
}
