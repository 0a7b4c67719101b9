namespace GaleLb.Cli.Api;

/// <summary>A call that did not come to an answer, or to a refusal; the message is for people, one line or several.</summary>
internal sealed class ApiException : Exception
{
    public ApiException(string message)
        : base(message)
    {
    }
}
