namespace GaleLb.Cli.Output;

/// <summary>How an answer is shown.</summary>
internal enum OutputFormat
{
    Table,
    Wide,
    Json,
}
