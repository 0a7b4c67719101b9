namespace GaleLb.Hosts.Tests.Harness;

/// <summary>A test of names below .local: skipped, with the reason, where no host of the inventory has one.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NeedsLocalNamesFactAttribute : FactAttribute
{
    public NeedsLocalNamesFactAttribute()
    {
        if (Inventory.Named is { } inventory && !inventory.Group("all").Any(name => name.EndsWith(".local", StringComparison.Ordinal)))
        {
            Skip = "No host of the inventory has a name that ends in .local";
        }
    }
}
