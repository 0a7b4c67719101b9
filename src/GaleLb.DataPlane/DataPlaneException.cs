namespace GaleLb.DataPlane;

/// <summary>The data plane cannot start or go on; the message is for people: what, where, and what to do.</summary>
public sealed class DataPlaneException(string message, Exception? inner = null) : Exception(message, inner);
