using System.Collections.Immutable;
using GaleLb.State.Blocks;
using GaleLb.State.Commands;
using GaleLb.State.Nodes;

namespace GaleLb.State.Health;

public sealed partial class HealthJudge
{
    private readonly ExpirySweep<BlacklistEntry> _blacklist = new();
    private readonly ExpirySweep<RetiredPlace> _retired = new();
    private readonly ExpirySweep<BlockRecord> _blocks = new();

    /// <summary>What ends by log time alone: blacklistings, retired places, blocks.</summary>
    private void KeepHouse(ImmutableArray<Command>.Builder commands, LogTime logTimeNow, TimeSpan now)
    {
        ClusterState state = _state;
        _blacklist.Collect(
            state.Blacklist, state.Blacklist.Values, e => e.Until, e => new BlacklistExpired(e.Node, e.LastChange), commands, logTimeNow, now);
        long grace = Settings.FlowGraceMs;
        _retired.Collect(
            state.Retired, state.Retired.Values, r => r.Since.Plus(grace), r => new PlaceReleased(r.Place.Index, r.Place.Generation), commands, logTimeNow, now);
        _blocks.Collect(
            state.Blocks, state.Blocks.Values, b => b.Until, b => new BlockExpired(b.Prefix, b.LastChange), commands, logTimeNow, now);
    }

    private void ForgetHousekeeping()
    {
        _blacklist.Forget();
        _retired.Forget();
        _blocks.Forget();
    }
}
