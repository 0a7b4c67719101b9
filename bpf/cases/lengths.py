# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Cases of lengths that contradict each other, and of bytes that follow an IP packet in its frame. Found by the fuzzer."""
import struct

from scapy.layers.inet import ICMP, UDP
from scapy.layers.inet6 import ICMPv6EchoRequest
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from fragments import PAYLOAD, SENDERS_ID, pieces
from icmp import ROUTER, error_frame, minimal, quote
from l4 import ANSWER, DATA, ISN_CLIENT, REQUEST, RESPONSE, Conversation, V4, V6, opened
from stateless import L2, L3, out_l2
from world import *

ETHERNET = 14
TRAILER = b"\xee" * 12  # covers where the quoted TCP header would have its checksum


def ip_length_field(f):
    return ETHERNET + (2 if f is V4 else 4)


def with_field(data, offset, value):
    return data[:offset] + struct.pack(">H", value) + data[offset + 2:]


def trailer_cases(f):
    talk = Conversation(f)
    case = opened(Case("lengths: bytes behind an error are no part of its quote", world(f)), talk)
    there = error_frame(f, (MAC_CLIENT, MAC_PUBLIC), ROUTER[f.name], f.vip, "port",
                        quote(talk.to_client(RESPONSE, **ANSWER), minimal(f)))
    back = error_frame(f, (MAC_PRIVATE, MAC_NODE[0]), f.source, f.nodes[0], "port",
                       quote(talk.from_node(RESPONSE, ttl=63, **ANSWER), minimal(f)), ttl=63)
    case.step(PUBLIC, there + TRAILER, "redirect", back + TRAILER, {"FORWARDED_ICMP": 1})
    there = error_frame(f, (MAC_NODE[0], MAC_PRIVATE), f.nodes[0], f.source, "port",
                        quote(talk.to_node(REQUEST, **DATA), minimal(f)))
    back = error_frame(f, (MAC_NODE[0], MAC_PRIVATE), f.vip, f.client, "port",
                       quote(talk.from_client(REQUEST, ttl=63, **DATA), minimal(f)), ttl=63)
    case.step(PRIVATE, there + TRAILER, "redirect", back + TRAILER, {"RETURNED_ICMP": 1})
    yield case

    case = Case("lengths: an error whose quote ends before its ports passes", world(f))
    short = error_frame(f, (MAC_CLIENT, MAC_PUBLIC), ROUTER[f.name], f.vip, "port",
                        quote(talk.to_client(RESPONSE, **ANSWER), minimal(f) - 1))
    case.step(PUBLIC, short + TRAILER, "pass", None, {"PASS_NOT_OURS": 1})
    yield case

    number = ICMP_NUMBER if f is V4 else ICMPV6_NUMBER
    case = Case("lengths: an echo request behind its IP packet's end passes", world(f, extra=[service(f.vip, 0, number)]))
    echo = frame(MAC_CLIENT, MAC_PUBLIC, f.ip(f.client, f.vip), ICMP(type=8) if f is V4 else ICMPv6EchoRequest())
    case.step(PUBLIC, with_field(echo, ip_length_field(f), 27 if f is V4 else 7), "pass", None, {"PASS_NOT_OURS": 1})
    yield case

    case = Case("lengths: a reset has nothing of the sender's payload", world(f))
    data = talk.from_client(Raw(b"\x89"), flags="PA", seq=ISN_CLIENT, ack=0)
    # 55 bytes came over IPv4; the reset needs 54, and a frame is not cut below 60.
    reset = talk.reset_to_client(flags="R", seq=0, ack=0)
    case.step(PUBLIC, data, "redirect", reset[:len(data)], {"DROP_NO_FLOW": 1, "RESET_SENT": 1})
    yield case


def malformed_cases(f):
    talk = Conversation(f)
    place = ETHERNET + (20 if f is V4 else 40) + 12
    for forwarding in (0, L3, L2):
        case = Case("lengths: tcp header longer than its packet drops, forwarding %d" % forwarding, world(f, forwarding=forwarding))
        syn = bytearray(talk.from_client(flags="S", seq=ISN_CLIENT) + TRAILER)
        syn[place] = 0x80
        case.step(PUBLIC, bytes(syn), "drop", None, {"DROP_MALFORMED": 1}, half_open=[])
        yield case


def fragment_cases(f):
    talk = Conversation(f, transport=UDP)
    first, second = pieces(f, talk.from_client(Raw(PAYLOAD)), SENDERS_ID)
    expiring, _ = pieces(f, talk.from_client(Raw(PAYLOAD), ttl=1), SENDERS_ID)
    case = Case("lengths: a later fragment whose first was dropped opens no flow", world(f, UDP_NUMBER))
    case.step(PUBLIC, expiring, "drop", None, {"DROP_TTL": 1}, half_open=[])
    case.step(PUBLIC, second, "drop", None, {"DROP_NO_FLOW": 1}, half_open=[])
    yield case

    case = Case("lengths: a later fragment longer than 16 bits can say drops", world(f, UDP_NUMBER, forwarding=L2))
    case.step(PUBLIC, first, "redirect", out_l2(first), {"FORWARDED_L2": 1})
    case.step(PUBLIC, with_field(second, ip_length_field(f), 0xffff), "drop", None, {"DROP_MALFORMED": 1})
    yield case


def answered_cases(f):
    talk = Conversation(f)
    case = Case("lengths: an error too big for its hop is not answered by an error",
                world(f, forwarding=L2, extra=[next_hop(0, mtu=300)]))
    big = error_frame(f, (MAC_CLIENT, MAC_PUBLIC), ROUTER[f.name], f.vip, "port",
                      quote(talk.to_client(Raw(b"x" * 400), **ANSWER)))
    if f is V4:  # may not be cut, and so would have to be answered
        packet = Ether(big)
        packet.payload.flags = "DF"
        del packet.payload.chksum
        big = bytes(packet)
    case.step(PUBLIC, big, "drop", None, {"DROP_TOO_BIG": 1})
    yield case


def cases():
    for family in (V4, V6):
        for source in (trailer_cases, malformed_cases, fragment_cases, answered_cases):
            for case in source(family):
                case.record["name"] = family.name + " " + case.record["name"]
                yield case.record
