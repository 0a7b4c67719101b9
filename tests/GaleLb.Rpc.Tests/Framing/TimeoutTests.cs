using GaleLb.Rpc.Framing;

namespace GaleLb.Rpc.Tests.Framing;

public sealed class TimeoutTests
{
    [Theory]
    [InlineData(0, "0n")]
    [InlineData(1, "100n")]
    [InlineData(-5, "0n")]
    [InlineData(TimeSpan.TicksPerMillisecond * 5, "5000000n")]
    [InlineData(TimeSpan.TicksPerSecond, "1000000u")]
    [InlineData(TimeSpan.TicksPerMinute * 2, "120000m")]
    [InlineData(TimeSpan.TicksPerDay * 2, "172800S")]
    [InlineData(TimeSpan.TicksPerDay * 36_500, "52560000M")]
    [InlineData(long.MaxValue, "99999999H")]
    public void Encode_Ticks_UsesTheFinestUnitThatFits(long ticks, string header) =>
        Rpc.Framing.Timeout.Encode(TimeSpan.FromTicks(ticks)).Should().Be(header);

    [Theory]
    [InlineData("1H", TimeSpan.TicksPerHour)]
    [InlineData("2M", 2 * TimeSpan.TicksPerMinute)]
    [InlineData("3S", 3 * TimeSpan.TicksPerSecond)]
    [InlineData("4m", 4 * TimeSpan.TicksPerMillisecond)]
    [InlineData("5u", 5 * TimeSpan.TicksPerMicrosecond)]
    [InlineData("600n", 6L)]
    [InlineData("00000001S", TimeSpan.TicksPerSecond)]
    public void TryDecode_WellFormed_IsThatLong(string header, long ticks)
    {
        Rpc.Framing.Timeout.TryDecode(header, out TimeSpan? timeout).Should().BeTrue();
        timeout.Should().Be(TimeSpan.FromTicks(ticks));
    }

    [Fact]
    public void TryDecode_LongerThanAnyTimer_IsNoDeadline()
    {
        Rpc.Framing.Timeout.TryDecode("99999999H", out TimeSpan? timeout).Should().BeTrue();
        timeout.Should().BeNull();
    }
}
