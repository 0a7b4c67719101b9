using System.Threading.Channels;
using GaleLb.Raft;
using GaleLb.Replica;
using GaleLb.Replica.Wire;
using GaleLb.Rpc;
using GaleLb.Rpc.Client;
using GaleLb.Rpc.Services;
using GaleLb.Rpc.V1;
using Google.Protobuf;

namespace GaleLb.LoadBalancer.Peers;

/// <summary>
/// The way to the replica at one address: introduces this one again and again, and carries Raft messages while both
/// get on. A message that cannot leave at once is dropped, which consensus takes for a loss on the wire.
/// </summary>
internal sealed class PeerLink : IAsyncDisposable
{
    /// <summary>Names the sender of an exchange, so that a frame cannot claim to be another member's.</summary>
    public const string MemberHeader = "galelb-member";

    private static readonly TimeSpan IntroductionInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan RetryDelayMin = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan RetryDelayMax = TimeSpan.FromSeconds(1);
    private const int QueuedMessagesMax = 4096;

    private readonly PeerNetwork _network;
    private readonly RpcChannel _channel;
    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<Message> _outgoing = Channel.CreateBounded<Message>(
        new BoundedChannelOptions(QueuedMessagesMax) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });
    private readonly Task _introducing;
    private Task _exchanging = Task.CompletedTask;

    public PeerLink(string address, RpcChannelOptions options, PeerNetwork network)
    {
        Address = address;
        _network = network;
        _channel = new RpcChannel(options);
        Client = new PeerServiceClient(_channel);
        _introducing = IntroduceForeverAsync(_stop.Token);
    }

    public string Address { get; }

    public PeerServiceClient Client { get; }

    /// <summary>Never blocks.</summary>
    public void Send(Message message) => _outgoing.Writer.TryWrite(message);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_introducing, _exchanging).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _channel.Dispose();
        _stop.Dispose();
    }

    private async Task IntroduceForeverAsync(CancellationToken stop)
    {
        // The replica's constructor must not wait for a connection.
        await Task.Yield();
        TimeSpan delay = RetryDelayMin;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                Introduction answer = await Client.IntroduceAsync(
                    _network.OwnIntroduction(), new RpcCallOptions(TimeSpan.FromSeconds(2), CancellationToken: stop));
                bool admitted = _network.Met(answer, Address);
                delay = IntroductionInterval;
                if (admitted && _exchanging.IsCompleted)
                    _exchanging = ExchangeAsync(new MemberId(answer.MemberId), stop);
            }
            catch (RpcException error) when (!stop.IsCancellationRequested)
            {
                _network.Lost(Address, error.Status);
                delay = delay * 2 > RetryDelayMax ? RetryDelayMax : delay * 2;
            }
            await Task.Delay(delay, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ExchangeAsync(MemberId peer, CancellationToken stop)
    {
        RpcMetadata metadata = new();
        metadata.Add(MemberHeader, _network.Self.ToString());
        using ClientStreamingCall<RaftFrame, ExchangeSummary> call = Client.Exchange(new RpcCallOptions(Metadata: metadata, CancellationToken: stop));
        try
        {
            _network.Connected(Address, true);
            using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(stop);
            _ = call.Status.ContinueWith(
                static (_, ended) => ((CancellationTokenSource)ended!).Cancel(), ended, CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            while (await _outgoing.Reader.WaitToReadAsync(ended.Token))
            {
                while (_outgoing.Reader.TryRead(out Message? message))
                {
                    // What was meant for an earlier holder of this address is not the present one's.
                    if (message.To != peer || !_network.IsAdmitted(Address))
                        continue;
                    RaftFrame frame = new() { Message = UnsafeByteOperations.UnsafeWrap(MessageCodec.Encode(message)) };
                    bool last = !_outgoing.Reader.TryPeek(out _);
                    await call.WriteAsync(frame, flush: last);
                }
            }
        }
        catch (Exception error) when (error is RpcException or OperationCanceledException)
        {
            // The introductions notice when the peer is gone, and start the next exchange when it is back.
        }
        finally
        {
            _network.Connected(Address, false);
        }
    }
}
