namespace GaleLb.Node.Forwarding;

/// <summary>The host's network could not be changed; the message says what and why.</summary>
internal sealed class HostNetworkException(string message, Exception? innerException = null) : Exception(message, innerException);
