using System.Reflection;
using GaleLb.DataPlane.Native;

namespace GaleLb.DataPlane.Layout;

/// <summary>The compiled packet programs inside this assembly, and the names in them.</summary>
public static class GaleObject
{
    public const string XdpPublic = "gale_xdp_public";
    public const string XdpPass = "gale_xdp_pass";
    public const string TcPrivate = "gale_tc_private";

    private const string Resource = "galelb.bpf.o";

    /// <summary>The object, opened but not loaded.</summary>
    public static BpfObject Open()
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"the resource {Resource} is not in this build");
        byte[] elf = new byte[stream.Length];
        stream.ReadExactly(elf);
        return BpfObject.Open(elf, "galelb");
    }
}
