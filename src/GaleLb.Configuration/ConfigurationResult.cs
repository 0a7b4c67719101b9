using System.Collections.Immutable;

namespace GaleLb.Configuration;

/// <summary>What became of reading a file: options when there is no error, and everything to tell the operator.</summary>
/// <param name="Options">Null exactly when there are errors.</param>
/// <param name="Errors">All of the file's errors, in its order.</param>
/// <param name="Warnings">What is allowed but likely not meant, in the file's order.</param>
public sealed record ConfigurationResult<T>(
    T? Options, ImmutableArray<ConfigurationMessage> Errors, ImmutableArray<ConfigurationMessage> Warnings)
    where T : class;
