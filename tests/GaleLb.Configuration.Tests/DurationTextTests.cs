namespace GaleLb.Configuration.Tests;

public sealed class DurationTextTests
{
    [Theory]
    [InlineData("0s", 0)]
    [InlineData("1ms", 1)]
    [InlineData("500ms", 500)]
    [InlineData("5s", 5_000)]
    [InlineData("1m30s", 90_000)]
    [InlineData("90m", 5_400_000)]
    [InlineData("24h", 86_400_000)]
    [InlineData("1d1h1m1s1ms", 90_061_001)]
    [InlineData("007s", 7_000)]
    public void TryParse_Duration_IsItsMilliseconds(string text, long milliseconds)
    {
        DurationText.TryParse(text, out TimeSpan duration).Should().BeTrue();
        duration.Should().Be(TimeSpan.FromMilliseconds(milliseconds));
    }

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("s")]
    [InlineData("-5s")]
    [InlineData("+5s")]
    [InlineData("5 s")]
    [InlineData(" 5s")]
    [InlineData("5s ")]
    [InlineData("1.5s")]
    [InlineData("5S")]
    [InlineData("5sec")]
    [InlineData("30s1m")]
    [InlineData("1s1s")]
    [InlineData("1ms1s")]
    [InlineData("5us")]
    [InlineData("1h30")]
    [InlineData("٥s")]
    [InlineData("99999999999999999999s")]
    [InlineData("9223372036854775807ms")]
    [InlineData("106751991167d1ms")]
    public void TryParse_AnythingElse_IsRefused(string text)
    {
        DurationText.TryParse(text, out _).Should().BeFalse();
    }

    [Theory]
    [InlineData(0, "0s")]
    [InlineData(1, "1ms")]
    [InlineData(5_000, "5s")]
    [InlineData(90_500, "1m30s500ms")]
    [InlineData(86_400_000, "24h")]
    public void Format_Milliseconds_IsTheShortestText(long milliseconds, string text)
    {
        DurationText.Format(TimeSpan.FromMilliseconds(milliseconds)).Should().Be(text);
    }

    [Fact]
    public void Format_WhatItWrites_ReadsBack()
    {
        Random random = new(7);
        for (int i = 0; i < 1000; i++)
        {
            TimeSpan duration = TimeSpan.FromMilliseconds(random.NextInt64(1L << random.Next(1, 40)));

            DurationText.TryParse(DurationText.Format(duration), out TimeSpan back).Should().BeTrue();
            back.Should().Be(duration);
        }
    }
}
