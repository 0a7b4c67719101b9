using System.Diagnostics;
using GaleLb.Bpf.Tests.Bare;
using GaleLb.Bpf.Tests.Fuzz;
using GaleLb.Bpf.Tests.Support;
using GaleLb.DataPlane;

// The fuzzer of tests/fuzz/packets.sh, and with "kernel" the checks of e2e/kernels; under a test runner the assembly is its tests.
if (args is ["kernel"]) return KernelChecks.Run();

FuzzOptions options;
try
{
    options = FuzzOptions.Parse(args);
}
catch (FormatException e)
{
    Console.Error.WriteLine(e.Message);
    Console.Error.WriteLine(FuzzOptions.Usage);
    return 2;
}

if (!Environment.IsPrivilegedProcess)
{
    Console.Error.WriteLine("fuzz packets: needs root to load the packet programs.");
    return 1;
}

Console.WriteLine($"fuzz packets: seed {options.Seed}, packets {options.Packets}");
FuzzOptions[] parts = options.Hook is null
    ? [options with { Hook = PublicHook.Xdp, Packets = (options.Packets + 1) / 2 }, options with { Hook = PublicHook.Tc, Packets = options.Packets / 2 }]
    : [options];
foreach (FuzzOptions part in parts.Where(p => p.Packets > 0))
{
    using PacketRig rig = PacketRig.Load(hook: part.Hook!.Value);
    FuzzRunner runner = new(rig, part);
    Stopwatch watch = Stopwatch.StartNew();
    IReadOnlyList<string>? failure = runner.Run();
    foreach (string line in failure ?? []) Console.WriteLine(line);
    double seconds = watch.Elapsed.TotalSeconds;
    Console.WriteLine(
        $"fuzz packets: {runner.Packets:N0} packets in {runner.Sessions:N0} sessions {(failure is null ? "clean" : "FAILED")} with clients' in {part.Hook.ToString()!.ToUpperInvariant()} "
        + $"in {seconds:F1} s ({runner.Packets / seconds:N0} packets/s): {runner.Summary}");
    if (failure is not null) return 1;
}

return 0;
