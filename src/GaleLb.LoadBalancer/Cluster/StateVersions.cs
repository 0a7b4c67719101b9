using GaleLb.LoadBalancer.Peers;
using GaleLb.Raft;
using GaleLb.State;

namespace GaleLb.LoadBalancer.Cluster;

/// <summary>Decides, on the leader, when the state's version may be raised.</summary>
internal static class StateVersions
{
    /// <summary>The highest version that every member has said it can apply; null while that is the present one, or one has said nothing.</summary>
    public static uint? Due(ClusterState state, Membership membership, MemberId self, PeerDirectory directory)
    {
        uint common = ClusterState.StateVersionMax;
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
