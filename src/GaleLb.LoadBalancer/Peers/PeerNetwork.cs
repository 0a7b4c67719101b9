using System.Collections.Concurrent;
using System.Net;
using GaleLb.LoadBalancer.Hosting;
using GaleLb.Raft;
using GaleLb.Replica;
using GaleLb.Rpc;
using GaleLb.Rpc.Client;
using GaleLb.Rpc.Security;
using GaleLb.Rpc.V1;
using GaleLb.State.Settings;

namespace GaleLb.LoadBalancer.Peers;

/// <summary>All links to the other replicas: the ones listed, and those that the log's membership names.</summary>
internal sealed class PeerNetwork(
    ReplicaIdentity identity, PeerDirectory directory, TlsIdentity? tls, TimeProvider time, ILogger<PeerNetwork> log)
    : IPeerTransport, IAsyncDisposable
{
    private static readonly TimeSpan InvitationTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan AskTimeout = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan AskInterval = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan ReachableWithin = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<string, PeerLink> _links = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _invited = new(StringComparer.Ordinal);
    private Introductions? _introductions;
    private Action<PeerIntroduction>? _introduced;

    public MemberId Self { get; private set; }

    /// <summary>Opens the links. Called once, when the replica that the messages go to exists.</summary>
    public void Start(MemberId self, Introductions introductions, Action<PeerIntroduction> introduced)
    {
        Self = self;
        _introductions = introductions;
        _introduced = introduced;
        foreach (string address in identity.Peers)
            Open(address);
    }

    /// <summary>Opens links to members that are not linked yet, and closes those to addresses that are neither members nor listed.</summary>
    public void Follow(Membership membership)
    {
        if (_introductions is null)
            return;
        foreach (Member member in membership.Members)
            Open(member.Address);
        foreach (string address in _links.Keys)
        {
            if (membership.IsEmpty || membership.Find(address) is not null || IsExpected(address))
                continue;
            _ = CloseAsync(address);
        }
    }

    /// <summary>Asks the replica at an address that may be neither listed nor a member to introduce itself, and stays linked to it.</summary>
    /// <exception cref="RpcException">It does not answer.</exception>
    public async Task<Introduction> InviteAsync(string address, CancellationToken cancellation)
    {
        _invited[address] = true;
        Open(address);
        if (!_links.TryGetValue(address, out PeerLink? link))
            throw new RpcException(StatusCode.FailedPrecondition, $"{address} is this replica itself");
        Introduction theirs = await link.Client.IntroduceAsync(OwnIntroduction(), new RpcCallOptions(InvitationTimeout, CancellationToken: cancellation));
        Met(theirs, address);
        return theirs;
    }

    /// <summary>The invitation is over: who is not a member by now is not dialled any more, unless listed.</summary>
    public async Task EndInvitationAsync(string address, bool admitted)
    {
        _invited.TryRemove(address, out _);
        if (!admitted && !IsExpected(address))
            await CloseAsync(address);
    }

    public void Send(Message message)
    {
        if (directory.Find(message.To) is { Refusal: null } peer && _links.TryGetValue(peer.Address, out PeerLink? link))
            link.Send(message);
    }

    public PeerLink? Link(MemberId id) =>
        directory.Find(id) is { } peer && _links.TryGetValue(peer.Address, out PeerLink? link) ? link : null;

    public IEnumerable<PeerLink> Links => _links.Values;

    public Introduction OwnIntroduction() => _introductions!.Own();

    public bool IsAdmitted(string address) => directory.Find(address) is { Refusal: null };

    /// <summary>A peer introduced itself, here or in its answer. Returns whether both get on.</summary>
    /// <param name="dialled">The address that was called, or null when the peer called.</param>
    public bool Met(Introduction theirs, string? dialled)
    {
        string address = dialled ?? theirs.Address;
        IntroductionVerdict verdict = _introductions!.Judge(theirs);
        string? refusal = verdict.Refusal ?? (theirs.Refusal.Length > 0 ? theirs.Refusal : null);
        string? before = directory.Find(address)?.Refusal;
        directory.Update(address, record => record with
        {
            Introduction = theirs,
            IntroducedAt = time.GetTimestamp(),
            Refusal = refusal,
            Differences = verdict.Differences,
            FromTheCluster = verdict.FromTheCluster,
        });
        if (refusal != before)
            Report(address, refusal, verdict);
        if (refusal is not null)
            return false;
        _introduced!(Introductions.ForFounding(theirs));
        return true;
    }

    public void Connected(string address, bool up) =>
        directory.Update(address, record => record with { Connected = up });

    public void Lost(string address, RpcStatus status)
    {
        bool was = directory.Find(address) is { Introduction: not null, IntroducedAt: > 0 };
        directory.Update(address, record => record with { Connected = false, IntroducedAt = 0 });
        if (was)
            log.LogWarning("Replica {Address} cannot be reached: {Status}", address, status);
    }

    /// <summary>Whether the peer was met a moment ago: introductions come twice a second.</summary>
    public bool IsReachable(PeerRecord peer) =>
        peer.IntroducedAt != 0 && time.GetElapsedTime(peer.IntroducedAt) <= ReachableWithin;

    /// <summary>The index that a member's kernel forwards by, as it said last; null when it cannot be reached.</summary>
    public LogIndex? KernelIndexOf(MemberId id) =>
        directory.Find(id) is { Refusal: null, Introduction: { } said } peer && IsReachable(peer) ? new LogIndex(said.KernelIndex) : null;

    /// <summary>The digest of a member's file, as it said a moment ago; null when it cannot be reached.</summary>
    public string? ConfigDigestOf(MemberId id) =>
        directory.Find(id) is { Refusal: null, Introduction: { } said } peer && IsReachable(peer) ? said.ConfigDigest : null;

    /// <summary>Asks members for their introductions now, instead of with the next of the regular ones; returns after a moment even if none is linked.</summary>
    public Task AskAgainAsync(IEnumerable<string> addresses, CancellationToken cancellation) =>
        Task.WhenAll([Task.Delay(AskInterval, cancellation), .. addresses.Select(address => AskAsync(address, cancellation))]);

    private async Task AskAsync(string address, CancellationToken cancellation)
    {
        if (!_links.TryGetValue(address, out PeerLink? link))
            return;
        try
        {
            Met(await link.Client.IntroduceAsync(OwnIntroduction(), new RpcCallOptions(AskTimeout, CancellationToken: cancellation)), address);
        }
        catch (RpcException)
        {
            // The link's own introductions tell when the peer is gone.
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (PeerLink link in _links.Values)
            await link.DisposeAsync();
        _links.Clear();
    }

    private bool IsExpected(string address) =>
        _invited.ContainsKey(address) || identity.Peers.Contains(address, StringComparer.Ordinal);

    private async Task CloseAsync(string address)
    {
        if (!_links.TryRemove(address, out PeerLink? link))
            return;
        // First ended, then forgotten: its last call would write the record anew.
        await link.DisposeAsync();
        if (!_links.ContainsKey(address))
            directory.Forget(address);
    }

    private void Open(string address)
    {
        if (address == identity.Address || _links.ContainsKey(address))
            return;
        IPEndPoint endpoint = IPEndPoint.Parse(address);
        _links[address] = new PeerLink(address, new RpcChannelOptions
        {
            Host = endpoint.Address.ToString(),
            Port = endpoint.Port,
            SourceAddress = identity.Endpoint.Address,
            Tls = tls,
            ConnectTimeout = TimeSpan.FromSeconds(1),
            KeepAliveInterval = TimeSpan.FromSeconds(1),
            KeepAliveTimeout = TimeSpan.FromSeconds(2),
            MessageBytesMax = ReplicaIdentity.PeerMessageBytesMax,
            Time = time,
        }, this);
    }

    private void Report(string address, string? refusal, IntroductionVerdict verdict)
    {
        if (refusal is null)
        {
            log.LogInformation("Replica {Address} is admitted again", address);
            return;
        }
        log.LogError("Replica {Address} is refused: {Reason}", address, refusal);
        foreach (SettingDifference difference in verdict.Differences)
            log.LogError(
                "  {Key}: {Whose} {Ours}, at {Address} {Theirs}", difference.Key, verdict.FromTheCluster ? "in the cluster" : "here",
                difference.Ours ?? "(not set)", address, difference.Theirs ?? "(not set)");
    }
}
