namespace GaleLb.DataPlane.Planning;

/// <summary>Where the packets of a blocked range are counted: an element of block_stats.</summary>
public readonly record struct BlockPlace(int Value);
