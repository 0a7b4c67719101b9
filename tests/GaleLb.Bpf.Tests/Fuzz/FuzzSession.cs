using GaleLb.Bpf.Tests.Support;
using GaleLb.DataPlane.Layout;
using GaleLb.DataPlane.Native;

namespace GaleLb.Bpf.Tests.Fuzz;

/// <summary>A failure: what was fed until then, the last of it at fault, and the rule that it broke.</summary>
internal sealed record FuzzFailure(int Seed, IReadOnlyList<FuzzInput> Inputs, byte[] After, InvariantException Broken);

/// <summary>
/// Packets of one seed over a world of that seed: damaged packets of the case tables and of its own making, and between them whole conversations that have
/// to work.
/// </summary>
internal sealed class FuzzSession(PacketRig rig, int seed)
{
    /// <summary>Packets of a whole session; few enough that no table fills up.</summary>
    public const int PacketsMax = 512;

    private const int RecentMax = 64;
    private const int GiveUpOneIn = 400;
    private const int MergedOneIn = 4;

    private static readonly FuzzInput[] Tables =
        [.. PacketCase.All.SelectMany(c => c.Steps).Select(s => new FuzzInput(s.Program, s.PacketBytes)).DistinctBy(i => i.ToString())];

    // Apart from the world's: what is drawn for the maps does not depend on what is drawn for packets.
    private readonly Random random = new(~seed);
    private readonly FuzzRun run = new(rig, seed);
    private readonly List<FuzzInput> fed = [];
    private readonly List<FiveTuple> flows = [];
    private readonly List<(string Program, byte[] Frame)> recent = [];
    private FrameFactory? factory;
    private FrameMutator? mutator;
    private int remaining;

    public long[] Outcomes => run.Outcomes;

    public override string ToString() => run.World.ToString();

    /// <summary>Feeds that many packets, or fewer until a rule is broken.</summary>
    public FuzzFailure? Run(int packets)
    {
        factory = new FrameFactory(random);
        mutator = new FrameMutator(random);
        remaining = packets;
        try
        {
            while (remaining > 0) Step(factory, mutator);
            run.CheckCounters();
            return null;
        }
        catch (InvariantException broken)
        {
            return new FuzzFailure(seed, fed, run.After, broken);
        }
    }

    private void Step(FrameFactory make, FrameMutator damage)
    {
        if (random.Next(GiveUpOneIn) == 0)
        {
            FuzzInput givesUp = new("", [], GivesUp: random.GetItems([.. run.World.Hops.Keys], 1)[0]);
            fed.Add(givesUp);
            run.Feed(givesUp);
        }

        switch (random.Next(10))
        {
            case 0 or 1 or 2:
                FuzzInput known = random.GetItems(Tables, 1)[0];
                Feed(random.Next(20) == 0 ? Other(known.Program) : known.Program, random.Next(8) == 0 ? known.Frame : damage.Mutate(known.Frame));
                break;
            case 3 or 4 or 5:
                Damaged(GaleObject.XdpPublic, make.Any());
                break;
            case 6:
                Converse(make);
                break;
            case 7 when recent.Count > 0:
                FeedError(make);
                break;
            case 8:
                FeedFragments(make);
                break;
            default:
                FeedOfFlow(make);
                break;
        }
    }

    /// <summary>A client and its node, undamaged, in whichever mode is on the port.</summary>
    private void Converse(FrameFactory make)
    {
        bool ipv4 = random.Next(2) == 0;
        UInt128 vip = FuzzWorld.Vips[ipv4 ? 0 : 1];
        byte protocol = random.Next(2) == 0 ? PacketBuilder.Tcp : PacketBuilder.Udp;
        FiveTuple client = make.NewTuple(ipv4, protocol, run.World.PortOf((GaleForwarding)random.Next(3), vip));
        FuzzService service = run.World.Service(vip, client.DestinationPort, protocol)!;
        int node = FuzzWorld.Choose(service, client);
        if (node < 0 || run.World.IsBlocked(client.Source) || run.World.IsGivenUp(node) || run.Judge.Find(client) is not null) return;
        Must(GaleObject.XdpPublic, make.Opening(client, PacketBuilder.Syn));
        if (service.Forwarding != GaleForwarding.L4)
        {
            Must(GaleObject.XdpPublic, make.Transport(client));
            return;
        }

        FiveTuple answer = Answer(client);
        Must(GaleObject.TcPrivate, make.Opening(answer, PacketBuilder.Syn | PacketBuilder.Ack));
        for (int n = random.Next(1, 4); n > 0; n--) Must(GaleObject.XdpPublic, make.Transport(client));
        for (int n = random.Next(1, 4); n > 0; n--) Must(GaleObject.TcPrivate, make.Transport(answer));
        flows.Add(client);
    }

    /// <summary>More of a flow that stands, damaged or with flags that end it.</summary>
    private void FeedOfFlow(FrameFactory make)
    {
        if (flows.Count == 0) return;
        FiveTuple client = random.GetItems(flows.ToArray(), 1)[0];
        byte flags = random.Next(2) == 0 ? PacketBuilder.Ack : (byte)random.Next(256);
        if (random.Next(2) == 0) Damaged(GaleObject.XdpPublic, make.Transport(client, flags));
        else Damaged(GaleObject.TcPrivate, make.Transport(Answer(client), flags));
    }

    /// <summary>An error about a packet that went out: from beyond the replica, to the side that sees that packet.</summary>
    private void FeedError(FrameFactory make)
    {
        (string program, byte[] frame) = recent[random.Next(recent.Count)];
        FrameView view = FrameView.Parse(frame);
        Damaged(Other(program), make.Error(frame, random.Next(2) == 0 ? make.Client(view.IsIpv4) : view.Tuple.Destination));
    }

    private void FeedFragments(FrameFactory make)
    {
        bool ipv4 = random.Next(2) == 0;
        FiveTuple client = make.NewTuple(ipv4, PacketBuilder.Udp, random.GetItems(FuzzWorld.Ports, 1)[0]);
        (byte[] first, byte[] later) = make.Fragments(client);
        Damaged(GaleObject.XdpPublic, first);
        Damaged(GaleObject.XdpPublic, later);
        if (run.Judge.Find(client) is null) return;
        (first, later) = make.Fragments(Answer(client));
        Damaged(GaleObject.TcPrivate, first);
        Damaged(GaleObject.TcPrivate, later);
    }

    private FiveTuple Answer(in FiveTuple client)
    {
        Translation translation = run.Judge.Find(client)!.Value;
        return new FiveTuple(translation.Node, translation.NodePort, translation.Source, translation.SourcePort, client.Protocol);
    }

    private void Damaged(string program, byte[] frame) => Feed(program, random.Next(3) == 0 ? frame : mutator!.Mutate(frame));

    private void Must(string program, byte[] frame) => Feed(program, frame, must: true);

    private void Feed(string program, byte[] frame, bool must = false)
    {
        if (remaining-- <= 0) return;
        FuzzInput input = new(program, Acceptable(program, frame), must, SegmentSize: rig.IsInTc(program) ? SegmentSize(program, frame, must) : (ushort)0);
        fed.Add(input);
        FuzzOutcome outcome = run.Feed(input);
        if (outcome is not (FuzzOutcome.ForwardedL4 or FuzzOutcome.ReturnedL4)) return;
        if (recent.Count == RecentMax) recent.RemoveAt(random.Next(RecentMax));
        recent.Add((program, run.After));
    }

    /// <summary>Now and then a packet is several that were merged on their way, small or too big; nothing merges fragments.</summary>
    private ushort SegmentSize(string program, byte[] frame, bool must)
    {
        // The kernel encapsulates merged segments of TCP alone, and test-run says of none what they are of.
        if (must && program == GaleObject.XdpPublic && FrameView.TryParse(frame, out FrameView tunnelled) && tunnelled.TryReadPorts(frame, out tunnelled)
            && run.World.Service(tunnelled.Tuple.Destination, tunnelled.Tuple.DestinationPort, tunnelled.Protocol) is { Forwarding: GaleForwarding.L3 })
        {
            return 0;
        }

        bool merged = random.Next(MergedOneIn) == 0 && FrameView.TryParse(frame, out FrameView view) && view is { IsTransport: true, Fragment: FragmentKind.None };
        return merged ? (ushort)random.Next(1, must || random.Next(2) == 0 ? 100 : 2000) : (ushort)0;
    }

    /// <summary>Test-run wants an Ethernet header with something behind it: for TC a whole IP header, if the ethertype says so.</summary>
    private byte[] Acceptable(string program, byte[] frame)
    {
        bool header = rig.IsInTc(program);
        if (frame.Length < 15) frame = [.. frame, .. new byte[15 - frame.Length]];
        int least = (frame[12], frame[13]) switch
        {
            (0x08, 0x00) when header => 34,
            (0x86, 0xdd) when header => 54,
            _ => 15,
        };
        return frame.Length >= least ? frame : [.. frame, .. new byte[least - frame.Length]];
    }

    private static string Other(string program) => program == GaleObject.XdpPublic ? GaleObject.TcPrivate : GaleObject.XdpPublic;
}
