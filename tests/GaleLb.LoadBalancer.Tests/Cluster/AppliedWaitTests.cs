using GaleLb.LoadBalancer.Cluster;
using GaleLb.Raft;

namespace GaleLb.LoadBalancer.Tests.Cluster;

public sealed class AppliedWaitTests
{
    private static readonly LogIndex Order = new(43);

    private readonly ManualTime _time = new();
    private readonly Dictionary<string, LogIndex?> _kernels = new(StringComparer.Ordinal) { ["one"] = Order, ["two"] = Order, ["three"] = Order };
    private readonly List<string> _asked = [];
    private Action _round = () => { };

    [Fact]
    public async Task Wait_AllHaveIt_AsksNobody()
    {
        AppliedReport report = await WaitAsync();

        report.AppliedOn.Should().BeEquivalentTo("one", "two", "three");
        report.Missing.Should().BeEmpty();
        _asked.Should().BeEmpty();
    }

    [Fact]
    public async Task Wait_OneIsBehind_AsksItUntilItHasIt()
    {
        _kernels["two"] = new LogIndex(41);
        _round = () => _kernels["two"] = _kernels["two"]!.Value.Next();

        AppliedReport report = await WaitAsync();

        report.Missing.Should().BeEmpty();
        _asked.Should().Equal("two", "two");
    }

    [Fact]
    public async Task Wait_OneStaysBehind_EndsInTimeAndNamesIt()
    {
        _kernels["two"] = new LogIndex(42);

        AppliedReport report = await WaitAsync();

        report.AppliedOn.Should().BeEquivalentTo("one", "three");
        report.Missing.Should().Equal("two");
        report.Unreachable.Should().BeEmpty();
        _time.GetElapsedTime(0).Should().Be(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task Wait_OneCannotBeReached_IsNotWaitedForButNamed()
    {
        _kernels["two"] = null;

        AppliedReport report = await WaitAsync();

        (report.Missing.Single(), report.Unreachable.Single()).Should().Be(("two", "two"));
        _asked.Should().BeEmpty();
    }

    [Fact]
    public async Task Wait_OneFallsSilentMeanwhile_EndsThen()
    {
        _kernels["two"] = new LogIndex(42);
        _round = () => _kernels["two"] = null;

        (await WaitAsync()).Unreachable.Should().Equal("two");
        _asked.Should().Equal("two");
    }

    [Fact]
    public async Task Wait_AVacantSeat_IsNotWaitedFor()
    {
        AppliedReport report = await WaitAsync(new Member(new MemberId(9), "nobody", MemberRole.Voter, Vacant: true));

        report.Missing.Should().BeEmpty();
        report.AppliedOn.Should().HaveCount(3);
    }

    private Task<AppliedReport> WaitAsync(params Member[] more)
    {
        Membership membership = new(_kernels.Keys.Select((address, i) => new Member(new MemberId((ulong)i + 1), address, MemberRole.Voter)).Concat(more));
        AppliedWait wait = new(() => membership, member => _kernels[member.Address], AskAsync, _time);
        return wait.WaitAsync(Order, TimeSpan.FromSeconds(5), CancellationToken.None);
    }

    private Task AskAsync(IEnumerable<string> addresses, CancellationToken cancellation)
    {
        _asked.AddRange(addresses);
        _time.Advance(TimeSpan.FromSeconds(1));
        _round();
        return Task.CompletedTask;
    }
}
