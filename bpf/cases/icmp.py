# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Cases of ICMP and ICMPv6."""
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import (ICMPv6DestUnreach, ICMPv6EchoReply, ICMPv6EchoRequest, ICMPv6PacketTooBig,
                                ICMPv6TimeExceeded, IPv6)
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from world import *
from l4 import (ACK, ANSWER, CLIENT_PORT, DATA, FORWARDED, REQUEST, RESPONSE, RETURNED, SYN, SYN_ACK, Conversation,
                opened, V4, V6)
from stateless import L2, L3, out_l2, out_l3

ROUTER = {"ipv4": "192.0.2.1", "ipv6": "2001:db8:9::1"}


def error(f, kind):
    if f is V4:
        return {"too big": ICMP(type=3, code=4, nexthopmtu=1300), "port": ICMP(type=3, code=3),
                "expired": ICMP(type=11, code=0)}[kind]
    return {"too big": ICMPv6PacketTooBig(mtu=1300), "port": ICMPv6DestUnreach(code=4),
            "expired": ICMPv6TimeExceeded(code=0)}[kind]


def quote(data, length=None):
    packet = bytes(Ether(data).payload)
    return Raw(packet if length is None else packet[:length])


def minimal(f):
    return 28 if f is V4 else 48


def error_frame(f, macs, source, destination, kind, quoted, ttl=64):
    return frame(*macs, f.ip(source, destination, ttl), error(f, kind), quoted)


def echo_cases(f):
    number = ICMP_NUMBER if f is V4 else ICMPV6_NUMBER

    def request(ttl=64):
        layer = ICMP(type=8, id=7, seq=1) if f is V4 else ICMPv6EchoRequest(id=7, seq=1)
        return frame(MAC_CLIENT, MAC_PUBLIC, f.ip(f.client, f.vip, ttl), layer, Raw(b"odd payload"))

    def reply():
        layer = ICMP(type=0, id=7, seq=1) if f is V4 else ICMPv6EchoReply(id=7, seq=1)
        return frame(MAC_PUBLIC, MAC_CLIENT, f.ip(f.vip, f.client, 64), layer, Raw(b"odd payload"))

    case = Case("echo of a service address is answered here", world(f, extra=[service(f.vip, 0, number)]))
    case.step(PUBLIC, request(), "redirect", reply(), {"ANSWERED_ECHO": 1})
    case.step(PUBLIC, request(ttl=3), "redirect", reply(), {"ANSWERED_ECHO": 1})
    yield case
    case = Case("echo of another address passes", world(f))
    case.step(PUBLIC, request(), "pass", None, {"PASS_NOT_OURS": 1})
    yield case


def to_node_cases(f):
    talk = Conversation(f)
    for kind in ("too big", "port", "expired"):
        for length in (None, minimal(f)):
            case = opened(Case("icmp %s error about an answer goes to its node, %s quote"
                               % (kind, "minimal" if length else "whole"), world(f)), talk)
            there = error_frame(f, (MAC_CLIENT, MAC_PUBLIC), ROUTER[f.name], f.vip, kind,
                                quote(talk.to_client(RESPONSE, **ANSWER), length))
            # What the node itself had sent, with the one hop less that the replica had taken off.
            back = error_frame(f, (MAC_PRIVATE, MAC_NODE[0]), f.source, f.nodes[0], kind,
                               quote(talk.from_node(RESPONSE, ttl=63, **ANSWER), length), ttl=63)
            case.step(PUBLIC, there, "redirect", back, {"FORWARDED_ICMP": 1})
            yield case

    case = Case("icmp error about a half-open flow goes to its node", world(f))
    case.step(PUBLIC, talk.from_client(**SYN), "redirect", talk.to_node(**SYN), FORWARDED)
    there = error_frame(f, (MAC_CLIENT, MAC_PUBLIC), ROUTER[f.name], f.vip, "port", quote(talk.to_client(**SYN_ACK)))
    back = error_frame(f, (MAC_PRIVATE, MAC_NODE[0]), f.source, f.nodes[0], "port",
                       quote(talk.from_node(ttl=63, **SYN_ACK)), ttl=63)
    case.step(PUBLIC, there, "redirect", back, {"FORWARDED_ICMP": 1})
    yield case

    case = Case("icmp error about a udp answer", world(f, UDP_NUMBER))
    udp = Conversation(f, transport=UDP)
    case.step(PUBLIC, udp.from_client(Raw(b"q")), "redirect", udp.to_node(Raw(b"q")), FORWARDED)
    case.step(PRIVATE, udp.from_node(Raw(b"reply")), "redirect", udp.to_client(Raw(b"reply")), RETURNED)
    for length in (None, minimal(f)):
        there = error_frame(f, (MAC_CLIENT, MAC_PUBLIC), ROUTER[f.name], f.vip, "port",
                            quote(udp.to_client(Raw(b"reply")), length))
        back = error_frame(f, (MAC_PRIVATE, MAC_NODE[0]), f.source, f.nodes[0], "port",
                           quote(udp.from_node(Raw(b"reply"), ttl=63), length), ttl=63)
        case.step(PUBLIC, there, "redirect", back, {"FORWARDED_ICMP": 1})
    yield case

    case = Case("icmp error about no flow of a service is dropped", world(f))
    there = error_frame(f, (MAC_CLIENT, MAC_PUBLIC), ROUTER[f.name], f.vip, "port",
                        quote(talk.to_client(RESPONSE, **ANSWER)))
    case.step(PUBLIC, there, "drop", None, {"DROP_NO_FLOW": 1})
    yield case

    case = Case("icmp error about the replica's own traffic passes", world(f, extra=[control_ports(tcp=[80])]))
    case.step(PUBLIC, there, "pass", None, {"PASS_NOT_OURS": 1})
    yield case

    case = Case("icmp error to another address than the quote's sender passes", world(f))
    stray = error_frame(f, (MAC_CLIENT, MAC_PUBLIC), ROUTER[f.name], f.stranger, "port",
                        quote(talk.to_client(RESPONSE, **ANSWER)))
    case.step(PUBLIC, stray, "pass", None, {"PASS_NOT_OURS": 1})
    yield case

    for forwarding, name in ((L2, "l2"), (L3, "l3")):
        case = Case("icmp %s: an error goes to the node of the flow" % name, world(f, forwarding=forwarding))
        out = out_l2(there) if forwarding == L2 else out_l3(there, f, f.nodes[0])
        case.step(PUBLIC, there, "redirect", out, {"FORWARDED_ICMP": 1})
        yield case


def to_client_cases(f):
    talk = Conversation(f)
    router = "10.2.0.254" if f is V4 else "fd02::fe"
    for kind in ("too big", "port", "expired"):
        for length in (None, minimal(f)):
            case = opened(Case("icmp %s error about a request goes to its client, %s quote"
                               % (kind, "minimal" if length else "whole"), world(f)), talk)
            there = error_frame(f, (MAC_NODE[0], MAC_PRIVATE), router, f.source, kind,
                                quote(talk.to_node(REQUEST, **DATA), length))
            back = error_frame(f, (MAC_NODE[0], MAC_PRIVATE), f.vip, f.client, kind,
                               quote(talk.from_client(REQUEST, ttl=63, **DATA), length), ttl=63)
            case.step(PRIVATE, there, "redirect", back, {"RETURNED_ICMP": 1})
            yield case

    case = Case("icmp port unreachable of a node for a one-way datagram goes to its client", world(f, UDP_NUMBER))
    udp = Conversation(f, transport=UDP)
    case.step(PUBLIC, udp.from_client(Raw(b"q")), "redirect", udp.to_node(Raw(b"q")), FORWARDED)
    there = error_frame(f, (MAC_NODE[0], MAC_PRIVATE), f.nodes[0], f.source, "port", quote(udp.to_node(Raw(b"q"))))
    back = error_frame(f, (MAC_NODE[0], MAC_PRIVATE), f.vip, f.client, "port",
                       quote(udp.from_client(Raw(b"q"), ttl=63)), ttl=63)
    case.step(PRIVATE, there, "redirect", back, {"RETURNED_ICMP": 1})
    yield case

    case = Case("icmp error of the private side about no flow passes", world(f))
    there = error_frame(f, (MAC_NODE[0], MAC_PRIVATE), router, f.source, "port", quote(talk.to_node(REQUEST, **DATA)))
    case.step(PRIVATE, there, "ok", None, {"PASS_NOT_OURS": 1})
    yield case


def unreachable_cases(f):
    udp = Conversation(f, transport=UDP)
    case = Case("udp for a service without nodes: port unreachable",
                world(f, UDP_NUMBER, extra=[service(f.vip, 80, UDP_NUMBER, ring=RING_NONE)]))
    data = udp.from_client(Raw(b"query that is longer than the quote"))
    packet = bytes(Ether(data).payload)
    if f is V4:
        answer = frame(MAC_PUBLIC, MAC_CLIENT, IP(src=f.vip, dst=f.client, ttl=64, id=0, flags="DF"),
                       ICMP(type=3, code=3), Raw(packet[:28]))
    else:
        answer = frame(MAC_PUBLIC, MAC_CLIENT, IPv6(src=f.vip, dst=f.client, hlim=64), ICMPv6DestUnreach(code=4),
                       Raw(packet[:48]))
    case.step(PUBLIC, data, "redirect", answer, {"DROP_NO_NODES": 1, "UNREACHABLE_SENT": 1})
    yield case
    case = Case("udp for a service without nodes is dropped when configured so",
                world(f, UDP_NUMBER, on_no_nodes=1, extra=[service(f.vip, 80, UDP_NUMBER, ring=RING_NONE)]))
    case.step(PUBLIC, data, "drop", None, {"DROP_NO_NODES": 1, "UNREACHABLE_SENT": 0})
    yield case


def cases():
    for family in (V4, V6):
        for source in (echo_cases, to_node_cases, to_client_cases, unreachable_cases):
            for case in source(family):
                case.record["name"] = family.name + " " + case.record["name"]
                yield case.record
