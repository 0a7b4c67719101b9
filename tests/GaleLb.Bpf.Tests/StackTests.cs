using GaleLb.Bpf.Tests.Support;
using GaleLb.DataPlane.Layout;

namespace GaleLb.Bpf.Tests;

/// <summary>
/// What the verifier of an older kernel would refuse and this one's may not: kernels before 6.9 round each frame of a chain of calls up to
/// 32 bytes, at least 32, of the 512 that a chain may have; newer ones to 16. `./build.sh kernels` asks them themselves.
/// </summary>
public sealed class StackTests
{
    private const int Rounding = 32;
    private const int StackMax = 512;
    private const int FramesMax = 8;

    [Theory]
    [InlineData("galelb.bpf.o")]
    [InlineData("galetrace.bpf.o")]
    [InlineData("galetc.bpf.o")]
    [InlineData("galetctrace.bpf.o")]
    [InlineData("galenode.bpf.o")]
    public void Chains_OfAllPrograms_FitTheStackOfOlderKernels(string name)
    {
        IReadOnlyDictionary<string, BpfFunctionFrame> functions = CallGraph.Read(EmbeddedObject(name));

        functions.Should().NotBeEmpty();
        foreach (BpfFunctionFrame function in functions.Values)
        {
            (int bytes, string[] chain) = Deepest(functions, function);
            bytes.Should().BeLessThanOrEqualTo(StackMax, string.Join(" → ", chain));
            chain.Should().HaveCountLessThanOrEqualTo(FramesMax);
        }
    }

    private static (int Bytes, string[] Chain) Deepest(IReadOnlyDictionary<string, BpfFunctionFrame> functions, BpfFunctionFrame function)
    {
        (int Bytes, string[] Chain) below = function.Calls.Select(callee => Deepest(functions, functions[callee])).DefaultIfEmpty((0, [])).MaxBy(c => c.Item1);
        int own = (Math.Max(function.Bytes, 1) + Rounding - 1) / Rounding * Rounding;
        return (own + below.Bytes, [$"{function.Name} {own}", .. below.Chain]);
    }

    private static byte[] EmbeddedObject(string name)
    {
        using Stream resource = typeof(GaleObject).Assembly.GetManifestResourceStream(
            typeof(GaleObject).Assembly.GetManifestResourceNames().Single(n => n.EndsWith(name, StringComparison.Ordinal)))!;
        using MemoryStream bytes = new();
        resource.CopyTo(bytes);
        return bytes.ToArray();
    }
}
