# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Named addresses, map entries as bytes, and the shape of a case: what the case files are written from.

Packets are built by scapy, which knows nothing of the packet programs; map entries are packed here by hand from the
comments of galelb_layout.h, not from the mirrors of user space.
"""
import ipaddress
import struct

from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether
from scapy.packet import Raw

PUBLIC, PRIVATE = "gale_xdp_public", "gale_tc_private"

MAC_CLIENT = "02:00:00:00:00:c1"  # or the router in front of the clients
MAC_PUBLIC = "02:00:00:00:00:f1"
MAC_PRIVATE = "02:00:00:00:00:f2"
MAC_NODE = ["02:00:00:00:00:a%d" % n for n in range(8)]

TCP_NUMBER, UDP_NUMBER, ICMP_NUMBER, ICMPV6_NUMBER = 6, 17, 1, 58
RING_NONE = 0x7FFFFFFF

STATES = ["NONE", "SYN_SENT", "SYN_RECEIVED", "ESTABLISHED", "FIN", "TIME_WAIT", "CLOSED", "UDP_ONE_WAY", "UDP"]


class Family:
    """The same places in IPv4 and in IPv6, so that every case can be told once."""

    def __init__(self, name, client, other_client, vip, stranger, source, nodes, l3):
        self.name, self.client, self.other_client, self.vip, self.stranger = name, client, other_client, vip, stranger
        self.source, self.nodes, self.l3 = source, nodes, l3
        self.mtu_header = 20 if l3 is IP else 40

    def ip(self, source, destination, ttl=64, **more):
        if self.l3 is IP:
            return IP(src=source, dst=destination, ttl=ttl, **more)
        return IPv6(src=source, dst=destination, hlim=ttl, **more)

    def reply_ip(self, source, destination):
        """The IP header of what the programs themselves originate."""
        if self.l3 is IP:
            return IP(src=source, dst=destination, ttl=64, id=0, flags="DF")
        return IPv6(src=source, dst=destination, hlim=64)


V4 = Family("ipv4", "198.51.100.10", "198.51.100.20", "203.0.113.80", "203.0.113.81", "10.2.0.1",
            ["10.2.0.%d" % (11 + n) for n in range(8)], IP)
V6 = Family("ipv6", "2001:db8:c::10", "2001:db8:c::20", "2001:db8:f::80", "2001:db8:f::81", "fd02::1",
            ["fd02::%x" % (0x11 + n) for n in range(8)], IPv6)


def frame(source_mac, destination_mac, *layers):
    packet = Ether(src=source_mac, dst=destination_mac)
    for layer in layers:
        packet = packet / layer
    return bytes(packet)


def padded(data, length=60):
    return data + b"\0" * (length - len(data))


# ---- map entries, as the kernel sees them -------------------------------------------------------------------------

def address(text):
    parsed = ipaddress.ip_address(text)
    return b"\0" * 10 + b"\xff\xff" + parsed.packed if parsed.version == 4 else parsed.packed


def entry(name, key, value):
    return {"map": name, "key": key.hex(), "value": value.hex()}


def service(vip, port, protocol, ring=0, forwarding=0, hash_policy=0, target_port=8080, service_id=1,
            previous_ring=RING_NONE):
    """With "ends_in_ms" added, the tests set when the previous ring's time ends, from now."""
    return entry("services", address(vip) + struct.pack(">H", port) + bytes([protocol, 0]),
                 struct.pack("<IIIH", ring, previous_ring, 0, service_id)
                 + struct.pack(">H", target_port) + bytes([forwarding, hash_policy, 0, 0]))


def node(index, node_address, port=0, generation=1, flags=1):
    return entry("nodes", struct.pack("<I", index),
                 address(node_address) + struct.pack("<I", generation) + struct.pack(">H", port) + bytes([flags, 0]))


def mac_bytes(mac):
    return bytes.fromhex(mac.replace(":", ""))


def next_hop(index, ifindex=1, mtu=1500, resolved=1, tags=(), source=None, mac=None):
    tci = list(tags) + [0] * (2 - len(tags))
    return entry("next_hops", struct.pack("<I", index),
                 struct.pack("<II", ifindex, mtu) + mac_bytes(mac or MAC_NODE[index]) + mac_bytes(MAC_PRIVATE)
                 + bytes([resolved, len(tags)]) + struct.pack(">HH", *tci) + b"\0\0"
                 + (address(source) if source else b"\0" * 16))


def config(flags=0, hash_seed=7, ports=(20000, 20003), on_node_failure=0, on_no_nodes=0, on_no_flow=0,
           timeouts=None, sources_v4=(V4.source,), sources_v6=(V6.source,), tunnel_bits=(0, 0), public_mtu=1500,
           tunnel_v4="10.2.0.1", tunnel_v6="fd02::1"):
    timeouts = timeouts or {}
    defaults = [0, 60000, 60000, 7200000, 120000, 60000, 10000, 30000, 180000]

    def listed(sources):
        return b"".join(address(a) for a in sources) + b"\0" * 16 * (8 - len(sources))

    return entry("config", struct.pack("<I", 0),
                 struct.pack("<IIIIHH", flags, hash_seed, 1, 1, *ports)
                 + bytes([on_node_failure, on_no_nodes, on_no_flow, len(sources_v4), len(sources_v6), *tunnel_bits, 0])
                 + struct.pack("<I", public_mtu)
                 + struct.pack("<9I", *[timeouts.get(STATES[i], defaults[i]) for i in range(9)])
                 + struct.pack("<II", 0, 0)  # the table's size and seed are for whoever loads it to fill in
                 + listed(sources_v4) + listed(sources_v6) + address(tunnel_v4) + address(tunnel_v6))


def cursor(index, value):
    """The next source port tried is the one after this position of the range."""
    return entry("source_cursors", struct.pack("<I", index), struct.pack("<I", value))


def control_ports(tcp=(), udp=()):
    return {"control_ports": {"tcp": list(tcp), "udp": list(udp)}}


def block(prefix):
    network = ipaddress.ip_network(prefix)
    length = network.prefixlen + (96 if network.version == 4 else 0)
    return entry("blocks", struct.pack("<I", length) + address(str(network.network_address)), struct.pack("<I", 1))


def ring(number, *indexes):
    """A ring whose slots hold these nodes in turn."""
    return {"ring": number, "nodes": list(indexes)}


def world(family, protocol=TCP_NUMBER, forwarding=0, extra=(), **settings):
    """One service on port 80 of the VIP, node 0 alone in its ring, the next source port is the first."""
    entries = [config(**settings), service(family.vip, 80, protocol, forwarding=forwarding), ring(0, 0),
               cursor(0, 7)]
    for index, node_address in enumerate(family.nodes[:3]):
        entries += [node(index, node_address), next_hop(index)]
    # a later entry for the same key replaces the earlier one
    return entries + list(extra)


# ---- cases --------------------------------------------------------------------------------------------------------

class Case:
    def __init__(self, name, given):
        self.record = {"name": name, "given": given, "steps": []}

    def step(self, program, packet, verdict, out=None, counts=None, note=None, given=None, flows=None,
             half_open=None):
        """out: the frame expected, or None for "the same frame". flows, half_open: states of all entries."""
        step = {"program": program, "packet": packet.hex(), "verdict": verdict,
                "out": (packet if out is None else out).hex(), "counts": counts or {}}
        if note:
            step["note"] = note
        if given:
            step["given"] = given
        if flows is not None:
            step["flows"] = sorted(flows)
        if half_open is not None:
            step["half_open"] = sorted(half_open)
        self.record["steps"].append(step)
        return self
