using System.Runtime.InteropServices;
using GaleLb.DataPlane;
using GaleLb.DataPlane.Flows;
using GaleLb.DataPlane.Layout;
using GaleLb.DataPlane.Native;

namespace GaleLb.Bpf.Tests.Support;

/// <summary>The loaded object with small flow tables, its maps emptied between cases. Needs root.</summary>
public class PacketRig : IDisposable
{
    private const uint FlowSets = 256;
    private const uint FlowSeed = 0x5eed;
    private const uint ArrayElements = 32;
    private const int EthernetMin = 60;
    private const int MacsAt = 8;
    private const int TagsAt = 22;

    private static readonly string[] Hashes = ["services", "recent", "fragments", "blocks"];

    private readonly Dictionary<string, BpfMap> maps = [];
    private readonly Dictionary<string, BpfProgram> programs = [];
    private readonly HashSet<(string Map, string Key)> touched = [];
    private readonly Dictionary<uint, ushort[]> rings = [];
    private readonly PublicHook hook;
    private readonly BpfMappedArray? flowMemory;
    private readonly FlowTable? table;

    /// <summary>As a class fixture; without root it stays empty, for tests that are skipped.</summary>
    public PacketRig()
        : this(PublicHook.Xdp)
    {
    }

    protected PacketRig(PublicHook hook)
        : this(() => GaleObject.Open(hook), default, FlowSets, hook)
    {
    }

    private PacketRig(Func<BpfObject> open, GaleOptions options, uint flowSets, PublicHook hook)
    {
        this.hook = hook;
        if (!Environment.IsPrivilegedProcess) return;
        using BpfObject loading = open();
        loading.Map("flows").SetMaxEntries(flowSets);
        loading.SetSection(".rodata.options", options with { CoarseClock = BpfObject.HasHelper(BpfFunction.KtimeGetCoarseNs) ? 1u : 0u });
        loading.Load();
        foreach (BpfMapDefinition map in loading.Maps.Where(m => !m.IsSection)) maps[map.Name] = loading.OpenMap(map.Name);
        foreach (string name in loading.Programs) programs[name] = loading.OpenProgram(name);
        flowMemory = maps["flows"].MapMemory();
        table = new FlowTable(flowMemory, FlowSeed);
    }

    /// <summary>Where next_hops has some.</summary>
    public IReadOnlyList<uint> HopPlaces { get; set; } = [.. Enumerable.Range(0, (int)ArrayElements).Select(n => (uint)n)];

    /// <summary>The table that programs see.</summary>
    internal FlowTable Table => table!;

    /// <summary>A set of the table, as programs have it.</summary>
    internal ref GaleFlowSet FlowSet(int number) => ref MemoryMarshal.AsRef<GaleFlowSet>(flowMemory!.Element(number));

    public static PacketRig Load(uint flowSets = FlowSets, PublicHook hook = PublicHook.Xdp) => new(() => GaleObject.Open(hook), default, flowSets, hook);

    /// <summary>The programs that tell of packets.</summary>
    public static PacketRig LoadTraced(bool explain = false, uint flowSets = FlowSets, PublicHook hook = PublicHook.Xdp) =>
        new(() => GaleObject.OpenTraced(hook), new GaleOptions { Explain = explain ? 1u : 0u }, flowSets, hook);

    public BpfMap Map(string name) => maps[name];

    public BpfProgram Program(string name) => programs[name];

    public void Reset()
    {
        foreach (string name in Hashes)
        {
            BpfMap map = maps[name];
            foreach (byte[] key in Keys(map)) Delete(map, key);
        }

        flowMemory!.Bytes.Clear();
        foreach ((string name, string key) in touched)
            maps[name].UpdateBytes(Convert.FromHexString(key), new byte[maps[name].UserValueSize]);
        touched.Clear();
    }

    public void Put(IEnumerable<MapContent> contents)
    {
        foreach (MapContent content in contents) Put(content);
    }

    /// <summary>Writes the configuration, for a table of the rig's size.</summary>
    public void PutConfig(GaleConfig config)
    {
        config.FlowSets = (uint)table!.Sets;
        config.FlowSeed = FlowSeed;
        maps["config"].Update(0u, config);
        touched.Add(("config", "00000000"));
    }

    /// <summary>Fills a ring. One that is there with the same content stays: each replacement waits for all CPUs.</summary>
    public void PutRing(uint number, Func<int, ushort> nodeOfSlot)
    {
        ushort[] slots = new ushort[GaleLimit.RingSlots];
        for (int slot = 0; slot < slots.Length; slot++) slots[slot] = nodeOfSlot(slot);
        if (rings.TryGetValue(number, out ushort[]? present) && slots.AsSpan().SequenceEqual(present)) return;
        rings[number] = slots;
        using BpfMap inner = BpfMap.Create(BpfMapType.Array, "ring", sizeof(uint), GaleLimit.RingSlots * sizeof(ushort), 1, BpfMap.Mmapable);
        inner.UpdateBytes(new byte[sizeof(uint)], MemoryMarshal.AsBytes<ushort>(slots));
        maps["rings"].UpdateInner(number, inner);
    }

    /// <summary>
    /// Runs a program once on a frame. The public side answers to <see cref="GaleObject.XdpPublic"/> and in the words of XDP, wherever it is.
    /// </summary>
    public (uint Verdict, byte[] Frame) Run(string program, ReadOnlySpan<byte> frame, uint flags = 0, ReadOnlySpan<byte> context = default)
    {
        bool inTc = program == GaleObject.XdpPublic && hook == PublicHook.Tc;
        byte[] after = new byte[frame.Length + 512];
        TestRunResult result = programs[inTc ? GaleObject.TcPublic : program].TestRun(frame, after, context, flags: flags);
        after = after[..result.DataLength];
        if (!inTc) return (result.ReturnValue, after);
        uint verdict = Verdict.AsXdp(result.ReturnValue);
        return (verdict, Verdict.Name(program, verdict) == Verdict.Redirect ? AsXdp(frame, after) : after);
    }

    /// <summary>Whether a program sees what the stack shows to TC, as test-run makes it: no frame that is too short for its IP header.</summary>
    public bool IsInTc(string program) => program == GaleObject.TcPrivate || hook == PublicHook.Tc;

    /// <summary>All counters of stats that are not zero, summed over CPUs.</summary>
    public Dictionary<GaleReason, GaleCounter> Counters()
    {
        Dictionary<GaleReason, GaleCounter> counters = [];
        GaleCounter[] perCpu = new GaleCounter[BpfObject.PossibleCpus];
        foreach (GaleReason reason in Enum.GetValues<GaleReason>())
        {
            maps["stats"].TryLookUpPerCpu((uint)reason, perCpu.AsSpan()).Should().BeTrue();
            GaleCounter sum = default;
            foreach (GaleCounter one in perCpu)
            {
                sum.Packets += one.Packets;
                sum.Bytes += one.Bytes;
            }

            counters[reason] = sum;
        }

        return counters;
    }

    /// <summary>Packets of blocked ranges, all together.</summary>
    public ulong Blocked()
    {
        GaleCounter[] perCpu = new GaleCounter[BpfObject.PossibleCpus];
        ulong packets = 0;
        for (uint place = 0; place < ArrayElements; place++)
        {
            maps["block_stats"].TryLookUpPerCpu(place, perCpu.AsSpan()).Should().BeTrue();
            foreach (GaleCounter one in perCpu) packets += one.Packets;
        }

        return packets;
    }

    public GaleTraffic Traffic(string map, uint index)
    {
        GaleTraffic[] perCpu = new GaleTraffic[BpfObject.PossibleCpus];
        maps[map].TryLookUpPerCpu(index, perCpu.AsSpan()).Should().BeTrue();
        GaleTraffic sum = default;
        foreach (GaleTraffic one in perCpu)
        {
            sum.Connections += one.Connections;
            sum.PacketsToNode += one.PacketsToNode;
            sum.BytesToNode += one.BytesToNode;
            sum.PacketsFromNode += one.PacketsFromNode;
            sum.BytesFromNode += one.BytesFromNode;
            sum.Refused += one.Refused;
        }

        return sum;
    }

    /// <summary>Halves of flows that are half-open, or those that are not.</summary>
    public IReadOnlyList<(GaleFlowKey Key, GaleFlow Flow)> Flows(bool halfOpen)
    {
        List<(GaleFlowKey, GaleFlow)> flows = [];
        for (int set = 0; set < Table.Sets; set++)
        {
            for (int slot = 0; slot < GaleLimit.FlowSlots; slot++)
            {
                if (Table.TryRead(set, slot, out GaleFlowKey key, out GaleFlow flow) && FlowTable.IsHalfOpen(flow.State) == halfOpen) flows.Add((key, flow));
            }
        }

        return flows;
    }

    /// <summary>What the programs noted about the last packet; only of <see cref="LoadTraced"/>.</summary>
    public GaleTrace LastTraced()
    {
        GaleTraceScratch[] perCpu = new GaleTraceScratch[BpfObject.PossibleCpus];
        maps["trace_scratch"].TryLookUpPerCpu(0u, perCpu.AsSpan()).Should().BeTrue();
        return perCpu.MaxBy(cpu => cpu.Packet.AtNs).Packet;
    }

    /// <summary>A digest of every map that replicas share but rings, for comparing before and after; of arrays the elements that cases use.</summary>
    public string Fingerprint()
    {
        using MemoryStream all = new();
        all.Write(flowMemory!.Bytes);
        foreach (string name in maps.Keys.Except(["rings", "flows", "flow_locks", "traces", "trace_scratch", .. GaleObject.OwnMaps]).Order(StringComparer.Ordinal))
        {
            BpfMap map = maps[name];
            byte[] value = new byte[map.UserValueSize];
            foreach (byte[] key in Keys(map))
            {
                if (!map.TryLookUpBytes(key, value)) continue;
                all.Write(key);
                all.Write(value);
            }
        }

        return Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(all.ToArray()));
    }

    public void Dispose()
    {
        flowMemory?.Dispose();
        foreach (BpfProgram program in programs.Values) program.Dispose();
        foreach (BpfMap map in maps.Values) map.Dispose();
        GC.SuppressFinalize(this);
    }

    private void Put(MapContent content)
    {
        if (content.Ring is { } ring)
        {
            PutRing(ring, slot => content.Nodes![slot % content.Nodes.Length]);
            return;
        }

        if (content.ControlPorts is { } ports)
        {
            GaleControlPorts bits = default;
            foreach (ushort port in ports.Tcp) bits.Tcp.Add(port);
            foreach (ushort port in ports.Udp) bits.Udp.Add(port);
            maps["control_ports"].Update(0u, bits);
            touched.Add(("control_ports", "00000000"));
            return;
        }

        BpfMap map = maps[content.Map!];
        byte[] key = Convert.FromHexString(content.Key!);
        if (content.Delete)
        {
            (content.Map == "flows" ? Table.Remove(MemoryMarshal.Read<GaleFlowKey>(key)) : Delete(map, key)).Should().BeTrue($"the case deletes from {content.Map} what must be there");
            return;
        }

        byte[] value = Convert.FromHexString(content.Value!);
        if (content.EndsInMs is { } ends)
        {
            GaleService service = MemoryMarshal.Read<GaleService>(value) with { PreviousUntilMs = unchecked((uint)(Environment.TickCount64 + ends)) };
            MemoryMarshal.Write(value, in service);
        }

        if (content.Map == "config")
        {
            PutConfig(MemoryMarshal.Read<GaleConfig>(value));
            return;
        }

        map.UpdateBytes(key, value);
        if (!Hashes.Contains(content.Map)) touched.Add((content.Map!, content.Key!));
    }

    /// <summary>
    /// What XDP would have made of a frame: the outermost tag, which TC keeps beside it and test-run does not show, by the hop whose address it bears;
    /// and a reset's padding, which in TC is the driver's matter.
    /// </summary>
    private byte[] AsXdp(ReadOnlySpan<byte> came, byte[] left)
    {
        if (left.AsSpan(0, 6).SequenceEqual(came[6..12]))
            return left.Length < EthernetMin ? [.. left, .. new byte[Math.Max(0, Math.Min(EthernetMin, came.Length) - left.Length)]] : left;
        foreach (uint node in HopPlaces)
        {
            maps["next_hops"].TryLookUp(node, out GaleNextHop hop);
            if (hop.VlanCount == 0 || !left.AsSpan(0, 12).SequenceEqual(MemoryMarshal.AsBytes(new ReadOnlySpan<GaleNextHop>(in hop)).Slice(MacsAt, 12))) continue;
            byte[] tag = [.. hop.VlanCount == 1 ? (ReadOnlySpan<byte>)[0x81, 0x00] : [0x88, 0xa8], .. MemoryMarshal.AsBytes(new ReadOnlySpan<GaleNextHop>(in hop)).Slice(TagsAt, 2)];
            return [.. left[..12], .. tag, .. left[12..]];
        }

        return left;
    }

    private static List<byte[]> Keys(BpfMap map) => map.Info.KeySize switch
    {
        4 => Bytes([.. Enumerable.Range(0, (int)Math.Min(map.Info.MaxEntries, ArrayElements)).Select(i => (uint)i)]),
        20 => Bytes(map.Keys<GaleServiceKey>()),
        40 => Bytes(map.Keys<GaleFlowKey>()),
        int size => throw new InvalidOperationException($"keys of {size} bytes"),
    };

    private static List<byte[]> Bytes<T>(IReadOnlyList<T> keys)
        where T : unmanaged => [.. keys.Select(k => MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in k)).ToArray())];

    private static bool Delete(BpfMap map, byte[] key) => key.Length switch
    {
        20 => map.Delete(MemoryMarshal.Read<GaleServiceKey>(key)),
        40 => map.Delete(MemoryMarshal.Read<GaleFlowKey>(key)),
        int size => throw new InvalidOperationException($"keys of {size} bytes"),
    };
}
