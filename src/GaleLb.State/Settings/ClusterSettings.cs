using System.Collections.Immutable;
using GaleLb.State.Services;

namespace GaleLb.State.Settings;

/// <summary>What a configuration file says that must be the same on every replica: the unit of baselines and their comparison.</summary>
public sealed record ClusterSettings(NodeHealthSettings NodeHealth, ImmutableArray<ServiceDefinition> Services)
{
    /// <summary>Null when they may stand, else the key and what is wrong with it.</summary>
    public (string Field, string Message)? Check()
    {
        if (NodeHealth.Check() is { } health)
            return health;
        for (int i = 0; i < Services.Length; i++)
        {
            if (Services[i].Check() is { } service)
                return ($"services.{Services[i].Name}.{service.Field}", service.Message);
            for (int j = 0; j < i; j++)
            {
                if (Services[i].Name == Services[j].Name)
                    return ($"services.{Services[i].Name}.name", "another service has this name");
                if (ServiceCollision.Find(Services[i], Services[j]) is { } where)
                    return ($"services.{Services[i].Name}.port", $"service {Services[j].Name} is already at {where}");
            }
        }
        return null;
    }
}
