#!/usr/bin/python3
"""The service of a node in the demo and the end-to-end tests: HTTP/1.1 that answers with the node's name.

    http_node.py NAME ADDRESS PORT

    GET /           the name and a line feed
    GET /bytes/N    N bytes, the name over and over
    POST /take/N    takes N bytes of body, then answers as GET / does
    GET /drip/N     N lines "NAME NUMBER", one each 100 ms: a flow that lives long
    anything else   404

One event loop, no thread a connection: several thousand new connections a second. SIGTERM ends it.
"""

import asyncio
import signal
import sys

BACKLOG = 4096
DRIP_SECONDS = 0.1


class Connection(asyncio.Protocol):
    def __init__(self, name):
        self.name = name.encode()
        self.received = b""
        self.drip = None
        self.taking = None

    def connection_made(self, transport):
        self.transport = transport

    def connection_lost(self, error):
        if self.drip:
            self.drip.cancel()

    def data_received(self, data):
        if self.taking:
            data = self.take(data)
        self.received += data
        while self.drip is None and not self.taking and b"\r\n\r\n" in self.received:
            head, self.received = self.received.split(b"\r\n\r\n", 1)
            self.answer(head)
        if len(self.received) > 16384:
            self.transport.close()

    def take(self, data):
        """Takes the body that is still to come; returns what follows it."""
        rest = data[self.taking :]
        self.taking -= len(data) - len(rest)
        if not self.taking:
            self.send(b"200 OK", self.name + b"\n", self.last)
        return rest

    def answer(self, head):
        lines = head.split(b"\r\n")
        words = lines[0].split(b" ")
        path = words[1].partition(b"?")[0] if len(words) == 3 else b""
        last = any(line.lower().replace(b" ", b"") == b"connection:close" for line in lines[1:])
        area, _, number = path[1:].partition(b"/")
        count = int(number) if number.isdigit() else -1
        if path == b"/":
            self.send(b"200 OK", self.name + b"\n", last)
        elif area == b"bytes" and count >= 0:
            self.send(b"200 OK", (self.name * (count // len(self.name) + 1))[:count], last)
        elif area == b"take" and count > 0:
            self.taking, self.last = count, last
            self.received = self.take(self.received)
        elif area == b"drip" and count >= 0:
            self.drip = asyncio.get_running_loop().create_task(self.drip_lines(count))
        else:
            self.send(b"404 Not Found", b"not found\n", last)

    def send(self, status, body, last):
        self.transport.write(
            b"HTTP/1.1 %s\r\nServer: %s\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n%s\r\n%s"
            % (status, self.name, len(body), b"Connection: close\r\n" if last else b"", body)
        )
        if last:
            self.transport.close()

    async def drip_lines(self, count):
        self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n")
        for number in range(count):
            self.transport.write(b"%s %d\n" % (self.name, number))
            await asyncio.sleep(DRIP_SECONDS)
        self.transport.close()


async def serve(name, address, port):
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGINT, stop.set)
    server = await loop.create_server(lambda: Connection(name), address, port, backlog=BACKLOG)
    await stop.wait()
    server.close()


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    asyncio.run(serve(sys.argv[1], sys.argv[2], int(sys.argv[3])))
