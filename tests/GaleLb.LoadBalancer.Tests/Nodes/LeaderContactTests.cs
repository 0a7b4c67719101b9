using GaleLb.LoadBalancer.Nodes;

namespace GaleLb.LoadBalancer.Tests.Nodes;

public sealed class LeaderContactTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

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
        contact.Set(true, Patience);
        CancellationToken stream = contact.Lost;
        stream.IsCancellationRequested.Should().BeFalse();

        contact.Set(false, Patience);
        stream.IsCancellationRequested.Should().BeFalse("another leader may be there in a moment");
        contact.IsPresent.Should().BeFalse();
        _time.Advance(Patience);
        contact.Set(false, Patience);

        stream.IsCancellationRequested.Should().BeTrue();
    }

    [Fact]
    public void Lost_WhenContactIsBack_IsAFreshToken()
    {
        using LeaderContact contact = new(_time);
        contact.Set(true, Patience);
        CancellationToken before = contact.Lost;
        _time.Advance(Patience);
        contact.Set(false, Patience);

        contact.Set(true, Patience);

        before.IsCancellationRequested.Should().BeTrue();
        contact.Lost.IsCancellationRequested.Should().BeFalse();
    }

    [Fact]
    public void Lost_WhenContactIsBackInTime_HasNotFired()
    {
        using LeaderContact contact = new(_time);
        contact.Set(true, Patience);
        CancellationToken stream = contact.Lost;
        _time.Advance(Patience / 2);
        contact.Set(false, Patience);

        contact.Set(true, Patience);
        _time.Advance(Patience);
        contact.Set(true, Patience);

        stream.IsCancellationRequested.Should().BeFalse();
    }

    [Fact]
    public void Age_WithoutContact_CountsFromItsLoss()
    {
        using LeaderContact contact = new(_time);
        contact.Set(true, Patience);
        _time.Advance(TimeSpan.FromSeconds(7));
        contact.Set(true, Patience);
        contact.Age.Should().Be(TimeSpan.Zero);

        contact.Set(false, Patience);
        _time.Advance(TimeSpan.FromSeconds(3));

        contact.Age.Should().Be(TimeSpan.FromSeconds(3));
    }
}
