using GaleLb.Raft;
using GaleLb.State.Commands;
using GaleLb.State.Forwarding;
using GaleLb.State.Services;
using GaleLb.State.Settings;

namespace GaleLb.State.Tests.Settings;

public sealed class SettingsTests
{
    private static readonly ClusterSettings Present = new(new NodeHealthSettings(), [Cluster.Web]);

    [Fact]
    public void List_Defaults_AreTheFilesKeysInOrderInMilliseconds() =>
        SettingsDigest.List(Present).Select(s => $"{s.Key}={s.Value}").Should().Equal(
            "node_health.black_list_after_fails=5",
            "node_health.black_list_expiry=300000",
            "node_health.checks_before_routing=3",
            "node_health.checks_timeout=5000",
            "node_health.flow_grace=30000",
            "node_health.forget_after=86400000",
            "node_health.max_eject_share=0.5",
            "node_health.min_routable=0",
            "services.web.forwarding=l4",
            "services.web.hash=five_tuple",
            "services.web.port=8080",
            "services.web.protocol=tcp",
            "services.web.scheduler=maglev",
            "services.web.target_port=8080");

    [Theory]
    [InlineData(0, "0")]
    [InlineData(5, "0.005")]
    [InlineData(330, "0.33")]
    [InlineData(1000, "1")]
    public void List_Share_IsWrittenAsInTheFile(int permille, string value) =>
        SettingsDigest.List(new ClusterSettings(new NodeHealthSettings { MaxEjectSharePermille = permille }, []))
            .Single(s => s.Key == "node_health.max_eject_share").Value.Should().Be(value);

    [Fact]
    public void Of_AddressesOrOrderOfServicesDiffer_IsEqual()
    {
        ServiceDefinition dns = Cluster.Service("dns", 53, "192.0.2.1");

        SettingsDigest.Of(Present with { Services = [Cluster.Web, dns] })
            .Should().Be(SettingsDigest.Of(Present with { Services = [dns with { Addresses = [] }, Cluster.Web] }));
    }

    [Fact]
    public void Of_AnyCoveredKeyDiffers_Differs()
    {
        ClusterSettings[] others =
        [
            Present with { NodeHealth = Present.NodeHealth with { ChecksBeforeRouting = 4 } },
            Present with { NodeHealth = Present.NodeHealth with { ChecksTimeoutMs = 5001 } },
            Present with { NodeHealth = Present.NodeHealth with { BlackListAfterFails = -1 } },
            Present with { NodeHealth = Present.NodeHealth with { BlackListExpiryMs = 1 } },
            Present with { NodeHealth = Present.NodeHealth with { MinRoutable = 1 } },
            Present with { NodeHealth = Present.NodeHealth with { MaxEjectSharePermille = 1 } },
            Present with { NodeHealth = Present.NodeHealth with { FlowGraceMs = 1 } },
            Present with { NodeHealth = Present.NodeHealth with { ForgetAfterMs = 1 } },
            Present with { Services = [] },
            Present with { Services = [Cluster.Web with { Name = "other" }] },
            Present with { Services = [Cluster.Web with { Port = 1 }] },
            Present with { Services = [Cluster.Web with { TargetPort = 1 }] },
            Present with { Services = [Cluster.Web with { Protocol = Protocol.Udp }] },
            Present with { Services = [Cluster.Web with { Forwarding = ForwardingMode.L3 }] },
            Present with { Services = [Cluster.Web with { Hash = HashPolicy.Source }] },
        ];

        others.Append(Present).Select(SettingsDigest.Of).Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public void Compare_TwoLists_NamesEveryKeyWithBothValues()
    {
        ClusterSettings theirs = new(new NodeHealthSettings { ChecksTimeoutMs = 8000 }, [Cluster.Web with { Name = "api" }]);

        SettingDifference[] differences = [.. SettingsDigest.Compare(SettingsDigest.List(Present), SettingsDigest.List(theirs))];

        differences.Should().HaveCount(13).And.Contain(new SettingDifference("node_health.checks_timeout", "5000", "8000"))
            .And.Contain(new SettingDifference("services.web.port", "8080", null))
            .And.Contain(new SettingDifference("services.api.port", null, "8080"));
        SettingsDigest.Compare(SettingsDigest.List(Present), SettingsDigest.List(Present)).Should().BeEmpty();
    }

    [Fact]
    public void Switch_StagedBaseline_TakesEffectAndKeepsTheOverlay()
    {
        ServiceDefinition kept = Cluster.Service("kept", 1);
        ServiceDefinition changed = Cluster.Service("changed", 2);
        ServiceDefinition gone = Cluster.Service("gone", 3);
        Cluster cluster = Cluster.Founded(null, kept, changed, gone);
        cluster.Apply(new AddService(Cluster.Service("overlay", 9)));
        cluster.Apply(new ReplaceService(kept with { Hash = HashPolicy.Source }));
        ClusterSettings next = new(
            new NodeHealthSettings { ChecksTimeoutMs = 9000 }, [kept, changed with { TargetPort = 22 }, Cluster.Service("new", 4)]);
        LogIndex staged = cluster.Apply(new StageSettings(next)).Index;
        cluster.State.NodeHealth.ChecksTimeoutMs.Should().Be(5000, "staged is not in force");

        cluster.Apply(new SwitchSettings(staged)).IsOk.Should().BeTrue();

        cluster.State.Staged.Should().BeNull();
        cluster.State.NodeHealth.ChecksTimeoutMs.Should().Be(9000);
        SettingsDigest.Of(cluster.State.Baseline).Should().Be(SettingsDigest.Of(next));
        cluster.State.Services.Keys.Should().Equal("changed", "kept", "new", "overlay");
        cluster.State.Services["kept"].Definition.Hash.Should().Be(HashPolicy.Source, "the files say nothing new about it");
        cluster.State.Services["changed"].Definition.TargetPort.Should().Be(22);
    }

    [Fact]
    public void Switch_OtherThanStaged_IsRefused()
    {
        Cluster cluster = Cluster.Founded();
        LogIndex first = cluster.Apply(new StageSettings(Present)).Index;
        cluster.Apply(new StageSettings(Present with { Services = [] }));

        cluster.Apply(new SwitchSettings(first)).Outcome.Should().Be(CommandOutcome.PreconditionFailed);
    }

    [Fact]
    public void Unstage_Staged_Withdraws()
    {
        Cluster cluster = Cluster.Founded();
        LogIndex staged = cluster.Apply(new StageSettings(Present)).Index;

        cluster.Apply(new UnstageSettings()).IsOk.Should().BeTrue();

        cluster.Apply(new SwitchSettings(staged)).Outcome.Should().Be(CommandOutcome.NotFound);
        cluster.Apply(new UnstageSettings()).Outcome.Should().Be(CommandOutcome.NotFound);
    }

    [Fact]
    public void Stage_CollidesWithARunTimeService_NamesIt()
    {
        Cluster cluster = Cluster.Founded();
        cluster.Apply(new AddService(Cluster.Service("overlay", 9)));

        cluster.Apply(new StageSettings(Present with { Services = [Cluster.Web, Cluster.Service("new", 9)] })).Should().Match<CommandAnswer>(
            a => a.Outcome == CommandOutcome.Conflict && a.Message.Contains("'overlay'", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("node_health.checks_before_routing")]
    [InlineData("node_health.checks_timeout")]
    [InlineData("node_health.black_list_after_fails")]
    [InlineData("node_health.black_list_expiry")]
    [InlineData("node_health.min_routable")]
    [InlineData("node_health.max_eject_share")]
    [InlineData("node_health.flow_grace")]
    [InlineData("node_health.forget_after")]
    public void Check_OutOfRange_NamesTheKey(string key)
    {
        NodeHealthSettings health = key switch
        {
            "node_health.checks_before_routing" => new() { ChecksBeforeRouting = 0 },
            "node_health.checks_timeout" => new() { ChecksTimeoutMs = 0 },
            "node_health.black_list_after_fails" => new() { BlackListAfterFails = 0 },
            "node_health.black_list_expiry" => new() { BlackListExpiryMs = 0 },
            "node_health.min_routable" => new() { MinRoutable = -1 },
            "node_health.max_eject_share" => new() { MaxEjectSharePermille = 1001 },
            "node_health.flow_grace" => new() { FlowGraceMs = -1 },
            _ => new() { ForgetAfterMs = 0 },
        };

        health.Check()!.Value.Field.Should().Be(key);
    }
}
