# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Cases of stateful NAT."""
from scapy.layers.inet import IP, TCP, UDP, IPOption
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import ARP, Dot1AD, Dot1Q, Ether
from scapy.packet import Raw

from world import *

CLIENT_PORT = 40001
ISN_CLIENT, ISN_NODE = 1000, 9000
SYN_OPTIONS = [("MSS", 1460), ("SAckOK", b""), ("Timestamp", (1, 0)), ("NOP", None), ("WScale", 7)]


class Conversation:
    """One TCP connection or UDP exchange as its two sides and the wire between replica and node see it."""

    def __init__(self, family, port=CLIENT_PORT, source_port=20000, node=0, node_port=8080, client=None, source=None,
                 vip_port=80, transport=TCP):
        self.f, self.port, self.source_port, self.node, self.node_port = family, port, source_port, node, node_port
        self.client, self.source = client or family.client, source or family.source
        self.vip_port, self.transport = vip_port, transport

    def transport_layer(self, sport, dport, **fields):
        return self.transport(sport=sport, dport=dport, **fields)

    def from_client(self, *payload, ttl=64, macs=(MAC_CLIENT, MAC_PUBLIC), ip=None, **fields):
        return frame(*macs, self.f.ip(self.client, self.f.vip, ttl, **(ip or {})),
                     self.transport_layer(self.port, self.vip_port, **fields), *payload)

    def to_node(self, *payload, ttl=63, ip=None, **fields):
        return frame(MAC_PRIVATE, MAC_NODE[self.node],
                     self.f.ip(self.source, self.f.nodes[self.node], ttl, **(ip or {})),
                     self.transport_layer(self.source_port, self.node_port, **fields), *payload)

    def from_node(self, *payload, ttl=64, **fields):
        return frame(MAC_NODE[self.node], MAC_PRIVATE, self.f.ip(self.f.nodes[self.node], self.source, ttl),
                     self.transport_layer(self.node_port, self.source_port, **fields), *payload)

    def to_client(self, *payload, ttl=63, **fields):
        # The kernel writes the Ethernet header (bpf_redirect_neigh); the program leaves what came.
        return frame(MAC_NODE[self.node], MAC_PRIVATE, self.f.ip(self.f.vip, self.client, ttl),
                     self.transport_layer(self.vip_port, self.port, **fields), *payload)

    def reset_to_client(self, **fields):
        return padded(frame(MAC_PUBLIC, MAC_CLIENT, self.f.reply_ip(self.f.vip, self.client),
                            TCP(sport=self.vip_port, dport=self.port, window=0, **fields)))

    def reset_to_node(self, **fields):
        return frame(MAC_PRIVATE, MAC_NODE[self.node], self.f.reply_ip(self.source, self.f.nodes[self.node]),
                     TCP(sport=self.source_port, dport=self.node_port, window=0, **fields))


SYN = dict(flags="S", seq=ISN_CLIENT, options=SYN_OPTIONS)
SYN_ACK = dict(flags="SA", seq=ISN_NODE, ack=ISN_CLIENT + 1, options=SYN_OPTIONS)
ACK = dict(flags="A", seq=ISN_CLIENT + 1, ack=ISN_NODE + 1)
DATA = dict(flags="PA", seq=ISN_CLIENT + 1, ack=ISN_NODE + 1)
REQUEST = Raw(b"GET / HTTP/1.0\r\n\r\n")
ANSWER = dict(flags="PA", seq=ISN_NODE + 1, ack=ISN_CLIENT + 19)
RESPONSE = Raw(b"HTTP/1.0 200 OK\r\n\r\nodd")
FIN_CLIENT = dict(flags="FA", seq=ISN_CLIENT + 19, ack=ISN_NODE + 23)
FIN_NODE = dict(flags="FA", seq=ISN_NODE + 23, ack=ISN_CLIENT + 20)
RST_CLIENT = dict(flags="R", seq=ISN_CLIENT + 19)
RST_NODE = dict(flags="RA", seq=0, ack=ISN_CLIENT + 1)

FORWARDED, RETURNED = {"FORWARDED_L4": 1}, {"RETURNED_L4": 1}


def both(state):
    return [state, state]


def opened(case, talk):
    """The three segments of a handshake."""
    return (case
            .step(PUBLIC, talk.from_client(**SYN), "redirect", talk.to_node(**SYN), FORWARDED,
                  half_open=both("SYN_SENT"), flows=[])
            .step(PRIVATE, talk.from_node(**SYN_ACK), "redirect", talk.to_client(**SYN_ACK), RETURNED,
                  half_open=both("SYN_RECEIVED"), flows=[])
            .step(PUBLIC, talk.from_client(**ACK), "redirect", talk.to_node(**ACK), FORWARDED,
                  half_open=[], flows=both("ESTABLISHED")))


def tcp_cases(f):
    talk = Conversation(f)

    case = opened(Case("tcp connection from SYN to TIME_WAIT", world(f)), talk)
    case.step(PUBLIC, talk.from_client(REQUEST, **DATA), "redirect", talk.to_node(REQUEST, **DATA), FORWARDED)
    case.step(PRIVATE, talk.from_node(RESPONSE, **ANSWER), "redirect", talk.to_client(RESPONSE, **ANSWER), RETURNED)
    case.step(PUBLIC, talk.from_client(**FIN_CLIENT), "redirect", talk.to_node(**FIN_CLIENT), FORWARDED,
              flows=both("FIN"))
    case.step(PRIVATE, talk.from_node(**FIN_NODE), "redirect", talk.to_client(**FIN_NODE), RETURNED,
              flows=both("TIME_WAIT"))
    last = dict(flags="A", seq=ISN_CLIENT + 20, ack=ISN_NODE + 24)
    case.step(PUBLIC, talk.from_client(**last), "redirect", talk.to_node(**last), FORWARDED, flows=both("TIME_WAIT"),
              half_open=[])
    yield case

    case = opened(Case("tcp node closes first", world(f)), talk)
    case.step(PRIVATE, talk.from_node(**FIN_NODE), "redirect", talk.to_client(**FIN_NODE), RETURNED,
              flows=both("FIN"))
    case.step(PUBLIC, talk.from_client(**FIN_CLIENT), "redirect", talk.to_node(**FIN_CLIENT), FORWARDED,
              flows=both("TIME_WAIT"))
    yield case

    again = Conversation(f, source_port=20001)
    case = opened(Case("tcp client's port used anew after TIME_WAIT gets another source port", world(f)), talk)
    case.step(PUBLIC, talk.from_client(**FIN_CLIENT), "redirect", talk.to_node(**FIN_CLIENT), FORWARDED)
    case.step(PRIVATE, talk.from_node(**FIN_NODE), "redirect", talk.to_client(**FIN_NODE), RETURNED)
    case.step(PUBLIC, again.from_client(**SYN), "redirect", again.to_node(**SYN), FORWARDED,
              note="the old reverse half stays: its port is quarantined",
              flows=["TIME_WAIT"], half_open=both("SYN_SENT"))
    case.step(PRIVATE, again.from_node(**SYN_ACK), "redirect", again.to_client(**SYN_ACK), RETURNED)
    case.step(PUBLIC, again.from_client(**ACK), "redirect", again.to_node(**ACK), FORWARDED,
              flows=["ESTABLISHED", "ESTABLISHED", "TIME_WAIT"])
    yield case

    case = opened(Case("tcp reset by the client closes the flow", world(f)), talk)
    case.step(PUBLIC, talk.from_client(**RST_CLIENT), "redirect", talk.to_node(**RST_CLIENT), FORWARDED,
              flows=both("CLOSED"))
    case.step(PUBLIC, again.from_client(**SYN), "redirect", again.to_node(**SYN), FORWARDED, flows=["CLOSED"])
    yield case

    case = opened(Case("tcp reset by the node closes the flow", world(f)), talk)
    case.step(PRIVATE, talk.from_node(**dict(RST_NODE, seq=ISN_NODE + 1)), "redirect",
              talk.to_client(**dict(RST_NODE, seq=ISN_NODE + 1)), RETURNED, flows=both("CLOSED"))
    yield case

    case = Case("tcp connection refused by the node leaves nothing behind", world(f))
    case.step(PUBLIC, talk.from_client(**SYN), "redirect", talk.to_node(**SYN), FORWARDED)
    case.step(PRIVATE, talk.from_node(**RST_NODE), "redirect", talk.to_client(**RST_NODE), RETURNED,
              flows=[], half_open=[])
    yield case

    challenge = dict(flags="A", seq=ISN_NODE + 99, ack=ISN_CLIENT + 7)
    denial = dict(flags="R", seq=ISN_CLIENT + 7)
    case = Case("tcp node has the port in TIME_WAIT from a flow forgotten here: the client's reset clears it, its next SYN keeps the port",
                world(f))
    case.step(PUBLIC, talk.from_client(**SYN), "redirect", talk.to_node(**SYN), FORWARDED)
    case.step(PRIVATE, talk.from_node(**challenge), "redirect", talk.to_client(**challenge), RETURNED,
              half_open=both("SYN_SENT"))
    case.step(PUBLIC, talk.from_client(**denial), "redirect", talk.to_node(**denial), FORWARDED, half_open=both("SYN_SENT"))
    yield opened(case, talk)

    case = Case("tcp client that resets what the node has answered leaves nothing behind", world(f))
    case.step(PUBLIC, talk.from_client(**SYN), "redirect", talk.to_node(**SYN), FORWARDED)
    case.step(PRIVATE, talk.from_node(**SYN_ACK), "redirect", talk.to_client(**SYN_ACK), RETURNED)
    case.step(PUBLIC, talk.from_client(**RST_CLIENT), "redirect", talk.to_node(**RST_CLIENT), FORWARDED, half_open=[])
    yield case

    case = Case("tcp SYN repeated keeps its source port", world(f))
    for _ in range(3):
        case.step(PUBLIC, talk.from_client(**SYN), "redirect", talk.to_node(**SYN), FORWARDED,
                  half_open=both("SYN_SENT"))
    yield case

    elsewhere = Conversation(f, node=1, source_port=20000)
    case = Case("tcp SYN repeated after the ring changed goes to the new node while the old never answered",
                world(f, extra=[cursor(1, 7)]))
    case.step(PUBLIC, talk.from_client(**SYN), "redirect", talk.to_node(**SYN), FORWARDED)
    case.step(PUBLIC, elsewhere.from_client(**SYN), "redirect", elsewhere.to_node(**SYN), FORWARDED,
              given=[ring(0, 1)], half_open=both("SYN_SENT"))
    yield case

    case = Case("tcp SYN repeated after the ring changed stays where the node answered", world(f))
    case.step(PUBLIC, talk.from_client(**SYN), "redirect", talk.to_node(**SYN), FORWARDED)
    case.step(PRIVATE, talk.from_node(**SYN_ACK), "redirect", talk.to_client(**SYN_ACK), RETURNED)
    case.step(PUBLIC, talk.from_client(**SYN), "redirect", talk.to_node(**SYN), FORWARDED,
              given=[ring(0, 1)], half_open=both("SYN_RECEIVED"))
    yield case

    case = opened(Case("tcp established flow stays with its node when the ring changes", world(f)), talk)
    case.step(PUBLIC, talk.from_client(REQUEST, **DATA), "redirect", talk.to_node(REQUEST, **DATA), FORWARDED,
              given=[ring(0, 1)])
    yield case

    case = opened(Case("tcp SYN on an established flow is the node's to answer", world(f)), talk)
    case.step(PUBLIC, talk.from_client(**SYN), "redirect", talk.to_node(**SYN), FORWARDED,
              flows=both("ESTABLISHED"))
    yield case

    case = Case("tcp without a flow is reset with the acknowledged number", world(f))
    case.step(PUBLIC, talk.from_client(REQUEST, **DATA), "redirect",
              talk.reset_to_client(flags="R", seq=ISN_NODE + 1, ack=0),
              {"DROP_NO_FLOW": 1, "RESET_SENT": 1}, flows=[], half_open=[])
    yield case

    case = Case("tcp without a flow and without ACK is reset past its end", world(f))
    case.step(PUBLIC, talk.from_client(REQUEST, flags="F", seq=5), "redirect",
              talk.reset_to_client(flags="RA", seq=0, ack=5 + 18 + 1), {"DROP_NO_FLOW": 1, "RESET_SENT": 1})
    yield case

    case = Case("tcp without a flow is dropped when configured so", world(f, on_no_flow=1))
    case.step(PUBLIC, talk.from_client(REQUEST, **DATA), "drop", None, {"DROP_NO_FLOW": 1, "RESET_SENT": 0})
    yield case

    case = Case("tcp reset without a flow is never answered", world(f))
    case.step(PUBLIC, talk.from_client(**RST_CLIENT), "drop", None, {"DROP_NO_FLOW": 1, "RESET_SENT": 0})
    yield case

    case = Case("tcp SYN for a service without nodes is reset",
                world(f, extra=[service(f.vip, 80, TCP_NUMBER, ring=RING_NONE)]))
    case.step(PUBLIC, talk.from_client(**SYN), "redirect", talk.reset_to_client(flags="RA", seq=0, ack=ISN_CLIENT + 1),
              {"DROP_NO_NODES": 1, "RESET_SENT": 1}, half_open=[])
    yield case

    case = Case("tcp SYN for a service without nodes is dropped when configured so",
                world(f, on_no_nodes=1, extra=[service(f.vip, 80, TCP_NUMBER, ring=RING_NONE)]))
    case.step(PUBLIC, talk.from_client(**SYN), "drop", None, {"DROP_NO_NODES": 1, "RESET_SENT": 0})
    yield case

    case = Case("tcp node's own port goes before the service's", world(f, extra=[node(0, f.nodes[0], port=9999)]))
    own = Conversation(f, node_port=9999)
    case.step(PUBLIC, own.from_client(**SYN), "redirect", own.to_node(**SYN), FORWARDED)
    yield case

    case = Case("tcp ring that names an empty node drops", world(f, extra=[ring(0, 7)]))
    case.step(PUBLIC, talk.from_client(**SYN), "drop", None, {"DROP_NODE_INVALID": 1}, half_open=[])
    yield case

    case = Case("tcp new flow to an unresolved next hop drops and is never passed rewritten",
                world(f, extra=[next_hop(0, resolved=0)]))
    case.step(PUBLIC, talk.from_client(**SYN), "drop", None, {"DROP_UNRESOLVED": 1}, half_open=[])
    yield case

    case = opened(Case("tcp established flow whose next hop got lost drops", world(f)), talk)
    case.step(PUBLIC, talk.from_client(REQUEST, **DATA), "drop", None, {"DROP_UNRESOLVED": 1},
              given=[next_hop(0, resolved=0)], flows=both("ESTABLISHED"))
    yield case

    case = Case("tcp TTL that would expire here drops", world(f))
    case.step(PUBLIC, talk.from_client(ttl=1, **SYN), "drop", None, {"DROP_TTL": 1}, half_open=[])
    yield case

    case = Case("tcp TTL of two goes on as one", world(f))
    case.step(PUBLIC, talk.from_client(ttl=2, **SYN), "redirect", talk.to_node(ttl=1, **SYN), FORWARDED)
    yield case

    case = Case("tcp node's TTL that would expire here drops", world(f))
    case.step(PUBLIC, talk.from_client(**SYN), "redirect", talk.to_node(**SYN), FORWARDED)
    case.step(PRIVATE, talk.from_node(ttl=1, **SYN_ACK), "shot", None, {"DROP_TTL": 1})
    yield case

    case = Case("tcp without any source address of the family drops", world(f, sources_v4=(), sources_v6=()))
    case.step(PUBLIC, talk.from_client(**SYN), "drop", None, {"DROP_NO_SOURCE": 1}, half_open=[])
    yield case

    yield from refused_node_cases(f)
    yield from source_port_cases(f)


def refused_node_cases(f):
    talk = Conversation(f)
    give_up = [node(0, f.nodes[0], flags=3)]

    case = opened(Case("tcp node given up: the client's next packet is reset, then the node's", world(f)), talk)
    case.step(PUBLIC, talk.from_client(REQUEST, **DATA), "redirect",
              talk.reset_to_client(flags="R", seq=ISN_NODE + 1, ack=0), {"DROP_NODE_REFUSED": 1, "RESET_SENT": 1},
              given=give_up, flows=both("CLOSED"))
    case.step(PRIVATE, talk.from_node(RESPONSE, **ANSWER), "redirect",
              talk.reset_to_node(flags="R", seq=ISN_CLIENT + 19, ack=0), {"DROP_NODE_REFUSED": 1, "RESET_SENT": 1})
    yield case

    case = opened(Case("tcp node given up: dropped in silence when configured so", world(f, on_node_failure=1)), talk)
    case.step(PUBLIC, talk.from_client(REQUEST, **DATA), "drop", None, {"DROP_NODE_REFUSED": 1, "RESET_SENT": 0},
              given=give_up)
    case.step(PRIVATE, talk.from_node(RESPONSE, **ANSWER), "shot", None, {"DROP_NODE_REFUSED": 1, "RESET_SENT": 0})
    yield case

    case = opened(Case("tcp place taken by another generation: the old flow is not that node's", world(f)), talk)
    case.step(PUBLIC, talk.from_client(REQUEST, **DATA), "redirect",
              talk.reset_to_client(flags="R", seq=ISN_NODE + 1, ack=0), {"DROP_NODE_REFUSED": 1},
              given=[node(0, f.nodes[5], generation=2)])
    yield case

    other = Conversation(f, node=1, source_port=20000)
    case = opened(Case("tcp node given up: a new SYN on the same ports opens a flow to another node",
                       world(f, extra=[cursor(1, 7)])), talk)
    case.step(PUBLIC, other.from_client(**SYN), "redirect", other.to_node(**SYN), FORWARDED,
              given=give_up + [ring(0, 1)], half_open=both("SYN_SENT"), flows=["ESTABLISHED"])
    yield case

    case = Case("tcp node given up while half-open: its answer is reset", world(f))
    case.step(PUBLIC, talk.from_client(**SYN), "redirect", talk.to_node(**SYN), FORWARDED)
    case.step(PRIVATE, talk.from_node(**SYN_ACK), "redirect",
              talk.reset_to_node(flags="R", seq=ISN_CLIENT + 1, ack=0), {"DROP_NODE_REFUSED": 1, "RESET_SENT": 1},
              given=give_up, half_open=[])
    yield case


def source_port_cases(f):
    case = Case("source ports are taken in turn and each by one flow", world(f))
    for n in range(4):
        talk = Conversation(f, port=CLIENT_PORT + n, source_port=20000 + n)
        case.step(PUBLIC, talk.from_client(**SYN), "redirect", talk.to_node(**SYN), FORWARDED)
    yield case

    case = Case("source ports all established: a new flow is refused, the old go on", world(f, ports=(20000, 20001)))
    talks = [Conversation(f, port=CLIENT_PORT + n, source_port=20000 + n) for n in range(2)]
    for talk in talks:
        case.step(PUBLIC, talk.from_client(**SYN), "redirect", talk.to_node(**SYN), FORWARDED)
        case.step(PRIVATE, talk.from_node(**SYN_ACK), "redirect", talk.to_client(**SYN_ACK), RETURNED)
        case.step(PUBLIC, talk.from_client(**ACK), "redirect", talk.to_node(**ACK), FORWARDED)
    late = Conversation(f, port=CLIENT_PORT + 2)
    case.step(PUBLIC, late.from_client(**SYN), "redirect",
              late.reset_to_client(flags="RA", seq=0, ack=ISN_CLIENT + 1), {"DROP_PORTS": 1, "RESET_SENT": 1},
              flows=["ESTABLISHED"] * 4, half_open=[])
    case.step(PUBLIC, talks[0].from_client(REQUEST, **DATA), "redirect", talks[0].to_node(REQUEST, **DATA), FORWARDED)
    yield case

    case = Case("source ports all half-open: the oldest gives way to a newcomer", world(f, ports=(20000, 20001)))
    for n in range(2):
        talk = Conversation(f, port=CLIENT_PORT + n, source_port=20000 + n)
        case.step(PUBLIC, talk.from_client(**SYN), "redirect", talk.to_node(**SYN), FORWARDED)
    late = Conversation(f, port=CLIENT_PORT + 2, source_port=20000)
    case.step(PUBLIC, late.from_client(**SYN), "redirect", late.to_node(**SYN), FORWARDED)
    robbed = Conversation(f, port=CLIENT_PORT, source_port=20000)
    case.step(PUBLIC, padded(robbed.from_client(**ACK)), "redirect",
              robbed.reset_to_client(flags="R", seq=ISN_NODE + 1, ack=0), {"DROP_NO_FLOW": 1},
              note="the half whose pair names another flow leads nowhere")
    yield case

    case = Case("source addresses extend the range", world(f, ports=(20000, 20000), sources_v4=(V4.source, "10.2.0.2"),
                                                           sources_v6=(V6.source, "fd02::2"), extra=[cursor(0, 1)]))
    for n, source in enumerate((f.source, "10.2.0.2" if f is V4 else "fd02::2")):
        talk = Conversation(f, port=CLIENT_PORT + n, source_port=20000, source=source)
        case.step(PUBLIC, talk.from_client(**SYN), "redirect", talk.to_node(**SYN), FORWARDED)
        case.step(PRIVATE, talk.from_node(**SYN_ACK), "redirect", talk.to_client(**SYN_ACK), RETURNED)
    yield case

    source = "10.2.0.2" if f is V4 else "fd02::2"
    case = Case("a hop's own source address goes before the list",
                world(f, sources_v4=(V4.source, "10.2.0.2"), sources_v6=(V6.source, "fd02::2"),
                      extra=[next_hop(0, source=source)]))
    talk = Conversation(f, source=source)
    case.step(PUBLIC, talk.from_client(**SYN), "redirect", talk.to_node(**SYN), FORWARDED)
    yield case

    case = Case("source_nat off keeps the client's address and port", world(f, flags=1))
    talk = Conversation(f, source_port=CLIENT_PORT, source=f.client)
    opened(case, talk)
    yield case

    case = Case("the range is ours: without a flow it is dropped, never passed", world(f))
    talk = Conversation(f)
    case.step(PRIVATE, talk.from_node(**SYN_ACK), "shot", None, {"DROP_NAT_UNKNOWN": 1})
    outside = Conversation(f, source_port=20004)
    case.step(PRIVATE, outside.from_node(**SYN_ACK), "ok", None, {"PASS_NOT_OURS": 1})
    elsewhere = Conversation(f, source=f.nodes[6])
    case.step(PRIVATE, elsewhere.from_node(**SYN_ACK), "ok", None, {"PASS_NOT_OURS": 1})
    yield case

    case = Case("a forward half that lost its pair is not used", world(f))
    case.step(PUBLIC, talk.from_client(**SYN), "redirect", talk.to_node(**SYN), FORWARDED)
    fresh = Conversation(f, source_port=20001)
    reverse_key = (address(f.nodes[0]) + address(f.source) + struct.pack(">HH", 8080, 20000)
                   + bytes([TCP_NUMBER, 0, 0, 0]))
    case.step(PUBLIC, fresh.from_client(**SYN), "redirect", fresh.to_node(**SYN), FORWARDED,
              given=[{"map": "flows", "key": reverse_key.hex(), "delete": True}], half_open=both("SYN_SENT"))
    yield case


def udp_cases(f):
    talk = Conversation(f, transport=UDP)
    query, reply = Raw(b"query"), Raw(b"reply!")

    case = Case("udp exchange is half-open until the node answers", world(f, UDP_NUMBER))
    for _ in range(2):
        case.step(PUBLIC, talk.from_client(query), "redirect", talk.to_node(query), FORWARDED,
                  half_open=both("UDP_ONE_WAY"), flows=[])
    case.step(PRIVATE, talk.from_node(reply), "redirect", talk.to_client(reply), RETURNED,
              half_open=[], flows=both("UDP"))
    case.step(PUBLIC, talk.from_client(query), "redirect", talk.to_node(query), FORWARDED, flows=both("UDP"))
    case.step(PRIVATE, talk.from_node(reply), "redirect", talk.to_client(reply), RETURNED)
    yield case

    other = Conversation(f, transport=UDP, node=1)
    case = Case("udp flow whose node was given up starts anew with another", world(f, UDP_NUMBER, extra=[cursor(1, 7)]))
    case.step(PUBLIC, talk.from_client(query), "redirect", talk.to_node(query), FORWARDED)
    case.step(PRIVATE, talk.from_node(reply), "redirect", talk.to_client(reply), RETURNED)
    case.step(PUBLIC, other.from_client(query), "redirect", other.to_node(query), FORWARDED,
              given=[node(0, f.nodes[0], flags=3), ring(0, 1)])
    yield case

    case = Case("udp empty datagram", world(f, UDP_NUMBER))
    case.step(PUBLIC, talk.from_client(), "redirect", talk.to_node(), FORWARDED)
    yield case

    case = Case("udp service and tcp service on one port are two", world(f, UDP_NUMBER))
    tcp = Conversation(f)
    case.step(PUBLIC, tcp.from_client(**SYN), "pass", None, {"PASS_NOT_OURS": 1})
    yield case

    if f is V4:
        case = Case("udp without a checksum stays without", world(f, UDP_NUMBER))
        case.step(PUBLIC, talk.from_client(query, chksum=0), "redirect", talk.to_node(query, chksum=0), FORWARDED)
        case.step(PRIVATE, talk.from_node(reply, chksum=0), "redirect", talk.to_client(reply, chksum=0), RETURNED)
        yield case

    # A payload for which the rewritten checksum would come out as zero, which means "none": it goes as 0xffff.
    base = Ether(talk.to_node(Raw(b"\0\0")))[UDP].chksum
    case = Case("udp checksum that comes out as zero goes as all ones", world(f, UDP_NUMBER))
    zero = Raw(struct.pack(">H", base))
    case.step(PUBLIC, talk.from_client(zero), "redirect", talk.to_node(zero, chksum=0xFFFF), FORWARDED)
    yield case


def passing_cases(f):
    talk = Conversation(f)
    other_vip = Conversation(Family(f.name, f.client, f.other_client, f.stranger, f.vip, f.source, f.nodes, f.l3))
    case = Case("another address, another port: passed untouched", world(f))
    case.step(PUBLIC, other_vip.from_client(**SYN), "pass", None, {"PASS_NOT_OURS": 1})
    case.step(PUBLIC, Conversation(f, vip_port=81).from_client(**SYN), "pass", None, {"PASS_NOT_OURS": 1})
    yield case

    case = Case("a control port wins over a service", world(f, extra=[control_ports(tcp=[80])]))
    case.step(PUBLIC, talk.from_client(**SYN), "pass", None, {"PASS_CONTROL": 1})
    case.step(PRIVATE, Conversation(f, source_port=80).from_node(**SYN_ACK), "ok", None, {"PASS_CONTROL": 1})
    yield case

    case = Case("a udp control port says nothing about tcp", world(f, extra=[control_ports(udp=[80])]))
    case.step(PUBLIC, talk.from_client(**SYN), "redirect", talk.to_node(**SYN), FORWARDED)
    yield case


def vlan_cases(f):
    talk = Conversation(f)

    def tagged(data, *tags):
        packet = Ether(data)
        inner = packet.payload
        head = Ether(src=packet.src, dst=packet.dst)
        for tag in tags:
            head = head / tag
        return bytes(head / inner)

    case = Case("vlan tag of the public side does not travel to the node", world(f))
    case.step(PUBLIC, tagged(talk.from_client(**SYN), Dot1Q(vlan=100)), "redirect", talk.to_node(**SYN), FORWARDED)
    yield case
    case = Case("vlan two tags of the public side do not travel to the node", world(f))
    case.step(PUBLIC, tagged(talk.from_client(**SYN), Dot1AD(vlan=7), Dot1Q(vlan=100)), "redirect",
              talk.to_node(**SYN), FORWARDED)
    yield case
    case = Case("vlan tag of the node's hop is pushed", world(f, extra=[next_hop(0, tags=[200])]))
    case.step(PUBLIC, talk.from_client(**SYN), "redirect", tagged(talk.to_node(**SYN), Dot1Q(vlan=200)), FORWARDED)
    case.step(PUBLIC, tagged(talk.from_client(**SYN), Dot1Q(vlan=100)), "redirect",
              tagged(talk.to_node(**SYN), Dot1Q(vlan=200)), FORWARDED)
    yield case
    case = Case("vlan two tags of the node's hop are pushed", world(f, extra=[next_hop(0, tags=[300, 200])]))
    case.step(PUBLIC, talk.from_client(**SYN), "redirect",
              tagged(talk.to_node(**SYN), Dot1AD(vlan=300), Dot1Q(vlan=200)), FORWARDED)
    yield case
    case = Case("vlan reset keeps the tag it came with", world(f))
    reset = frame(MAC_PUBLIC, MAC_CLIENT, f.reply_ip(f.vip, f.client),
                  TCP(sport=80, dport=CLIENT_PORT, window=0, flags="R", seq=ISN_NODE + 1, ack=0))
    case.step(PUBLIC, tagged(talk.from_client(REQUEST, **DATA), Dot1Q(vlan=100)), "redirect",
              padded(tagged(reset, Dot1Q(vlan=100))), {"DROP_NO_FLOW": 1, "RESET_SENT": 1})
    yield case
    case = Case("vlan three tags are not ours to judge", world(f))
    case.step(PUBLIC, tagged(talk.from_client(**SYN), Dot1Q(vlan=1), Dot1Q(vlan=2), Dot1Q(vlan=3)), "pass", None,
              {"PASS_UNPARSED": 1})
    yield case


def cases():
    for family in (V4, V6):
        for source in (tcp_cases, udp_cases, passing_cases, vlan_cases):
            for case in source(family):
                case.record["name"] = family.name + " " + case.record["name"]
                yield case.record
