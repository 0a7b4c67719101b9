using GaleLb.LoadBalancer.Nodes;

namespace GaleLb.LoadBalancer.Tests.Nodes;

public sealed class JudgeClockTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public void Time_WhileRoundsCome_IsMonotonicTime()
    {
        JudgeClock clock = new(_time);
        for (int round = 0; round < 100; round++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(50));
            clock.Round();
        }

        clock.Time.Should().Be(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public void Time_AfterThisProcessStoodStill_HasHardlyPassed()
    {
        JudgeClock clock = new(_time);
        clock.Round();

        _time.Advance(TimeSpan.FromMinutes(10));

        clock.Time.Should().Be(JudgeClock.RoundMax);
        clock.Round();
        clock.Time.Should().Be(JudgeClock.RoundMax);
    }
}
