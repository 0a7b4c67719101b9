using System.Collections.Immutable;
using System.Net;
using GaleLb.State.Blocks;
using GaleLb.State.Forwarding;
using GaleLb.State.Nodes;
using GaleLb.State.Services;
using GaleLb.State.Settings;

namespace GaleLb.State.Formats;

/// <summary>The encodings that commands and snapshots share.</summary>
internal static class DomainFormats
{
    public static void OptionalU16(this CanonicalWriter writer, ushort? value)
    {
        writer.Bool(value is not null);
        if (value is not null)
            writer.U16(value.Value);
    }

    public static ushort? OptionalU16(this ref CanonicalReader reader) => reader.Bool() ? reader.U16() : null;

    public static void OptionalI64(this CanonicalWriter writer, long? value)
    {
        writer.Bool(value is not null);
        if (value is not null)
            writer.I64(value.Value);
    }

    public static long? OptionalI64(this ref CanonicalReader reader) => reader.Bool() ? reader.I64() : null;

    public static void Description(this CanonicalWriter writer, NodeDescription value)
    {
        writer.U64(value.Instance);
        writer.Address(value.Address);
        writer.U16(value.Port);
        writer.U16(value.Weight);
        writer.Texts(value.Services);
    }

    public static NodeDescription Description(this ref CanonicalReader reader) => new(
        reader.U64(), reader.Address(), reader.U16(), reader.U16(), reader.Texts(NodeDescription.ServicesMax));

    public static void Prefix(this CanonicalWriter writer, ClientPrefix value)
    {
        writer.Address(value.Address);
        writer.U8(value.Length);
    }

    public static ClientPrefix Prefix(this ref CanonicalReader reader) => new(reader.Address(), reader.U8());

    public static void Service(this CanonicalWriter writer, ServiceDefinition value)
    {
        writer.Text(value.Name);
        writer.Count(value.Addresses.Length);
        foreach (IPAddress address in value.Addresses)
            writer.Address(address);
        writer.U16(value.Port);
        writer.U8((byte)value.Protocol);
        writer.U8((byte)value.Forwarding);
        writer.U8((byte)value.Hash);
        writer.U16(value.TargetPort);
        writer.U8((byte)value.Scheduler);
    }

    public static ServiceDefinition Service(this ref CanonicalReader reader)
    {
        string name = reader.Text();
        int count = reader.Count(ServiceDefinition.AddressesMax, elementBytesMin: 5);
        ImmutableArray<IPAddress>.Builder addresses = ImmutableArray.CreateBuilder<IPAddress>(count);
        for (int i = 0; i < count; i++)
            addresses.Add(reader.Address());
        return new ServiceDefinition(
            name, addresses.MoveToImmutable(), reader.U16(), Protocol(ref reader),
            (ForwardingMode)reader.Choice((byte)ForwardingMode.L2, "a forwarding mode"),
            (HashPolicy)reader.Choice((byte)HashPolicy.Source, "a hash policy"), reader.U16(),
            (Scheduler)reader.Choice((byte)Scheduler.Maglev, "a scheduler"));
    }

    public static void Settings(this CanonicalWriter writer, ClusterSettings value)
    {
        writer.Health(value.NodeHealth);
        writer.Count(value.Services.Length);
        foreach (ServiceDefinition service in value.Services)
            writer.Service(service);
    }

    public static ClusterSettings Settings(this ref CanonicalReader reader)
    {
        NodeHealthSettings health = reader.Health();
        int count = reader.Count(ForwardingTable.ServicesMax, elementBytesMin: 15);
        ImmutableArray<ServiceDefinition>.Builder services = ImmutableArray.CreateBuilder<ServiceDefinition>(count);
        for (int i = 0; i < count; i++)
            services.Add(reader.Service());
        return new ClusterSettings(health, services.MoveToImmutable());
    }

    public static void Health(this CanonicalWriter writer, NodeHealthSettings value)
    {
        writer.I32(value.ChecksBeforeRouting);
        writer.I64(value.ChecksTimeoutMs);
        writer.I32(value.BlackListAfterFails);
        writer.I64(value.BlackListExpiryMs);
        writer.I32(value.MinRoutable);
        writer.I32(value.MaxEjectSharePermille);
        writer.I64(value.FlowGraceMs);
        writer.I64(value.ForgetAfterMs);
    }

    public static NodeHealthSettings Health(this ref CanonicalReader reader) => new()
    {
        ChecksBeforeRouting = reader.I32(),
        ChecksTimeoutMs = reader.I64(),
        BlackListAfterFails = reader.I32(),
        BlackListExpiryMs = reader.I64(),
        MinRoutable = reader.I32(),
        MaxEjectSharePermille = reader.I32(),
        FlowGraceMs = reader.I64(),
        ForgetAfterMs = reader.I64(),
    };

    private static Protocol Protocol(ref CanonicalReader reader)
    {
        byte value = reader.U8();
        return value is (byte)Forwarding.Protocol.Tcp or (byte)Forwarding.Protocol.Udp
            ? (Protocol)value
            : throw reader.Bad($"protocol 6 (TCP) or 17 (UDP) expected, {value} found");
    }
}
