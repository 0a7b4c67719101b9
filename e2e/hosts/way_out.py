#!/usr/bin/python3
"""A way out for hosts that have no network: an HTTP proxy that listens in a network namespace and connects from where it was started.

    way_out.py NAMESPACE ADDRESS PORT

Takes CONNECT, and plain requests of absolute addresses, one a connection. Root. SIGTERM ends it.
"""

import asyncio
import ctypes
import os
import socket
import sys
import urllib.parse

CLONE_NEWNET = 0x40000000  # os.setns is of Python 3.12
HOP_BY_HOP = (b"connection:", b"proxy-connection:", b"keep-alive:")
BLOCK = 65536

libc = ctypes.CDLL(None, use_errno=True)


def enter(namespace):
    if libc.setns(namespace, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


def listener(namespace, address, port):
    """A socket belongs to the namespace that it was made in, wherever its process goes."""
    here = os.open("/proc/self/ns/net", os.O_RDONLY)
    enter(os.open(f"/run/netns/{namespace}", os.O_RDONLY))
    try:
        return socket.create_server((address, port))
    finally:
        enter(here)


async def pump(source, sink):
    try:
        while block := await source.read(BLOCK):
            sink.write(block)
            await sink.drain()
    finally:
        sink.close()


async def connect(head):
    """The connection that a request asks for, what to send there first, and what to answer first."""
    request, *fields = head[:-4].split(b"\r\n")
    method, target, version = request.decode().split(" ")
    if method == "CONNECT":
        host, _, port = target.rpartition(":")
        return await asyncio.open_connection(host, int(port)), b"", b"HTTP/1.1 200 connected\r\n\r\n"
    url = urllib.parse.urlsplit(target)
    path = urllib.parse.urlunsplit(("", "", url.path or "/", url.query, ""))
    fields = [field for field in fields if not field.lower().startswith(HOP_BY_HOP)]
    first = b"\r\n".join([f"{method} {path} {version}".encode(), *fields, b"Connection: close", b"", b""])
    return await asyncio.open_connection(url.hostname, url.port or 80), first, b""


async def serve(reader, writer):
    try:
        (there, back), first, answer = await connect(await reader.readuntil(b"\r\n\r\n"))
    except (OSError, ValueError, asyncio.IncompleteReadError) as error:
        print(f"way_out: {error}", file=sys.stderr, flush=True)
        writer.write(b"HTTP/1.1 502 no way there\r\nConnection: close\r\n\r\n")
        writer.close()
        return
    back.write(first)
    writer.write(answer)
    # Whoever hangs up in the middle is the one who knows why.
    await asyncio.gather(pump(reader, back), pump(there, writer), return_exceptions=True)


async def run(server):
    async with await asyncio.start_server(serve, sock=server) as serving:
        await serving.serve_forever()


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    asyncio.run(run(listener(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
