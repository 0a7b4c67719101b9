using GaleLb.DataPlane.Flows;
using GaleLb.DataPlane.Layout;
using GaleLb.DataPlane.Native;

namespace GaleLb.DataPlane.Kernel;

/// <summary>The loaded programs and maps of one replica; the maps are pinned, new or taken over.</summary>
internal sealed class ProgramSet : IDisposable
{
    /// <summary>Only the shape of the inner maps; the kernel keeps it inside rings.</summary>
    private const string RingShape = "ring_shape";

    private ProgramSet(KernelMaps maps, BpfProgram publicSide, BpfProgram xdpPass, BpfProgram tcPrivate, BpfProgram sweep, bool tookOver)
    {
        Maps = maps;
        Public = publicSide;
        XdpPass = xdpPass;
        TcPrivate = tcPrivate;
        Sweep = sweep;
        TookOver = tookOver;
    }

    public KernelMaps Maps { get; }

    /// <summary>For clients' packets: XDP or TC, as <see cref="DataPlaneOptions.PublicHook"/> says.</summary>
    public BpfProgram Public { get; }

    public BpfProgram XdpPass { get; }

    public BpfProgram TcPrivate { get; }

    public BpfProgram Sweep { get; }

    /// <summary>An earlier process left its maps here.</summary>
    public bool TookOver { get; }

    /// <exception cref="DataPlaneException">Pinned maps of another shape, or the kernel refused; with the verifier's log.</exception>
    public static ProgramSet Load(DataPlaneOptions options, PinDirectory pins, Rollback rollback)
    {
        using BpfObject obj = Prepare(GaleObject.Open(options.PublicHook), options, explain: false);
        List<string> created = [];
        bool tookOver = false;
        foreach (BpfMapDefinition map in Pinned(obj))
        {
            string path = pins.Path(map.Name);
            if (PinDirectory.Has(path))
            {
                CheckPinned(map, path);
                tookOver = true;
            }
            else
            {
                created.Add(path);
            }

            map.SetPinPath(path);
        }

        rollback.OnFailure(() => created.ForEach(PinDirectory.Remove));
        Load(obj);
        return new ProgramSet(
            new KernelMaps(obj),
            obj.OpenProgram(GaleObject.Public(options.PublicHook)),
            obj.OpenProgram(GaleObject.XdpPass),
            obj.OpenProgram(GaleObject.TcPrivate),
            obj.OpenProgram(GaleObject.Sweep),
            tookOver);
    }

    /// <summary>The programs that tell of packets, on the pinned maps; the maps that only they have are not pinned.</summary>
    /// <exception cref="DataPlaneException">The kernel refused; with the verifier's log.</exception>
    public static BpfObject LoadTraced(DataPlaneOptions options, PinDirectory pins, bool explain)
    {
        BpfObject obj = Prepare(GaleObject.OpenTraced(options.PublicHook), options, explain);
        try
        {
            obj.SkipProgram(GaleObject.XdpPass);
            obj.SkipProgram(GaleObject.Sweep);
            if (explain) obj.Map("traces").SetMaxEntries((uint)Environment.SystemPageSize); // nothing is told
            foreach (BpfMapDefinition map in Pinned(obj)) map.SetPinPath(pins.Path(map.Name));
            Load(obj);
            return obj;
        }
        catch
        {
            obj.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        Maps.Dispose();
        Public.Dispose();
        XdpPass.Dispose();
        TcPrivate.Dispose();
        Sweep.Dispose();
    }

    private static BpfObject Prepare(BpfObject obj, DataPlaneOptions options, bool explain)
    {
        obj.Map("flows").SetMaxEntries(FlowTable.SetsFor(options.EstablishedFlows, options.HalfOpenFlows));
        obj.SetSection(
            ".rodata.options",
            new GaleOptions { Explain = explain ? 1u : 0u, CoarseClock = BpfObject.HasHelper(BpfFunction.KtimeGetCoarseNs) ? 1u : 0u });
        return obj;
    }

    private static IEnumerable<BpfMapDefinition> Pinned(BpfObject obj) =>
        obj.Maps.Where(m => !m.IsSection && m.Name != RingShape && !GaleObject.TraceMaps.Contains(m.Name) && !GaleObject.OwnMaps.Contains(m.Name));

    private static void Load(BpfObject obj)
    {
        try
        {
            obj.Load();
        }
        catch (BpfException e) when (e.Errno == Errno.EPERM)
        {
            throw new DataPlaneException($"the kernel does not let this process load packet programs (CAP_BPF, CAP_NET_ADMIN): {e.Message}", e);
        }
        catch (BpfException e)
        {
            throw new DataPlaneException($"the kernel refused the packet programs: {e.Message}", e);
        }
    }

    private static void CheckPinned(BpfMapDefinition wanted, string path)
    {
        using BpfMap pinned = BpfMap.OpenPinned(path);
        BpfMapInfo have = pinned.Info;
        if (have.Type != wanted.Type || have.KeySize != wanted.KeySize || have.ValueSize != wanted.ValueSize
            || have.Flags != wanted.Flags)
        {
            throw new DataPlaneException(
                $"parameter mismatch: the pinned map {path} is of another version of gale-lb ({have.Type}, {have.KeySize}-byte keys, "
                + $"{have.ValueSize}-byte values; this one needs {wanted.Type}, {wanted.KeySize}, {wanted.ValueSize}). "
                + Migration(path));
        }

        if (have.MaxEntries != wanted.MaxEntries)
        {
            throw new DataPlaneException(
                $"parameter mismatch: the pinned map {path} has {have.MaxEntries} entries, the configuration (established_flows, half_open_flows) asks for {wanted.MaxEntries}. "
                + Migration(path));
        }
    }

    private static string Migration(string path) =>
        "A map cannot change its size while flows are in it: either restore the former value, or stop gale-lb, remove "
        + $"{System.IO.Path.GetDirectoryName(path)} (which ends forwarding and the flows through this replica), and start it again";
}
