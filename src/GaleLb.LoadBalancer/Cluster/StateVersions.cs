using System.Globalization;
using GaleLb.LoadBalancer.Peers;
using GaleLb.Raft;
using GaleLb.State;

namespace GaleLb.LoadBalancer.Cluster;

/// <summary>What states this replica applies, and, on the leader, when the state's version may be raised.</summary>
internal static class StateVersions
{
    /// <summary>Set, a replica behaves towards states and peers as the release that applied versions up to this one: rehearses an upgrade.</summary>
    public const string RehearsalVariable = "GALE_STATE_VERSION_MAX";

    /// <summary>The highest version that this process is to apply.</summary>
    /// <exception cref="InvalidDataException">The variable holds no version that this program knows.</exception>
    public static uint Rehearsed(Func<string, string?> variable, ILogger log)
    {
        if (variable(RehearsalVariable) is not { Length: > 0 } text)
            return ClusterState.StateVersionMax;
        if (!uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint version) || version is 0 or > ClusterState.StateVersionMax)
            throw new InvalidDataException($"{RehearsalVariable}: \"{text}\"; expected 1 to {ClusterState.StateVersionMax}");
        log.LogWarning("{Variable} is set: this replica applies states up to version {Version}, as an older release does", RehearsalVariable, version);
        return version;
    }

    /// <summary>The highest version that every member has said it can apply; null while that is the present one, or one has said nothing.</summary>
    public static uint? Due(ClusterState state, uint ownMax, Membership membership, MemberId self, PeerDirectory directory)
    {
        uint common = ownMax;
        foreach (Member member in membership.Members)
        {
            if (member.Id == self)
                continue;
            if (member.Vacant || directory.Find(member.Id)?.Introduction is not { } introduction)
                return null;
            common = Math.Min(common, introduction.StateVersionMax);
        }

        return common > state.StateVersion ? common : null;
    }
}
