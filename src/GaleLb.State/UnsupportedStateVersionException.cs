namespace GaleLb.State;

/// <summary>The cluster uses a state version that this program does not know: it has to be replaced by a newer one.</summary>
public sealed class UnsupportedStateVersionException(uint version, uint versionMax) : Exception(
    $"The cluster's state is of version {version}; this program applies up to version {versionMax}. Install a newer release.")
{
    public uint Version { get; } = version;
}
