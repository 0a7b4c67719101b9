namespace GaleLb.Hosts.Tests.Harness;

/// <summary>A test that takes a host of a group which an inventory may do without: skipped, with the reason, where there is none.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NeedsGroupFactAttribute : FactAttribute
{
    public NeedsGroupFactAttribute(string group, string use)
    {
        if (Inventory.Named is { } inventory && inventory.Group(group).IsEmpty)
        {
            Skip = $"The inventory has no host in the group [{group}], {use}";
        }
    }
}
