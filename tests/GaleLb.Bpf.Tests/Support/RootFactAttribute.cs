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
    private static readonly Version Since = new(6, 18);

    public ChecksumCompleteTheoryAttribute()
    {
        if (!Environment.IsPrivilegedProcess) Skip = "needs root";
        else if (Environment.OSVersion.Version < Since) Skip = $"test-run compares a card's sum since Linux {Since}";
    }
}
