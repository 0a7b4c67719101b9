using GaleLb.DataPlane;
using GaleLb.DataPlane.Layout;
using GaleLb.DataPlane.Native;

namespace GaleLb.Bpf.Tests.Bare;

/// <summary>What e2e/kernels/guest.sh has checked in each kernel it boots: that all programs load, at what cost, and this assembly's tests.</summary>
internal static class KernelChecks
{
    /// <summary>
    /// Those that ask something of a kernel. The others put many packets more through the same programs, and an emulated machine would take half an
    /// hour for them.
    /// </summary>
    private static readonly Type[] Classes =
    [
        typeof(PacketCaseTestsInXdp), typeof(PacketCaseTestsInTc), typeof(ExplainTests), typeof(TraceTestsInXdp), typeof(TraceTestsInTc), typeof(UnwrapTests), typeof(FragmentTestsInXdp),
        typeof(FragmentTestsInTc), typeof(ChecksumCompleteTestsInXdp), typeof(ChecksumCompleteTestsInTc),
    ];

    /// <summary>Prints a line for each result; 1 when a check failed.</summary>
    public static int Run()
    {
        bool failed = false;
        BareRunner runner = new(Report);
        Load("galelb", () => GaleObject.Open(PublicHook.Xdp), new GaleOptions());
        Load("galetrace, explain", () => GaleObject.OpenTraced(PublicHook.Xdp), new GaleOptions { Explain = 1 });
        Load("galetrace", () => GaleObject.OpenTraced(PublicHook.Xdp), new GaleOptions());
        Load("galetc", () => GaleObject.Open(PublicHook.Tc), new GaleOptions());
        Load("galetctrace, explain", () => GaleObject.OpenTraced(PublicHook.Tc), new GaleOptions { Explain = 1 });
        Load("galetctrace", () => GaleObject.OpenTraced(PublicHook.Tc), new GaleOptions());
        Load("galenode", GaleNodeObject.Open, null);
        foreach (Type type in Classes) runner.Run(type);
        return failed ? 1 : 0;

        void Report(CheckResult result)
        {
            failed |= result.Failed > 0;
            Console.WriteLine(result);
        }

        void Load(string name, Func<BpfObject> open, GaleOptions? options)
        {
            try
            {
                using BpfObject loading = open();
                if (options is { } set)
                {
                    set.CoarseClock = BpfObject.HasHelper(BpfFunction.KtimeGetCoarseNs) ? 1u : 0u;
                    loading.SetSection(".rodata.options", set);
                }

                IReadOnlyDictionary<string, int> walked = loading.LoadCounting();
                Report(new CheckResult($"load {name}: {string.Join(", ", walked.Select(w => $"{w.Key} {w.Value:N0} instructions"))}", loading.Programs.Count, 0, 0));
            }
            catch (BpfException e)
            {
                Report(CheckResult.Fail($"load {name}", e));
            }
        }
    }
}
