namespace GaleLb.State.Commands;

/// <summary>What was answered to an order under an idempotency key; <paramref name="BodyHash"/> tells whether a repetition asks for the same.</summary>
public sealed record RememberedAnswer(string Key, ulong BodyHash, CommandAnswer Answer);
