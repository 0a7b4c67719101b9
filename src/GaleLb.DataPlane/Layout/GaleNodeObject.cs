using GaleLb.DataPlane.Native;

namespace GaleLb.DataPlane.Layout;

/// <summary>The compiled packet program of a node, and the names in it.</summary>
public static class GaleNodeObject
{
    public const string XdpUnwrap = "galenode_unwrap";
    public const string TcUnwrap = "galenode_tc";
    public const string Addresses = "addresses";
    public const string Outcomes = "outcomes";

    /// <summary>The object, opened but not loaded.</summary>
    public static BpfObject Open() => EmbeddedObject.Open("galenode");
}
