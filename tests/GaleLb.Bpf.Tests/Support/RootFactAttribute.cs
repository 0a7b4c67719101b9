namespace GaleLb.Bpf.Tests.Support;

/// <summary>A test that loads programs; shown as skipped without root.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RootFactAttribute : FactAttribute
{
    public RootFactAttribute()
    {
        if (!Environment.IsPrivilegedProcess) Skip = "needs root";
    }
}

/// <summary>As <see cref="RootFactAttribute"/>, for theories.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RootTheoryAttribute : TheoryAttribute
{
    public RootTheoryAttribute()
    {
        if (!Environment.IsPrivilegedProcess) Skip = "needs root";
    }
}

/// <summary>As <see cref="RootTheoryAttribute"/>, where test-run compares the sum that a card took; older kernels refuse to be asked.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ChecksumCompleteTheoryAttribute : TheoryAttribute
{
    /// <summary>The flag of test-run by which it compares.</summary>
    public const uint Flag = 1u << 2;

    private static readonly Version Since = new(6, 18);

    public ChecksumCompleteTheoryAttribute()
    {
        if (!Environment.IsPrivilegedProcess) Skip = "needs root";
        else if (!IsKnown) Skip = $"test-run compares a card's sum since Linux {Since}";
    }

    /// <summary>Whether this kernel's test-run knows <see cref="Flag"/>.</summary>
    public static bool IsKnown => Environment.OSVersion.Version >= Since;
}
