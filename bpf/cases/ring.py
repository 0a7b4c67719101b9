# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The hash over a packet's addresses and ports, from its description in docs/packet-walk.md."""
import struct

from world import address

MASK = (1 << 64) - 1


def word(h, w):
    h = ((h ^ w) * 0x9E3779B97F4A7C15) & MASK
    return h ^ (h >> 32)


def hash_flow(source, source_port, destination, destination_port, protocol, source_only, seed):
    h = seed
    for a in (source,) if source_only else (source, destination):
        for half in struct.unpack(">QQ", address(a)):
            h = word(h, half)
    if not source_only:
        h = word(h, protocol << 32 | source_port << 16 | destination_port)
    return word(h, 0) >> 32
