# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Cases of fragments. Those of NAT, whose ids the programs choose, are in FragmentTests."""
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6, IPv6ExtHdrFragment
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from world import *
from l4 import Conversation, V4, V6
from stateless import L2, out_l2

SENDERS_ID = 0x1234
PAYLOAD = bytes(range(64))


def pieces(f, data, identification):
    """The IP packet of a frame in two fragments: 32 bytes of its payload, and the rest."""
    packet = Ether(data)
    ip = packet.payload
    body = bytes(ip.payload)
    out = []
    for part, offset, more in ((body[:32], 0, 1), (body[32:], 32, 0)):
        if f is V4:
            head = IP(src=ip.src, dst=ip.dst, ttl=ip.ttl, id=identification & 0xffff, flags="MF" if more else 0,
                      frag=offset // 8, proto=17)
            out.append(bytes(Ether(src=packet.src, dst=packet.dst) / head / Raw(part)))
        else:
            head = IPv6(src=ip.src, dst=ip.dst, hlim=ip.hlim)
            fragment = IPv6ExtHdrFragment(nh=17, offset=offset // 8, m=more, id=identification)
            out.append(bytes(Ether(src=packet.src, dst=packet.dst) / head / fragment / Raw(part)))
    return out


def fragment_cases(f):
    talk = Conversation(f, transport=UDP)
    case = Case("fragments overtaking their first pass as not ours", world(f, UDP_NUMBER))
    first, second = pieces(f, talk.from_client(Raw(PAYLOAD)), SENDERS_ID)
    case.step(PUBLIC, second, "pass", None, {"PASS_FRAGMENT": 1}, half_open=[])
    yield case

    case = Case("fragments l2: the second follows the first", world(f, UDP_NUMBER, forwarding=L2))
    case.step(PUBLIC, first, "redirect", out_l2(first), {"FORWARDED_L2": 1})
    case.step(PUBLIC, second, "redirect", out_l2(second), {"FORWARDED_L2": 1})
    yield case


def cases():
    for family in (V4, V6):
        for case in fragment_cases(family):
            case.record["name"] = family.name + " " + case.record["name"]
            yield case.record
