namespace GaleLb.DataPlane.Tests.Support;

/// <summary>Compiles small BPF sources that only tests need.</summary>
internal static class Clang
{
    private static readonly string[] Names = ["clang", "clang-21", "clang-20", "clang-19", "clang-18"];

    public static byte[] Compile(string source)
    {
        string compiler = Names.SelectMany(n => new[] { $"/usr/bin/{n}", $"/usr/local/bin/{n}" }).FirstOrDefault(File.Exists)
            ?? throw new InvalidOperationException("clang is missing: run ./build.sh deps");
        string target = Path.GetTempFileName();
        try
        {
            Shell.Run(compiler, "-O2", "-g", "-target", "bpf", "-mcpu=v3", "-I/usr/include/x86_64-linux-gnu", "-c", source, "-o", target);
            return File.ReadAllBytes(target);
        }
        finally
        {
            File.Delete(target);
        }
    }
}
