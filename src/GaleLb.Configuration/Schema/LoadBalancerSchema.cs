namespace GaleLb.Configuration.Schema;

/// <summary>Every section and key of gale-lb's file.</summary>
internal static partial class LoadBalancerSchema
{
    public static IReadOnlyList<ConfigurationSection> Sections =>
    [
        PrivateInterface.Section,
        PublicInterface.Section,
        Local.Section,
        NodeHealth.Section,
        Quorum.Section,
        DataPlane.Section,
        FlowTimeouts.Section,
        Security.Section,
        Services.Section,
    ];
}
