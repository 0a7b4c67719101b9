# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Cases of L2 and L3: the node answers the client itself."""
import socket

from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption
from scapy.layers.inet6 import ICMPv6DestUnreach, ICMPv6EchoRequest, ICMPv6PacketTooBig, IPv6
from scapy.layers.l2 import Dot1Q, Ether
from scapy.packet import Raw

from world import *
from l4 import ACK, CLIENT_PORT, DATA, ISN_CLIENT, ISN_NODE, REQUEST, SYN, Conversation, V4, V6, opened

L3, L2 = 1, 2
TUNNEL = {"ipv4": "10.2.0.1", "ipv6": "fd02::1"}


def out_l2(data, node=0):
    packet = Ether(data)
    packet.src, packet.dst = MAC_PRIVATE, MAC_NODE[node]
    return bytes(packet)


def outer(f, node_address, tos=0, source=None):
    if f is V4:
        return IP(src=source or TUNNEL["ipv4"], dst=node_address, ttl=64, id=0, flags="DF", tos=tos)
    return IPv6(src=source or TUNNEL["ipv6"], dst=node_address, hlim=64, tc=tos)


def out_l3(data, outer_family, node_address, node=0, tos=0, source=None):
    """The frame with the packet inside another, one hop less inside."""
    inner = Ether(data).payload.copy()
    if inner.name == "IP":
        inner.ttl -= 1
        del inner.chksum
    else:
        inner.hlim -= 1
    head = outer(outer_family, node_address, tos, source)
    if outer_family is V4:
        head.proto = 4 if inner.name == "IP" else 41
    else:
        head.nh = 4 if inner.name == "IP" else 41
    return bytes(Ether(src=MAC_PRIVATE, dst=MAC_NODE[node]) / head / Raw(bytes(inner)))


def quoted_error(f, data, mtu, macs=(MAC_PUBLIC, MAC_CLIENT)):
    """What a client is told whose packet is too big: quotes the IP header and eight bytes."""
    packet = bytes(Ether(data).payload)
    if f is V4:
        return frame(*macs, IP(src=f.vip, dst=f.client, ttl=64, id=0, flags="DF"),
                     ICMP(type=3, code=4, nexthopmtu=mtu), Raw(packet[:28]))
    return frame(*macs, IPv6(src=f.vip, dst=f.client, hlim=64), ICMPv6PacketTooBig(mtu=mtu), Raw(packet[:48]))


def of_size(f, talk, ip_length, **more):
    """A data segment whose IP packet has this length."""
    head = (20 if f is V4 else 40) + 20
    return talk.from_client(Raw(b"x" * (ip_length - head)), ip=more.get("ip"), **DATA)


def l2_cases(f):
    talk = Conversation(f)
    case = Case("l2 frame goes to the node's MAC and is otherwise untouched", world(f, forwarding=L2))
    for fields in (SYN, ACK, DATA):
        data = talk.from_client(**fields)
        case.step(PUBLIC, data, "redirect", out_l2(data), {"FORWARDED_L2": 1}, flows=[], half_open=[])
    one_hop = talk.from_client(ttl=1, **SYN)
    case.step(PUBLIC, one_hop, "redirect", out_l2(one_hop), {"FORWARDED_L2": 1})
    yield case

    case = Case("l2 udp", world(f, UDP_NUMBER, forwarding=L2))
    data = Conversation(f, transport=UDP).from_client(Raw(b"query"))
    case.step(PUBLIC, data, "redirect", out_l2(data), {"FORWARDED_L2": 1})
    yield case

    case = Case("l2 vlan tag is taken off", world(f, forwarding=L2))
    plain = Ether(talk.from_client(**SYN))
    tagged = bytes(Ether(src=plain.src, dst=plain.dst) / Dot1Q(vlan=9) / plain.payload)
    case.step(PUBLIC, tagged, "redirect", out_l2(bytes(plain)), {"FORWARDED_L2": 1})
    yield case

    case = Case("l2 unresolved next hop", world(f, forwarding=L2, extra=[next_hop(0, resolved=0)]))
    case.step(PUBLIC, talk.from_client(**SYN), "drop", None, {"DROP_UNRESOLVED": 1})
    yield case

    case = Case("l2 service without nodes resets", world(f, extra=[service(f.vip, 80, TCP_NUMBER, ring=RING_NONE,
                                                                             forwarding=L2)]))
    case.step(PUBLIC, talk.from_client(**SYN), "redirect", talk.reset_to_client(flags="RA", seq=0, ack=ISN_CLIENT + 1),
              {"DROP_NO_NODES": 1, "RESET_SENT": 1})
    yield case

    case = Case("l2 node given up resets what still reaches it", world(f, forwarding=L2,
                                                                       extra=[node(0, f.nodes[0], flags=3)]))
    case.step(PUBLIC, talk.from_client(REQUEST, **DATA), "redirect",
              talk.reset_to_client(flags="R", seq=ISN_NODE + 1, ack=0), {"DROP_NODE_REFUSED": 1, "RESET_SENT": 1})
    yield case


def l3_cases(f):
    talk = Conversation(f)
    other = V6 if f is V4 else V4
    for family, kind in ((f, "its own"), (other, "the other")):
        case = Case("l3 packet goes inside one of %s family" % kind,
                    world(f, forwarding=L3, extra=[node(0, family.nodes[0])]))
        for fields in (SYN, ACK, DATA):
            data = talk.from_client(REQUEST, ip={"tos": 0x2a} if f is V4 else {"tc": 0x2a}, **fields)
            case.step(PUBLIC, data, "redirect", out_l3(data, family, family.nodes[0], tos=0x2a),
                      {"FORWARDED_L3": 1}, flows=[], half_open=[])
        yield case

    case = Case("l3 udp", world(f, UDP_NUMBER, forwarding=L3))
    data = Conversation(f, transport=UDP).from_client(Raw(b"query"))
    case.step(PUBLIC, data, "redirect", out_l3(data, f, f.nodes[0]), {"FORWARDED_L3": 1})
    yield case

    case = Case("l3 TTL that would expire here drops", world(f, forwarding=L3))
    case.step(PUBLIC, talk.from_client(ttl=1, **SYN), "drop", None, {"DROP_TTL": 1})
    yield case

    case = Case("l3 vlan tags: the public one goes, the hop's comes",
                world(f, forwarding=L3, extra=[next_hop(0, tags=[200])]))
    plain = Ether(talk.from_client(**SYN))
    tagged = bytes(Ether(src=plain.src, dst=plain.dst) / Dot1Q(vlan=9) / plain.payload)
    bare = Ether(out_l3(bytes(plain), f, f.nodes[0]))
    case.step(PUBLIC, tagged, "redirect", bytes(Ether(src=bare.src, dst=bare.dst) / Dot1Q(vlan=200) / bare.payload),
              {"FORWARDED_L3": 1})
    yield case

    overhead = 20 if f is V4 else 40
    case = Case("l3 packet that fits exactly", world(f, forwarding=L3))
    data = of_size(f, talk, 1500 - overhead)
    case.step(PUBLIC, data, "redirect", out_l3(data, f, f.nodes[0]), {"FORWARDED_L3": 1})
    yield case

    case = Case("l3 packet too big inside the other: the client is told what fits", world(f, forwarding=L3))
    data = of_size(f, talk, 1500 - overhead + 1, ip={"flags": "DF"} if f is V4 else None)
    case.step(PUBLIC, data, "redirect", quoted_error(f, data, 1500 - overhead), {"ANSWERED_TOO_BIG": 1})
    yield case

    case = Case("l3 vlan packet too big: the answer keeps the tag", world(f, forwarding=L3))
    plain = Ether(data)
    tagged = bytes(Ether(src=plain.src, dst=plain.dst) / Dot1Q(vlan=9) / plain.payload)
    answer = Ether(quoted_error(f, data, 1500 - overhead))
    case.step(PUBLIC, tagged, "redirect", bytes(Ether(src=answer.src, dst=answer.dst) / Dot1Q(vlan=9) / answer.payload),
              {"ANSWERED_TOO_BIG": 1})
    yield case

    if f is V4:
        case = Case("l3 packet too big that routers may fragment is dropped", world(f, forwarding=L3))
        data = of_size(f, talk, 1500 - overhead + 1)
        case.step(PUBLIC, data, "drop", None, {"DROP_TOO_BIG": 1})
        yield case

    case = Case("l4 packet too big for the node's network: the client is told what fits",
                world(f, extra=[next_hop(0, mtu=1400)]))
    case.step(PUBLIC, talk.from_client(**SYN), "redirect", talk.to_node(**SYN), {"FORWARDED_L4": 1})
    case.step(PRIVATE, talk.from_node(flags="SA", seq=ISN_NODE, ack=ISN_CLIENT + 1), "redirect",
              talk.to_client(flags="SA", seq=ISN_NODE, ack=ISN_CLIENT + 1), {"RETURNED_L4": 1})
    data = of_size(f, talk, 1401, ip={"flags": "DF"} if f is V4 else None)
    case.step(PUBLIC, data, "redirect", quoted_error(f, data, 1400), {"ANSWERED_TOO_BIG": 1})
    yield case


def public_mtu_cases(f):
    """What a node sends to clients whose network takes smaller packets than its own."""
    talk = Conversation(f)
    head = (20 if f is V4 else 40) + 20

    def answer(ip_length, df=True):
        data = Ether(talk.from_node(Raw(b"x" * (ip_length - head)), **dict(DATA, seq=ISN_NODE + 1, ack=ISN_CLIENT + 1)))
        if f is V4 and df:
            data[IP].flags = "DF"
            del data[IP].chksum
        return bytes(data)

    def told(data):
        packet = bytes(Ether(data).payload)
        macs = (MAC_PRIVATE, MAC_NODE[0])
        if f is V4:
            return frame(*macs, IP(src=f.source, dst=f.nodes[0], ttl=64, id=0, flags="DF"),
                         ICMP(type=3, code=4, nexthopmtu=1400), Raw(packet[:28]))
        return frame(*macs, IPv6(src=f.source, dst=f.nodes[0], hlim=64), ICMPv6PacketTooBig(mtu=1400), Raw(packet[:48]))

    case = opened(Case("l4 node's packet too big for the clients' network: the node is told what fits",
                       world(f, public_mtu=1400)), talk)
    fits = answer(1400)
    case.step(PRIVATE, answer(1401), "redirect", told(answer(1401)), {"ANSWERED_TOO_BIG": 1})
    there = Ether(talk.to_client(Raw(b"x" * (1400 - head)), **dict(DATA, seq=ISN_NODE + 1, ack=ISN_CLIENT + 1)))
    if f is V4:
        there[IP].flags = "DF"
        del there[IP].chksum
    case.step(PRIVATE, fits, "redirect", bytes(there), {"RETURNED_L4": 1})
    yield case

    # Once in 65,536 packets the checksum is by chance what a sender's is who leaves it to the card.
    case = opened(Case("l4 node's packet too big whose checksum looks half done: answered as any other",
                       world(f, public_mtu=1400)), talk)
    half = bytearray(answer(1401))
    place = 14 + head - 20 + 16
    half[place:place + 2] = struct.pack(">H", pseudo_sum(f, f.nodes[0], f.source, TCP_NUMBER, 1401 - head + 20))
    case.step(PRIVATE, bytes(half), "redirect", told(bytes(half)), {"ANSWERED_TOO_BIG": 1})
    yield case

    if f is V4:
        case = opened(Case("l4 node's packet too big that routers may fragment is dropped", world(f, public_mtu=1400)), talk)
        case.step(PRIVATE, answer(1401, df=False), "shot", None, {"DROP_TOO_BIG": 1})
        yield case


def pseudo_sum(f, source, destination, protocol, length):
    """The ones-complement sum of a pseudo header."""
    data = socket.inet_pton(socket.AF_INET if f is V4 else socket.AF_INET6, source)
    data += socket.inet_pton(socket.AF_INET if f is V4 else socket.AF_INET6, destination)
    total = sum(struct.unpack(">%dH" % (len(data) // 2), data)) + protocol + length
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total


def clamp_cases(f):
    """MSS of SYN and SYN/ACK, wherever the option stands."""
    talk = Conversation(f)
    head = (20 if f is V4 else 40) + 20
    given = world(f, flags=8, public_mtu=1400, extra=[next_hop(0, mtu=1300)])
    for name, before in (("first", []), ("at an odd place", [("NOP", None)]), ("behind others", [("WScale", 7), ("SAckOK", b"")])):
        def options(mss):
            return before + [("MSS", mss)]
        case = Case("l4 MSS option %s: each side is told what the way to the other takes" % name, given)
        syn, syn_ack = dict(SYN, options=options(1460)), dict(flags="SA", seq=ISN_NODE, ack=ISN_CLIENT + 1)
        case.step(PUBLIC, talk.from_client(**syn), "redirect", talk.to_node(**dict(SYN, options=options(1400 - head))),
                  {"FORWARDED_L4": 1})
        case.step(PRIVATE, talk.from_node(options=options(1460), **syn_ack), "redirect",
                  talk.to_client(options=options(1300 - head), **syn_ack), {"RETURNED_L4": 1})
        yield case
    case = Case("l4 MSS that is small enough stays", given)
    small = dict(SYN, options=[("MSS", 1200)])
    case.step(PUBLIC, talk.from_client(**small), "redirect", talk.to_node(**small), {"FORWARDED_L4": 1})
    yield case
    case = Case("l4 SYN without MSS stays", given)
    without = dict(SYN, options=[("NOP", None)] * 4)
    case.step(PUBLIC, talk.from_client(**without), "redirect", talk.to_node(**without), {"FORWARDED_L4": 1})
    yield case
    case = Case("l4 MSS stays behind an option that is longer than all of them", given)
    # Its length says 67 bytes. Cut to six bits that would lead right behind it, to what looks like an MSS.
    fields, reaching = dict(SYN, options=[], dataofs=8), Raw(bytes.fromhex("034301020405b40000000000"))
    case.step(PUBLIC, talk.from_client(reaching, **fields), "redirect", talk.to_node(reaching, **fields), {"FORWARDED_L4": 1})
    yield case
    case = Case("l4 MSS stays where clamping is off", world(f, public_mtu=1400))
    case.step(PUBLIC, talk.from_client(**SYN), "redirect", talk.to_node(**SYN), {"FORWARDED_L4": 1})
    yield case


def ipv4_option_cases():
    talk = Conversation(V4)
    for name, options in (("loose", b"\x01\x83\x07\x04\x0a\x00\x00\x01"), ("strict", b"\x89\x07\x04\x0a\x00\x00\x01\x00")):
        case = Case("ipv4 %s source route drops" % name, world(V4))
        data = talk.from_client(ip={"options": [IPOption(options)]}, **SYN)
        case.step(PUBLIC, data, "drop", None, {"DROP_OPTIONS": 1}, half_open=[])
        yield case
    case = Case("ipv4 record route goes on", world(V4, forwarding=L2))
    data = talk.from_client(ip={"options": [IPOption(b"\x07\x07\x04\x00\x00\x00\x00\x00")]}, **SYN)
    case.step(PUBLIC, data, "redirect", out_l2(data), {"FORWARDED_L2": 1})
    yield case


def previous_ring_cases(f):
    talk = Conversation(f)
    given = world(f, forwarding=L2, extra=[ring(0, 1), ring(1, 0)])

    def turned(ends_in_ms):
        return [dict(service(f.vip, 80, TCP_NUMBER, forwarding=L2, previous_ring=1), ends_in_ms=ends_in_ms)]

    data, syn = talk.from_client(REQUEST, **DATA), talk.from_client(**SYN)
    case = Case("l2 an older flow stays with the previous ring's node, one opened since goes to the new", given)
    case.step(PUBLIC, data, "redirect", out_l2(data, 0), {"FORWARDED_L2": 1}, given=turned(60000))
    case.step(PUBLIC, syn, "redirect", out_l2(syn, 1), {"FORWARDED_L2": 1})
    case.step(PUBLIC, data, "redirect", out_l2(data, 1), {"FORWARDED_L2": 1})
    yield case

    case = Case("l2 previous ring's time is over", given)
    case.step(PUBLIC, data, "redirect", out_l2(data, 1), {"FORWARDED_L2": 1}, given=turned(-1000))
    yield case

    case = Case("l2 previous ring's node that was given up is not gone back to", given + [node(0, f.nodes[0], flags=3)])
    case.step(PUBLIC, data, "redirect", out_l2(data, 1), {"FORWARDED_L2": 1}, given=turned(60000))
    yield case


def block_cases(f):
    talk = Conversation(f)
    inside = "198.51.100.0/28" if f is V4 else "2001:db8:c::/64"
    other = "198.51.100.16/28" if f is V4 else "2001:db8:d::/64"
    case = Case("blocked client's packets are dropped, its neighbour's are not", world(f, flags=2, extra=[block(inside)]))
    case.step(PUBLIC, talk.from_client(**SYN), "drop", None, {"DROP_BLOCKED": 1}, half_open=[])
    yield case
    number = ICMP_NUMBER if f is V4 else ICMPV6_NUMBER
    blocked = world(f, flags=2, extra=[block(inside), service(f.vip, 0, number), control_ports(tcp=[22])])
    case = opened(Case("blocked client's established flow is cut off", world(f, extra=[block(inside)])), talk)
    case.step(PUBLIC, talk.from_client(REQUEST, **DATA), "drop", None, {"DROP_BLOCKED": 1}, given=[config(flags=2)],
              flows=["ESTABLISHED"] * 2)
    yield case
    case = Case("blocked client's ping of a service address is dropped", blocked)
    echo = ICMP(type=8, id=7, seq=1) if f is V4 else ICMPv6EchoRequest(id=7, seq=1)
    case.step(PUBLIC, frame(MAC_CLIENT, MAC_PUBLIC, f.ip(f.client, f.vip), echo), "drop", None, {"DROP_BLOCKED": 1})
    case.step(PUBLIC, frame(MAC_CLIENT, MAC_PUBLIC, f.ip(f.client, f.stranger), echo), "pass", None, {"PASS_NOT_OURS": 1})
    yield case
    case = Case("blocked client's error about a service is dropped", blocked)
    quoted = Raw(bytes(Ether(talk.to_client(**ACK)).payload))
    error = ICMP(type=3, code=3) if f is V4 else ICMPv6DestUnreach(code=4)
    case.step(PUBLIC, frame(MAC_CLIENT, MAC_PUBLIC, f.ip(f.client, f.vip), error, quoted), "drop", None, {"DROP_BLOCKED": 1})
    yield case
    case = Case("blocked client's other traffic with the host passes", blocked)
    for port, reason in ((22, "PASS_CONTROL"), (8443, "PASS_NOT_OURS")):
        other_talk = Conversation(f, vip_port=port)
        case.step(PUBLIC, other_talk.from_client(**SYN), "pass", None, {reason: 1})
    yield case
    case = Case("blocks elsewhere do not matter", world(f, flags=2, extra=[block(other)]))
    case.step(PUBLIC, talk.from_client(**SYN), "redirect", talk.to_node(**SYN), {"FORWARDED_L4": 1})
    yield case
    case = Case("blocks are not looked at while the configuration says there are none", world(f, extra=[block(inside)]))
    case.step(PUBLIC, talk.from_client(**SYN), "redirect", talk.to_node(**SYN), {"FORWARDED_L4": 1})
    yield case


def dead_man_cases(f):
    talk = Conversation(f)

    def deadline(ns):
        return entry("dead_man", struct.pack("<I", 0), struct.pack("<Q", ns))

    for forwarding, name, reason in ((0, "l4", "FORWARDED_L4"), (L2, "l2", "FORWARDED_L2")):
        case = Case(name + " dead man has struck: new flows are refused", world(f, forwarding=forwarding, flags=4,
                                                                                extra=[deadline(1)]))
        case.step(PUBLIC, talk.from_client(**SYN), "redirect",
                  talk.reset_to_client(flags="RA", seq=0, ack=ISN_CLIENT + 1), {"DROP_DEAD_MAN": 1, "RESET_SENT": 1})
        yield case
        syn = talk.from_client(**SYN)
        case = Case(name + " dead man's time has not come", world(f, forwarding=forwarding, flags=4,
                                                                  extra=[deadline(1 << 62)]))
        case.step(PUBLIC, syn, "redirect", talk.to_node(**SYN) if not forwarding else out_l2(syn), {reason: 1})
        yield case
        case = Case(name + " dead man is off", world(f, forwarding=forwarding, extra=[deadline(1)]))
        case.step(PUBLIC, syn, "redirect", talk.to_node(**SYN) if not forwarding else out_l2(syn), {reason: 1})
        yield case


def cases():
    for family in (V4, V6):
        for source in (l2_cases, l3_cases, public_mtu_cases, clamp_cases, previous_ring_cases, block_cases, dead_man_cases):
            for case in source(family):
                case.record["name"] = family.name + " " + case.record["name"]
                yield case.record
    for case in ipv4_option_cases():
        yield case.record
    varied = V4
    case = Case("ipv4 l3 tunnel source varies by flow in its low bits",
                world(varied, forwarding=L3, tunnel_bits=(8, 8), tunnel_v4="10.99.0.0"))
    from ring import hash_flow
    for port in (40001, 40002, 40003):
        data = Conversation(varied, port=port).from_client(**SYN)
        low = hash_flow(varied.client, port, varied.vip, 80, TCP_NUMBER, False, 7) & 0xff
        case.step(PUBLIC, data, "redirect", out_l3(data, varied, varied.nodes[0], source="10.99.0.%d" % low),
                  {"FORWARDED_L3": 1})
    yield case.record
