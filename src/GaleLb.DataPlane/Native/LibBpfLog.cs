using System.Runtime.InteropServices;
using System.Text;

namespace GaleLb.DataPlane.Native;

/// <summary>
/// Collects what libbpf prints, warnings and errors, while a scope is open on this thread; outside a scope it is dropped, because every
/// failure also comes back as an errno. libbpf prints on the calling thread, so a scope sees its own calls only.
/// </summary>
internal static unsafe class LibBpfLog
{
    private const int WarningLevel = 0;
    private const int DebugLevel = 2;
    private const int LineBytesMax = 1 << 20;

    [ThreadStatic]
    private static StringBuilder? capture;

    [ThreadStatic]
    private static int levelMax;

    static LibBpfLog() => LibBpf.libbpf_set_print(&Print);

    /// <param name="debug">Also what libbpf prints for debugging, such as the verifier's log of a program that it took.</param>
    public static Scope Begin(bool debug = false)
    {
        StringBuilder text = new();
        capture = text;
        levelMax = debug ? DebugLevel : WarningLevel;
        return new Scope(text);
    }

    [UnmanagedCallersOnly]
    private static int Print(int level, byte* format, nint arguments)
    {
        StringBuilder? target = capture;
        if (level > levelMax || target is null) return 0;

        // A verifier log comes as one line. The va_list can be read only once, so the buffer has to be large enough at once.
        byte* buffer = (byte*)NativeMemory.Alloc(LineBytesMax);
        try
        {
            int length = LibC.vsnprintf(buffer, LineBytesMax, format, arguments);
            if (length > 0) target.Append(Encoding.UTF8.GetString(buffer, Math.Min(length, LineBytesMax - 1)));
        }
        finally
        {
            NativeMemory.Free(buffer);
        }

        return 0;
    }

    internal readonly ref struct Scope(StringBuilder text)
    {
        public string Text => text.ToString().TrimEnd();

        public void Dispose()
        {
            if (ReferenceEquals(capture, text)) capture = null;
        }
    }
}
