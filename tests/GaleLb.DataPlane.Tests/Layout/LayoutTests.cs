using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using GaleLb.DataPlane.Layout;
using GaleLb.DataPlane.Native;

namespace GaleLb.DataPlane.Tests.Layout;

/// <summary>Compares the C# mirrors with the BTF of the compiled object that has them all. Opening an object needs no privilege.</summary>
public sealed partial class LayoutTests : IDisposable
{
    private readonly BpfObject obj = GaleObject.OpenTraced(PublicHook.Xdp);

    public void Dispose() => obj.Dispose();

    [Theory]
    [InlineData("gale_address", typeof(GaleAddress))]
    [InlineData("gale_service_key", typeof(GaleServiceKey))]
    [InlineData("gale_service", typeof(GaleService))]
    [InlineData("gale_node", typeof(GaleNode))]
    [InlineData("gale_next_hop", typeof(GaleNextHop))]
    [InlineData("gale_flow_key", typeof(GaleFlowKey))]
    [InlineData("gale_flow", typeof(GaleFlow))]
    [InlineData("gale_flow_slot", typeof(GaleFlowSlot))]
    [InlineData("gale_flow_set", typeof(GaleFlowSet))]
    [InlineData("gale_sweep", typeof(GaleSweep))]
    [InlineData("gale_control_ports", typeof(GaleControlPorts))]
    [InlineData("gale_block_key", typeof(GaleBlockKey))]
    [InlineData("gale_config", typeof(GaleConfig))]
    [InlineData("gale_counter", typeof(GaleCounter))]
    [InlineData("gale_traffic", typeof(GaleTraffic))]
    [InlineData("gale_options", typeof(GaleOptions))]
    [InlineData("gale_trace_filter", typeof(GaleTraceFilter))]
    [InlineData("gale_trace", typeof(GaleTrace))]
    [InlineData("gale_trace_scratch", typeof(GaleTraceScratch))]
    public void Struct_InCSharp_EqualsTheCompiledOne(string name, Type mirror)
    {
        BtfType type = obj.Btf.Find(name, BtfKind.Struct)!;
        string[] compiled =
        [
            $"size {type.SizeOrType}",
            .. type.Members.Where(m => m.Name != "zero").Select(m => $"{m.Name} at {m.Offset}, {obj.Btf.SizeOf(m.TypeId)} bytes"),
        ];
        string[] written =
        [
            $"size {SizeOf(mirror)}",
            .. mirror.GetFields(BindingFlags.Instance | BindingFlags.Public)
                .Select(f => (Field: f, Offset: f.GetCustomAttribute<FieldOffsetAttribute>()!.Value))
                .OrderBy(f => f.Offset)
                .Select(f => $"{SnakeCase(f.Field.Name)} at {f.Offset}, {SizeOf(f.Field.FieldType)} bytes"),
        ];
        written.Should().Equal(compiled);
    }

    [Fact]
    public void Struct_WithNetworkOrderMembers_HasWrappersThere()
    {
        string[] wrong =
        [
            .. new[] { typeof(GaleServiceKey), typeof(GaleService), typeof(GaleNode), typeof(GaleFlowKey), typeof(GaleFlow), typeof(GaleTraceFilter) }.SelectMany(
                mirror => obj.Btf.Find(SnakeCase(mirror.Name), BtfKind.Struct)!.Members
                    .Where(m => obj.Btf[m.TypeId].Name == "__be16")
                    .Where(m => mirror.GetFields().Single(f => SnakeCase(f.Name) == m.Name).FieldType != typeof(Be16))
                    .Select(m => $"{mirror.Name}.{m.Name}")),
        ];
        wrong.Should().BeEmpty();
    }

    [Theory]
    [InlineData("gale_forwarding", "GALE_FORWARD_", typeof(GaleForwarding))]
    [InlineData("gale_hash", "GALE_HASH_", typeof(GaleHash))]
    [InlineData("gale_refusal", "GALE_REFUSE_", typeof(GaleRefusal))]
    [InlineData("gale_node_flag", "GALE_NODE_", typeof(GaleNodeFlag))]
    [InlineData("gale_next_hop_state", "GALE_HOP_", typeof(GaleNextHopState))]
    [InlineData("gale_config_flag", "GALE_CONFIG_", typeof(GaleConfigFlag))]
    [InlineData("gale_flow_direction", "GALE_FLOW_", typeof(GaleFlowDirection))]
    [InlineData("gale_flow_state", "GALE_FLOW_", typeof(GaleFlowState))]
    [InlineData("gale_reason", "GALE_", typeof(GaleReason))]
    [InlineData("gale_trace_side", "GALE_TRACE_", typeof(GaleTraceSide))]
    public void Enum_InCSharp_EqualsTheCompiledOne(string name, string prefix, Type mirror)
    {
        BtfType type = obj.Btf.Find(name, BtfKind.Enum)!;
        Dictionary<string, long> compiled = type.Enumerators
            .Where(e => e.Name is not ("GALE_FLOW_STATES" or "GALE_REASONS"))
            .ToDictionary(e => e.Name[prefix.Length..], e => e.Value);
        Dictionary<string, long> written = Enum.GetNames(mirror)
            .Where(n => !(n == "None" && mirror.IsDefined(typeof(FlagsAttribute))))
            .ToDictionary(n => SnakeCase(n).ToUpperInvariant(), n => Convert.ToInt64(Enum.Parse(mirror, n)));
        written.Should().BeEquivalentTo(compiled);
    }

    [Fact]
    public void Limits_InCSharp_EqualTheCompiledOnes()
    {
        Dictionary<string, long> compiled = obj.Btf.Find("gale_limit", BtfKind.Enum)!.Enumerators
            .ToDictionary(e => e.Name["GALE_".Length..], e => e.Value);
        Dictionary<string, long> written = typeof(GaleLimit).GetFields()
            .ToDictionary(f => SnakeCase(f.Name).ToUpperInvariant(), f => Convert.ToInt64(f.GetRawConstantValue()));
        written.Should().BeEquivalentTo(compiled);
        GaleLimit.RingSlots.Should().Be(State.Forwarding.ForwardingTable.RingSlots);
        GaleLimit.NodesMax.Should().Be(State.Forwarding.ForwardingTable.NodesMax);
    }

    [Theory]
    [InlineData("services", BpfMapType.Hash, typeof(GaleServiceKey), typeof(GaleService))]
    [InlineData("rings", BpfMapType.ArrayOfMaps, typeof(uint), typeof(uint))]
    [InlineData("nodes", BpfMapType.Array, typeof(uint), typeof(GaleNode))]
    [InlineData("next_hops", BpfMapType.Array, typeof(uint), typeof(GaleNextHop))]
    [InlineData("flows", BpfMapType.Array, typeof(uint), typeof(GaleFlowSet))]
    [InlineData("sweep", BpfMapType.Array, typeof(uint), typeof(GaleSweep))]
    [InlineData("control_ports", BpfMapType.Array, typeof(uint), typeof(GaleControlPorts))]
    [InlineData("blocks", BpfMapType.LpmTrie, typeof(GaleBlockKey), typeof(uint))]
    [InlineData("block_stats", BpfMapType.PerCpuArray, typeof(uint), typeof(GaleCounter))]
    [InlineData("dead_man", BpfMapType.Array, typeof(uint), typeof(ulong))]
    [InlineData("config", BpfMapType.Array, typeof(uint), typeof(GaleConfig))]
    [InlineData("stats", BpfMapType.PerCpuArray, typeof(uint), typeof(GaleCounter))]
    [InlineData("node_stats", BpfMapType.PerCpuArray, typeof(uint), typeof(GaleTraffic))]
    [InlineData("service_stats", BpfMapType.PerCpuArray, typeof(uint), typeof(GaleTraffic))]
    [InlineData("trace_filter", BpfMapType.Array, typeof(uint), typeof(GaleTraceFilter))]
    [InlineData("trace_scratch", BpfMapType.PerCpuArray, typeof(uint), typeof(GaleTraceScratch))]
    public void Map_InCSharp_HasTheCompiledTypeAndSizes(string name, BpfMapType type, Type key, Type value)
    {
        BpfMapDefinition map = obj.Map(name);
        (map.Type, map.KeySize, map.ValueSize).Should().Be((type, SizeOf(key), SizeOf(value)));
    }

    [Fact]
    public void Maps_OfTheObjectThatForwards_AreThoseOfTheTracedOneButItsOwn()
    {
        using BpfObject plain = GaleObject.Open(PublicHook.Xdp);
        Names(plain).Should().BeEquivalentTo(Names(obj).Except(GaleObject.TraceMaps));

        // A section of the compiler is named after its object.
        static IEnumerable<string> Names(BpfObject of) => of.Maps.Where(m => !m.IsSection).Select(m => m.Name);
    }

    [Fact]
    public void Programs_InCSharp_AreInTheObject() =>
        obj.Programs.Should().Contain([GaleObject.XdpPublic, GaleObject.XdpPass, GaleObject.TcPrivate, GaleObject.Sweep]);

    private static int SizeOf(Type type) => (int)typeof(Unsafe).GetMethod(nameof(Unsafe.SizeOf))!.MakeGenericMethod(type).Invoke(null, null)!;

    private static string SnakeCase(string name) => WordStart().Replace(name, "_").ToLowerInvariant();

    [GeneratedRegex("(?<=[a-z0-9])(?=[A-Z])", RegexOptions.None, 1000)]
    private static partial Regex WordStart();
}
