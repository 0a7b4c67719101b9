using System.Text.Json.Serialization;
using GaleLb.LoadBalancer.Rest;

namespace GaleLb.Cli.Replay;

/// <summary>Writes a state as the REST API does: every key, null or not.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(StateDocument))]
internal sealed partial class ReplayJson : JsonSerializerContext;
