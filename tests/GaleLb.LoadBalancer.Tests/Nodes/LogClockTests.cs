using GaleLb.LoadBalancer.Nodes;

namespace GaleLb.LoadBalancer.Tests.Nodes;

public sealed class LogClockTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public void NowMs_BetweenEntries_AdvancesByElapsedTime()
    {
        LogClock clock = new(_time);
        clock.Applied(1_000);

        _time.Advance(TimeSpan.FromMilliseconds(250));

        clock.NowMs.Should().Be(1_250);
    }

    [Fact]
    public void NowMs_AfterAnEntryOfAnEarlierLeader_StartsFromThatEntryAnew()
    {
        LogClock clock = new(_time);
        clock.Applied(1_000);
        _time.Advance(TimeSpan.FromHours(3));

        clock.Applied(1_200);

        clock.NowMs.Should().Be(1_200, "log time stood still while nobody led");
    }
}
