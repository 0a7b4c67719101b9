namespace GaleLb.Rpc;

/// <summary>A status code and words for people. The message may hold any Unicode text; it is percent-encoded on the wire.</summary>
public readonly record struct RpcStatus(StatusCode Code, string Message = "")
{
    public static RpcStatus Ok => default;

    /// <summary>Never null, also for <c>default</c>.</summary>
    public string Message { get => field ?? ""; init; } = Message;

    public bool IsOk => Code == StatusCode.Ok;

    public bool Equals(RpcStatus other) => Code == other.Code && Message == other.Message;

    public override int GetHashCode() => HashCode.Combine(Code, Message);

    public override string ToString() => Message.Length == 0 ? Code.ToString() : $"{Code}: {Message}";
}
