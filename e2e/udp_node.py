#!/usr/bin/python3
"""The UDP service of a node in the end-to-end tests: answers each datagram with the node's name and what it held.

    udp_node.py NAME PORT ADDRESS...

The answer is "NAME DATAGRAM", from the address that was asked. An address may come to this machine later. SIGTERM ends it.
"""

import ipaddress
import selectors
import socket
import sys

IP_FREEBIND = 15  # of both families; the socket module does not name it


def bound(address, port):
    family = socket.AF_INET6 if ipaddress.ip_address(address).version == 6 else socket.AF_INET
    server = socket.socket(family, socket.SOCK_DGRAM)
    server.setsockopt(socket.SOL_IP, IP_FREEBIND, 1)
    server.bind((address, port))
    return server


def serve(name, port, addresses):
    selector = selectors.DefaultSelector()
    for address in addresses:
        selector.register(bound(address, port), selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            datagram, client = key.fileobj.recvfrom(65535)
            key.fileobj.sendto(name.encode() + b" " + datagram, client)


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    serve(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
