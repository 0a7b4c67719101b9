namespace GaleLb.Rpc.Server;

/// <summary>One message in, one out.</summary>
public delegate ValueTask<TResponse> UnaryHandler<in TRequest, TResponse>(TRequest request, RpcServerContext context);

/// <summary>A stream in, one message out. The stream can be enumerated once.</summary>
public delegate Task<TResponse> ClientStreamingHandler<in TRequest, TResponse>(IAsyncEnumerable<TRequest> requests, RpcServerContext context);

/// <summary>One message in, a stream out.</summary>
public delegate Task ServerStreamingHandler<in TRequest, out TResponse>(TRequest request, IRpcStreamWriter<TResponse> responses, RpcServerContext context);

/// <summary>Streams both ways, independent of each other. The incoming stream can be enumerated once.</summary>
public delegate Task DuplexHandler<in TRequest, out TResponse>(IAsyncEnumerable<TRequest> requests, IRpcStreamWriter<TResponse> responses, RpcServerContext context);
