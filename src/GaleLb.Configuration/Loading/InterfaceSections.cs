using System.Collections.Immutable;
using System.Net;
using GaleLb.Configuration.Options;
using GaleLb.Configuration.Schema;
using GaleLb.Configuration.Toml;

namespace GaleLb.Configuration.Loading;

/// <summary>The two sides of a replica, from either generation of the file.</summary>
internal sealed class InterfaceSections
{
    private readonly SectionValues _privateSide;
    private readonly SectionValues _publicSide;
    private readonly bool _isLocal;

    private InterfaceSections(SectionValues privateSide, SectionValues publicSide, bool isLocal)
    {
        _privateSide = privateSide;
        _publicSide = publicSide;
        _isLocal = isLocal;
    }

    public PrivateInterfaceOptions Private => new(
        _privateSide.Get(NodePortKey),
        _privateSide.Get(LoadBalancerSchema.PrivateInterface.ApiPort),
        _privateSide.Get(LoadBalancerSchema.PrivateInterface.LoadBalancerPort),
        _privateSide.Get(_isLocal ? LoadBalancerSchema.Local.NodesInterfaceName : LoadBalancerSchema.PrivateInterface.InterfaceName));

    public PublicInterfaceOptions Public => new(
        _publicSide.Get(_isLocal ? LoadBalancerSchema.Local.ClientsInterfaceName : LoadBalancerSchema.PublicInterface.InterfaceName));

    private ConfigurationKey<ushort> NodePortKey =>
        _isLocal ? LoadBalancerSchema.Local.NodePort : LoadBalancerSchema.PrivateInterface.NodePort;

    private ConfigurationKey<ushort> ClientsPortKey =>
        _isLocal ? LoadBalancerSchema.Local.ClientsPort : LoadBalancerSchema.PublicInterface.ClientsPort;

    public static InterfaceSections Read(FileSections file, ConfigurationReport report)
    {
        ConfigurationSection local = LoadBalancerSchema.Local.Section;
        ConfigurationSection privateSide = LoadBalancerSchema.PrivateInterface.Section;
        ConfigurationSection publicSide = LoadBalancerSchema.PublicInterface.Section;
        bool hasBoth = file.Has(privateSide) || file.Has(publicSide);
        if (file.Has(local) && !hasBoth)
        {
            SectionValues values = file.Read(local);
            return new InterfaceSections(values, values, isLocal: true);
        }

        if (file.Has(local))
        {
            ConfigurationSection other = file.Has(privateSide) ? privateSide : publicSide;
            report.Error(file.PositionOf(local), local.Name,
                $"stands beside {other.Header} (line {file.PositionOf(other).Line}); expected either [local], or "
                + $"{privateSide.Header} and {publicSide.Header}: they are two generations of the same settings");
            file.Read(local);
        }

        return new InterfaceSections(file.Read(privateSide), file.Read(publicSide), isLocal: false);
    }

    /// <summary>The ports that this replica itself listens on, with the key that says so, in the file's order of keys.</summary>
    public IEnumerable<(string Key, TomlPosition Position, ushort Port)> ControlPorts()
    {
        ConfigurationKey<ushort>[] keys =
            [NodePortKey, LoadBalancerSchema.PrivateInterface.ApiPort, LoadBalancerSchema.PrivateInterface.LoadBalancerPort];
        return keys
            .Where(k => !_privateSide.IsWrong(k))
            .Select(k => (_privateSide.PathOf(k), _privateSide.PositionOf(k), _privateSide.Get(k)));
    }

    /// <summary>The services that the public side names: one for each of its protocols.</summary>
    public ImmutableArray<PlacedService> DefaultServices()
    {
        if (_publicSide.IsWrong(ClientsPortKey))
        {
            return [];
        }

        ushort port = _publicSide.Get(ClientsPortKey);
        ImmutableArray<IPAddress> addresses = _publicSide.Get(LoadBalancerSchema.PublicInterface.Addresses);
        ServiceForwarding forwarding = _publicSide.Get(LoadBalancerSchema.PublicInterface.Forwarding);
        return
        [
            .. _publicSide.Get(LoadBalancerSchema.PublicInterface.Protocols).Select((protocol, i) => new PlacedService(
                new ServiceOptions(
                    i == 0 ? "default" : protocol == ServiceProtocol.Udp ? "default-udp" : "default-tcp",
                    addresses, port, protocol, forwarding, ServiceScheduler.Maglev, ServiceHash.FiveTuple, port),
                _publicSide, ClientsPortKey, LoadBalancerSchema.PublicInterface.Addresses, LoadBalancerSchema.PublicInterface.Forwarding)),
        ];
    }

    public void WarnOfReplacedService(ConfigurationReport report)
    {
        ConfigurationKey[] replaced =
        [
            ClientsPortKey, LoadBalancerSchema.PublicInterface.Addresses,
            LoadBalancerSchema.PublicInterface.Forwarding, LoadBalancerSchema.PublicInterface.Protocols,
        ];
        foreach (ConfigurationKey key in replaced.Where(_publicSide.IsGiven))
        {
            report.Warn(_publicSide.PositionOf(key), _publicSide.PathOf(key), "is not used, because [[services]] replaces this service");
        }
    }
}
