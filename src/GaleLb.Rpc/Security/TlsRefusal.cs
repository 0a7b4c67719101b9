namespace GaleLb.Rpc.Security;

/// <summary>Why a caller got no further than the handshake.</summary>
public enum TlsRefusal
{
    /// <summary>It showed no certificate where one is asked for, or one that is not of the roots, has ended, or is for another use.</summary>
    Certificate,

    /// <summary>The handshake was not completed: plaintext, no version in common, the caller does not believe this side, or it hung up.</summary>
    Handshake,
}
