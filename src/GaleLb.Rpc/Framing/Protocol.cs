namespace GaleLb.Rpc.Framing;

/// <summary>Names on the wire.</summary>
internal static class Protocol
{
    public const string ContentType = "application/grpc";
    public const string Status = "grpc-status";
    public const string Message = "grpc-message";
    public const string Timeout = "grpc-timeout";
    public const string Encoding = "grpc-encoding";
    public const string AcceptEncoding = "grpc-accept-encoding";

    /// <summary>The bare type, parameters, or the protobuf subtype; not gRPC-Web, not other codecs.</summary>
    public static bool IsContentType(string? value)
    {
        if (value is null || !value.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase))
            return false;
        ReadOnlySpan<char> rest = value.AsSpan(ContentType.Length);
        if (rest.StartsWith("+proto", StringComparison.OrdinalIgnoreCase))
            rest = rest["+proto".Length..];
        return rest.IsEmpty || rest[0] is ';' or ' ';
    }
}
