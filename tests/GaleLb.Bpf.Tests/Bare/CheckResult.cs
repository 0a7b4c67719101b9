namespace GaleLb.Bpf.Tests.Bare;

/// <summary>What became of a check or of several with one name; written as the line that e2e/kernels/run.sh reads.</summary>
internal sealed record CheckResult(string Name, int Passed, int Failed, int Skipped)
{
    public static CheckResult Fail(string name, Exception reason) => new($"{name}: {reason.Message}", 0, 1, 0);

    public static CheckResult Skip(string name, int count) => new(name, 0, 0, count);

    public override string ToString() => $"{Passed} {Failed} {Skipped} {Name.ReplaceLineEndings(" | ")}";
}
