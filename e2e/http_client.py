#!/usr/bin/python3
"""The client of the demo: requests on a new connection each, spread evenly over addresses, one line a request.

    http_client.py [--count N | --seconds S] [--rate R] [--parallel P] ADDRESS[:PORT]...

Prints "MILLISECONDS ADDRESS NODE", the time (Unix) when the request was begun and the name that answered; instead of a
name "!REASON" when none did within --timeout seconds. Exits 0 whether or not requests failed: judging is the caller's.
"""

import argparse
import asyncio
import itertools
import time


async def request(address, port, timeout):
    begun = time.time()
    try:
        result = await asyncio.wait_for(exchange(address, port), timeout)
    except asyncio.TimeoutError:
        result = "!timeout"
    except OSError as error:
        result = "!" + (error.strerror or type(error).__name__).lower().replace(" ", "-")
    except (asyncio.IncompleteReadError, ValueError) as error:
        result = "!" + type(error).__name__
    print(f"{begun * 1000:.0f} {address} {result}", flush=True)


async def exchange(address, port):
    reader, writer = await asyncio.open_connection(address, port)
    try:
        writer.write(f"GET / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n".encode())
        head, _, body = (await reader.read(-1)).partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200 ") or not body.strip():
            raise ValueError("not the answer of a node")
        return body.decode().strip()
    finally:
        writer.close()


async def run(options):
    targets = [(a.partition(":")[0], int(a.partition(":")[2] or 8080)) for a in options.addresses]
    free = asyncio.Semaphore(options.parallel)
    start = time.monotonic()
    running = set()
    for number, (address, port) in zip(
        itertools.count() if options.count is None else range(options.count), itertools.cycle(targets)
    ):
        await asyncio.sleep(max(0.0, start + number / options.rate - time.monotonic()))
        if options.count is None and time.monotonic() - start >= options.seconds:
            break
        await free.acquire()
        task = asyncio.create_task(request(address, port, options.timeout))
        running.add(task)
        task.add_done_callback(lambda done: (running.discard(done), free.release()))
    if running:
        await asyncio.wait(running)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, help="requests in all; overrides --seconds")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rate", type=float, default=200.0, help="requests begun a second")
    parser.add_argument("--parallel", type=int, default=64, help="requests under way at most")
    parser.add_argument("--timeout", type=float, default=2.0)
    parser.add_argument("addresses", nargs="+")
    asyncio.run(run(parser.parse_args()))
