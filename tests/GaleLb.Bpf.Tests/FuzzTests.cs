using GaleLb.Bpf.Tests.Fuzz;
using GaleLb.Bpf.Tests.Support;
using GaleLb.DataPlane.Layout;

namespace GaleLb.Bpf.Tests;

/// <summary>A fixed run of the fuzzer, and whether its judge sees what it is there to see.</summary>
public abstract class FuzzTests(PacketRig rig)
{
    private const int Packets = 50_000;
    private const int Worlds = 12;

    [RootFact]
    public void Fuzzer_FixedPackets_BreakNoRule()
    {
        FuzzRunner runner = new(rig, new FuzzOptions { Packets = Packets, Seed = 20261122 });

        IReadOnlyList<string>? failure = runner.Run();

        failure.Should().BeNull(string.Join('\n', failure ?? []));
        runner.Packets.Should().Be(Packets);
    }

    /// <summary>Whatever a program did wrong would show in a byte.</summary>
    [RootFact]
    public void Judge_AnyByteOfAFrameThatLeavesChanged_SeesIt()
    {
        HashSet<FuzzOutcome> seen = [];
        for (int seed = 0; seed < Worlds; seed++)
        {
            FrameFactory make = new(new Random(seed));
            foreach (bool ipv4 in (bool[])[true, false])
            {
                foreach (ushort port in FuzzWorld.Ports) SpoilEach(seed, make.NewTuple(ipv4, PacketBuilder.Udp, port), make, seen);
                SpoilEach(seed, make.Echo(ipv4, FuzzWorld.Vips[ipv4 ? 0 : 1]), seen);
            }
        }

        seen.Should().Contain([
            FuzzOutcome.ForwardedL4, FuzzOutcome.ForwardedL3, FuzzOutcome.ForwardedL2, FuzzOutcome.AnsweredEcho, FuzzOutcome.UnreachableSent]);
    }

    [Fact]
    public void Options_Given_AreRead() =>
        FuzzOptions.Parse(["--seed", "7", "--packets", "10"]).Should().Be(new FuzzOptions { Seed = 7, Packets = 10 });

    [Theory]
    [InlineData("--packets 0", "--packets 0: a number from 1*")]
    [InlineData("--seed", "--seed needs a value.")]
    [InlineData("--speed 1", "Unknown argument --speed.")]
    public void Options_Wrong_AreRefused(string arguments, string message)
    {
        Action parse = () => FuzzOptions.Parse(arguments.Split(' '));
        parse.Should().Throw<FormatException>().WithMessage(message);
    }

    private void SpoilEach(int seed, FiveTuple tuple, FrameFactory make, HashSet<FuzzOutcome> seen) => SpoilEach(seed, make.Transport(tuple), seen);

    private void SpoilEach(int seed, byte[] frame, HashSet<FuzzOutcome> seen)
    {
        FuzzInput input = new(GaleObject.XdpPublic, frame);
        FuzzRun run = new(rig, seed);
        FuzzOutcome outcome = run.Feed(input);
        seen.Add(outcome);
        byte[] after = run.After;
        uint verdict = outcome is FuzzOutcome.Passed ? 2u : outcome is FuzzOutcome.Dropped ? 1u : 4u;
        if (outcome == FuzzOutcome.Dropped) return;
        for (int at = 0; at < after.Length; at++)
        {
            byte[] spoiled = [.. after];
            spoiled[at] ^= 0x10;
            // Each time with a memory of its own; the real outcome is known to it, so that even a free choice is not free any more.
            PacketJudge judge = new(run.World);
            judge.Judge(input.Program, verdict, frame, after, must: false);
            Action act = () => judge.Judge(input.Program, verdict, frame, spoiled, must: false);
            act.Should().Throw<InvariantException>($"byte {at} of {Convert.ToHexStringLower(after)} ({outcome}) changed, seed {seed}");
        }
    }
}

public sealed class FuzzTestsInXdp(PacketRig rig) : FuzzTests(rig), IClassFixture<PacketRig>;

public sealed class FuzzTestsInTc(TcPacketRig rig) : FuzzTests(rig), IClassFixture<TcPacketRig>;
