namespace GaleLb.Cli;

/// <summary>The command line, or the environment it takes defaults from, is wrong.</summary>
internal sealed class UsageException : Exception
{
    public UsageException(string message)
        : base(message)
    {
    }
}
