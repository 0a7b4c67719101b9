using GaleLb.LoadBalancer.Nodes;

namespace GaleLb.LoadBalancer.Tests.Nodes;

public sealed class LeaderContactTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public void Lost_BeforeAnyContact_HasFired()
    {
        using LeaderContact contact = new(_time);

        contact.Lost.IsCancellationRequested.Should().BeTrue();
    }

    [Fact]
    public void Lost_WhenContactGoes_FiresForThoseWhoTookItBefore()
    {
        using LeaderContact contact = new(_time);
        contact.Set(true);
        CancellationToken stream = contact.Lost;
        stream.IsCancellationRequested.Should().BeFalse();

        contact.Set(false);

        stream.IsCancellationRequested.Should().BeTrue();
        contact.IsPresent.Should().BeFalse();
    }

    [Fact]
    public void Lost_WhenContactIsBack_IsAFreshToken()
    {
        using LeaderContact contact = new(_time);
        contact.Set(true);
        CancellationToken before = contact.Lost;
        contact.Set(false);

        contact.Set(true);

        before.IsCancellationRequested.Should().BeTrue();
        contact.Lost.IsCancellationRequested.Should().BeFalse();
    }

    [Fact]
    public void Age_WithoutContact_CountsFromItsLoss()
    {
        using LeaderContact contact = new(_time);
        contact.Set(true);
        _time.Advance(TimeSpan.FromSeconds(7));
        contact.Set(true);
        contact.Age.Should().Be(TimeSpan.Zero);

        contact.Set(false);
        _time.Advance(TimeSpan.FromSeconds(3));

        contact.Age.Should().Be(TimeSpan.FromSeconds(3));
    }
}
