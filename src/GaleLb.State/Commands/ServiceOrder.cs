using GaleLb.State.Services;

namespace GaleLb.State.Commands;

/// <summary>A change of services at run time, an overlay over the file baseline.</summary>
public abstract record ServiceOrder(string Service) : Command;

public sealed record AddService(ServiceDefinition Definition) : ServiceOrder(Definition.Name)
{
    public override CommandKind Kind => CommandKind.AddService;
}

/// <summary>Replaces the definition of the service of the same name. An address that stays keeps its <see cref="Forwarding.ServiceId"/>.</summary>
public sealed record ReplaceService(ServiceDefinition Definition) : ServiceOrder(Definition.Name)
{
    public override CommandKind Kind => CommandKind.ReplaceService;
}

public sealed record RemoveService(string Name) : ServiceOrder(Name)
{
    public override CommandKind Kind => CommandKind.RemoveService;
}
