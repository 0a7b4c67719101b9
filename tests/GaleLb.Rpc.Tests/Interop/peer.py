#!/usr/bin/python3
"""A gRPC peer that shares no code with GaleLB: Debian's python3-grpcio, over descriptors handed in by the test.

  peer.py serve DESCRIPTORS [TLS_FOLDER NAME]            prints "PORT n", serves until stdin ends
  peer.py call DESCRIPTORS PORT SCENARIO [TLS_FOLDER NAME]   prints one line of JSON
"""

import concurrent.futures
import json
import sys
import threading

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

ECHO = "galelb.test.Echo"


def load_messages(path):
    pool = descriptor_pool.DescriptorPool()
    with open(path, "rb") as file:
        for descriptor in descriptor_pb2.FileDescriptorSet.FromString(file.read()).file:
            pool.Add(descriptor)
    factory = message_factory.MessageFactory(pool)
    return lambda name: factory.GetPrototype(pool.FindMessageTypeByName(name))


def read(folder, name):
    with open(f"{folder}/{name}", "rb") as file:
        return file.read()


# --- serving ---

def serve(message, tls):
    request, response = message("galelb.v1.ProposeRequest"), message("galelb.v1.ProposeResponse")

    def answer(order):
        return response(index=len(order.command), result=order.command)

    def unary(order, context):
        if order.command == b"refuse":
            context.set_trailing_metadata((("reason", "asked for"), ("raw-bin", b"\x00\xff")))
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, "100 % nö")
        if order.command == b"metadata":
            sent = dict(context.invocation_metadata())
            return response(result=f"{sent['token']} {sent['raw-bin'].hex()}".encode())
        if order.command == b"deadline":
            return response(index=int(context.time_remaining()))
        return answer(order)

    def collect(orders, context):
        commands = [order.command for order in orders]
        return response(index=len(commands), result=b"".join(commands))

    def spread(order, context):
        for index in range(len(order.command)):
            yield response(index=index, result=order.command[index:index + 1])
        if order.command.endswith(b"!"):
            context.abort(grpc.StatusCode.DATA_LOSS, "after the last")

    def converse(orders, context):
        for order in orders:
            if order.command == b"stop":
                context.abort(grpc.StatusCode.UNAVAILABLE, "stopping")
            yield answer(order)

    codec = {"request_deserializer": request.FromString, "response_serializer": response.SerializeToString}
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(8))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(ECHO, {
        "Unary": grpc.unary_unary_rpc_method_handler(unary, **codec),
        "Collect": grpc.stream_unary_rpc_method_handler(collect, **codec),
        "Spread": grpc.unary_stream_rpc_method_handler(spread, **codec),
        "Converse": grpc.stream_stream_rpc_method_handler(converse, **codec),
    }),))
    if tls:
        folder, name = tls
        credentials = grpc.ssl_server_credentials(
            [(read(folder, f"{name}.key"), read(folder, f"{name}.pem"))], read(folder, "ca.pem"), require_client_auth=True)
        port = server.add_secure_port("127.0.0.1:0", credentials)
    else:
        port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(f"PORT {port}", flush=True)
    sys.stdin.read()
    server.stop(0)


# --- calling ---

def call(message, port, scenario, tls):
    if tls:
        folder, name = tls
        credentials = grpc.ssl_channel_credentials(read(folder, "ca.pem"), read(folder, f"{name}.key"), read(folder, f"{name}.pem"))
        channel = grpc.secure_channel(f"127.0.0.1:{port}", credentials)
    else:
        channel = grpc.insecure_channel(f"127.0.0.1:{port}")
    with channel:
        try:
            result = SCENARIOS[scenario](channel, message)
        except grpc.RpcError as error:
            result = {"code": error.code().name, "details": error.details(),
                      "trailers": {key: value.hex() if isinstance(value, bytes) else value for key, value in error.trailing_metadata() or ()}}
    print(json.dumps(result), flush=True)


def codec(message, request="galelb.v1.ProposeRequest", response="galelb.v1.ProposeResponse"):
    return {"request_serializer": message(request).SerializeToString, "response_deserializer": message(response).FromString}


def order(message, command):
    return message("galelb.v1.ProposeRequest")(command=command)


def unary(channel, message):
    answer = channel.unary_unary(f"/{ECHO}/Unary", **codec(message))(order(message, b"abc"), timeout=10)
    return [answer.index, answer.result.decode()]


def unary_large(channel, message):
    answer = channel.unary_unary(f"/{ECHO}/Unary", **codec(message))(order(message, b"x" * 3_000_000), timeout=10)
    return [answer.index, len(answer.result)]


def unary_beyond(channel, message):
    return channel.unary_unary(f"/{ECHO}/Unary", **codec(message))(order(message, b"x" * 5_000_000), timeout=10).index


def unary_gzip(channel, message):
    method = channel.unary_unary(f"/{ECHO}/Unary", **codec(message))
    return method(order(message, b"x" * 10_000), timeout=10, compression=grpc.Compression.Gzip).index


def unary_metadata(channel, message):
    method = channel.unary_unary("/galelb.test.Other/Metadata", **codec(message))
    answer, done = method.with_call(order(message, b""), timeout=10, metadata=(("token", "abc"), ("raw-bin", b"\x00\xff\x10")))
    return [answer.result.decode(), dict(done.trailing_metadata())["seen"]]


def refused(channel, message):
    return channel.unary_unary("/galelb.test.Other/Refuse", **codec(message))(order(message, b""), timeout=10).index


def deadline(channel, message):
    return channel.unary_unary("/galelb.test.Other/Hang", **codec(message))(order(message, b""), timeout=0.2).index


def unknown(channel, message):
    return channel.unary_unary(f"/{ECHO}/None", **codec(message))(order(message, b""), timeout=10).index


def collect(channel, message):
    answer = channel.stream_unary(f"/{ECHO}/Collect", **codec(message))((order(message, bytes([48 + i])) for i in range(10)), timeout=10)
    return [answer.index, answer.result.decode()]


def spread(channel, message):
    return [answer.result.decode() for answer in channel.unary_stream(f"/{ECHO}/Spread", **codec(message))(order(message, b"gale"), timeout=10)]


def converse(channel, message):
    """Sends each message only after the answer to the one before it."""
    turn = threading.Semaphore(1)

    def orders():
        for index in range(20):
            turn.acquire()
            yield order(message, f"beat {index}".encode())

    answers = []
    for answer in channel.stream_stream(f"/{ECHO}/Converse", **codec(message))(orders(), timeout=10):
        answers.append(answer.result.decode())
        turn.release()
    return answers


def heartbeats(channel, message):
    request, response = "galelb.v1.HeartbeatRequest", "galelb.v1.HeartbeatResponse"
    config = channel.unary_unary("/galelb.v1.NodeService/GetConfig", **codec(message, "galelb.v1.GetConfigRequest", "galelb.v1.GetConfigResponse"))(
        message("galelb.v1.GetConfigRequest")(node="python"), timeout=10)
    beats = (message(request)(node="python", instance=7, sequence=i, status=1) for i in range(1, 4))
    answers = channel.stream_stream("/galelb.v1.NodeService/Heartbeat", **codec(message, request, response))(beats, timeout=10)
    return [config.heartbeat_interval_ms, [answer.sequence for answer in answers]]


def health(channel, message):
    names = ("grpc.health.v1.HealthCheckRequest", "grpc.health.v1.HealthCheckResponse")
    check = channel.unary_unary("/grpc.health.v1.Health/Check", **codec(message, *names))
    watch = channel.unary_stream("/grpc.health.v1.Health/Watch", **codec(message, *names))(message(names[0])(service="none"), timeout=10)
    first = next(watch).status
    watch.cancel()
    return [check(message(names[0])(), timeout=10).status, first]


def cancelled(channel, message):
    """The caller's stream is still open when it cancels."""
    ended = threading.Event()

    def orders():
        yield order(message, b"one")
        ended.wait(10)

    watch = channel.stream_stream(f"/{ECHO}/Converse", **codec(message))(orders(), timeout=10)
    next(watch)
    watch.cancel()
    try:
        return next(watch).index
    finally:
        ended.set()


SCENARIOS = {function.__name__: function for function in (
    unary, unary_large, unary_beyond, unary_gzip, unary_metadata, refused, deadline, unknown, collect, spread, converse, heartbeats, health, cancelled)}


def main():
    verb, descriptors, *rest = sys.argv[1:]
    message = load_messages(descriptors)
    if verb == "serve":
        serve(message, rest)
    else:
        call(message, rest[0], rest[1], rest[2:])


main()
