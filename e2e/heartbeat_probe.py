#!/usr/bin/python3
"""A node in another language, which sends one heartbeat, right or wrong, and tells what came of it.

    heartbeat_probe.py ADDRESS:PORT valid|malformed|bad-name|oversized

Prints "answered STATE REASON" or "refused CODE DETAILS". The messages are written by hand from proto/galelb/v1/node.proto,
so that this does not share a mistake with generated code.
"""

import sys

import grpc


def varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def text(field, value):
    return varint(field << 3 | 2) + varint(len(value)) + value


def number(field, value):
    return varint(field << 3) + varint(value)


def heartbeat(name, detail=b""):
    return text(1, name) + number(2, 77) + number(3, 1) + number(7, 1) + (text(10, detail) if detail else b"")


def fields(message):
    at, result = 0, {}

    def read():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(message):
        key = read()
        if key & 7 == 2:
            length = read()
            result[key >> 3] = message[at : at + length]
            at += length
        else:
            result[key >> 3] = read()
    return result


REQUESTS = {
    "valid": lambda: heartbeat(b"probe"),
    # Field 1 says it is 200 bytes long and is not.
    "malformed": lambda: varint(1 << 3 | 2) + varint(200) + b"short",
    "bad-name": lambda: heartbeat(b"no such/name!"),
    "oversized": lambda: heartbeat(b"probe", b"x" * (6 << 20)),
}


def main(address, kind):
    with grpc.insecure_channel(address) as channel:
        call = channel.stream_stream(
            "/galelb.v1.NodeService/Heartbeat", request_serializer=bytes, response_deserializer=bytes
        )
        answers = call(iter([REQUESTS[kind]()]), timeout=5)
        try:
            answer = fields(next(answers))
            print("answered", answer.get(2, 0), answer.get(6, b"").decode())
        except StopIteration:
            print("refused", "OK", "the stream ended without an answer")
        except grpc.RpcError as error:
            print("refused", error.code().name, error.details())
        finally:
            answers.cancel()


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[2] not in REQUESTS:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
