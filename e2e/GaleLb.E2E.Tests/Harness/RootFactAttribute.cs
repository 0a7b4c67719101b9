namespace GaleLb.E2E.Tests.Harness;

/// <summary>A test that makes network namespaces: skipped, visibly, where the caller may not.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RootFactAttribute : FactAttribute
{
    public RootFactAttribute()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            Skip = "Needs root, for network namespaces and BPF: sudo ./build.sh e2e";
        }
    }
}
