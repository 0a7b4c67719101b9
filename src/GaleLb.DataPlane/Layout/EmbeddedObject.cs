using System.Reflection;
using GaleLb.DataPlane.Native;

namespace GaleLb.DataPlane.Layout;

/// <summary>The compiled packet programs that travel inside this assembly.</summary>
internal static class EmbeddedObject
{
    /// <summary>Opens <c>bpf/NAME.bpf.c</c> as compiled; not loaded yet.</summary>
    public static BpfObject Open(string name)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"{name}.bpf.o")
            ?? throw new InvalidOperationException($"the resource {name}.bpf.o is not in this build");
        byte[] elf = new byte[stream.Length];
        stream.ReadExactly(elf);
        return BpfObject.Open(elf, name);
    }
}
