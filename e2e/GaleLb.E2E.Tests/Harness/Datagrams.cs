using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace GaleLb.E2E.Tests.Harness;

/// <summary>What the client does by UDP: questions to udp_node.py.</summary>
public static class Datagrams
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Asks from many ports, each several times, and returns who answered, a list for each port.</summary>
    /// <param name="bytes">Length of each question.</param>
    /// <exception cref="IOException">A question was not answered in time, or by something else than it asked for.</exception>
    public static async Task<ImmutableArray<ImmutableArray<string>>> AskAsync(IPEndPoint to, int ports, int times, int bytes)
    {
        var sockets = Topology.Client.OpenDatagrams(to, ports);
        try
        {
            var answers = ImmutableArray.CreateBuilder<ImmutableArray<string>>(ports);
            foreach (var batch in sockets.Chunk(16))
            {
                answers.AddRange(await Task.WhenAll(batch.Select(socket => AskAsync(socket, times, bytes))));
            }

            return answers.ToImmutable();
        }
        finally
        {
            foreach (var socket in sockets)
            {
                socket.Dispose();
            }
        }
    }

    private static async Task<ImmutableArray<string>> AskAsync(Socket socket, int times, int bytes)
    {
        var names = ImmutableArray.CreateBuilder<string>(times);
        var answer = new byte[ushort.MaxValue];
        for (var time = 0; time < times; time++)
        {
            var question = $"{time}".PadLeft(bytes, '-');
            using var deadline = new CancellationTokenSource(Patience);
            try
            {
                await socket.SendAsync(Encoding.ASCII.GetBytes(question), deadline.Token);
                var length = await socket.ReceiveAsync(answer, deadline.Token);
                var parts = Encoding.ASCII.GetString(answer, 0, length).Split(' ', 2);
                names.Add(parts.Length == 2 && parts[1] == question
                    ? parts[0]
                    : throw new IOException($"{socket.LocalEndPoint}: question {time} of {bytes} bytes came back as {length} other bytes"));
            }
            catch (OperationCanceledException late)
            {
                throw new IOException($"{socket.LocalEndPoint}: no answer to question {time} of {bytes} bytes within {Patience.TotalSeconds} s", late);
            }
            catch (SocketException error)
            {
                throw new IOException($"{socket.LocalEndPoint}: question {time} of {bytes} bytes: {error.Message}", error);
            }
        }

        return names.ToImmutable();
    }
}
