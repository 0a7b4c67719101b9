namespace GaleLb.TestKit.Histories;

/// <summary>One order or read of one register, as its client saw it. Times are of one monotonic clock, in its own unit.</summary>
/// <param name="Key">The register.</param>
/// <param name="IsWrite">An order that sets the register; otherwise a read.</param>
/// <param name="Value">What was written or read. No value is written twice to a register.</param>
/// <param name="Invoked">Before the request was sent.</param>
/// <param name="Answered">After the answer had come; null for an order that may or may not have been carried out, now or later.</param>
/// <param name="Client">Who asked whom, for people.</param>
public sealed record RegisterOperation(string Key, bool IsWrite, string Value, long Invoked, long? Answered, string Client)
{
    public override string ToString() =>
        $"{Client} {(IsWrite ? "writes" : "reads")} {Key} = \"{Value}\" in [{Invoked}, {(Answered is { } at ? $"{at}" : "unknown")}]";
}
