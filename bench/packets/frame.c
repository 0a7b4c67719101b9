// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Frames: 64 bytes over IPv4, 80 over IPv6, from a client whose address and port the reset program varies. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include "measure.h"

enum {
	ETHERNET_BYTES = 14,
	IPV4_BYTES = 20,
	IPV6_BYTES = 40,
	TCP_BYTES = 20,
	SERVICE_PORT = 80,
	CONTROL_PORT = 22,
	TCP_FLAG_ACK = 0x10,
	TCP_FLAG_SYN = 0x02,
	HOPS = 64,
};

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = value >> 8;
	at[1] = value;
}

static uint32_t sum(const uint8_t *bytes, int length)
{
	uint32_t total = 0;

	for (int n = 0; n < length; n += 2)
		total += (uint32_t)bytes[n] << 8 | bytes[n + 1];
	return total;
}

static uint32_t fold(uint32_t total)
{
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return total;
}

struct gale_address service_address(enum target target, int ipv6)
{
	struct gale_address address = {};
	char text[INET6_ADDRSTRLEN];
	uint8_t *bytes = (uint8_t *)&address;

	if (ipv6) {
		snprintf(text, sizeof(text), "2001:db8:f::%x", 0x80 + target);
		inet_pton(AF_INET6, text, bytes);
		return address;
	}
	bytes[10] = bytes[11] = 0xff;
	snprintf(text, sizeof(text), "203.0.113.%d", 80 + target);
	inet_pton(AF_INET, text, bytes + 12);
	return address;
}

/* The IP header; the low 16 bits of the source stay 0. Returns its length. */
static int write_ip(struct cell *cell, enum packet_kind kind, enum target target, enum clients clients, int payload)
{
	struct gale_address service = service_address(target == TO_CONTROL_PORT ? TO_L4 : target, is_ipv6(kind));
	uint8_t *ip = cell->template + ETHERNET_BYTES;
	uint8_t protocol = is_udp(kind) ? IPPROTO_UDP : IPPROTO_TCP;

	if (is_ipv6(kind)) {
		put16(ip - 2, 0x86dd);
		ip[0] = 0x60;
		put16(ip + 4, payload);
		ip[6] = protocol;
		ip[7] = HOPS;
		inet_pton(AF_INET6, "2001:db8:c::", ip + 8);
		ip[13] = clients;
		memcpy(ip + 24, &service, 16);
		cell->source_at = ETHERNET_BYTES + 22;
		return IPV6_BYTES;
	}
	put16(ip - 2, 0x0800);
	ip[0] = 0x45;
	put16(ip + 2, IPV4_BYTES + payload);
	ip[8] = HOPS;
	ip[9] = protocol;
	inet_pton(AF_INET, "198.18.0.0", ip + 12);
	ip[13] += clients;
	memcpy(ip + 16, (uint8_t *)&service + 12, 4);
	cell->source_at = ETHERNET_BYTES + 14;
	cell->ip_check_at = ETHERNET_BYTES + 10;
	cell->ip_sum = fold(sum(ip, IPV4_BYTES));
	return IPV4_BYTES;
}

void build_cell(struct cell *cell, enum packet_kind kind, enum target target, enum clients clients, uint32_t flows)
{
	static const uint8_t macs[12] = { 2, 0, 0, 0, 0, 0xf1, 2, 0, 0, 0, 0, 0xc1 };
	int ip_bytes, payload, addresses_at;
	uint8_t *l4;

	memset(cell, 0, sizeof(*cell));
	memcpy(cell->template, macs, sizeof(macs));
	cell->length = is_ipv6(kind) ? TEMPLATE_LONG : TEMPLATE_SHORT;
	cell->flow_mask = flows - 1;
	payload = cell->length - ETHERNET_BYTES - (is_ipv6(kind) ? IPV6_BYTES : IPV4_BYTES);
	ip_bytes = write_ip(cell, kind, target, clients, payload);
	l4 = cell->template + ETHERNET_BYTES + ip_bytes;
	cell->port_at = ETHERNET_BYTES + ip_bytes;
	put16(l4 + 2, target == TO_CONTROL_PORT ? CONTROL_PORT : SERVICE_PORT);
	if (is_udp(kind)) {
		put16(l4 + 4, payload);
		cell->l4_check_at = cell->port_at + 6;
	} else {
		l4[12] = TCP_BYTES / 4 << 4;
		l4[13] = kind == SYN4 || kind == SYN6 ? TCP_FLAG_SYN : TCP_FLAG_ACK;
		put16(l4 + 14, 0xffff);
		cell->l4_check_at = cell->port_at + 16;
	}
	addresses_at = ETHERNET_BYTES + (is_ipv6(kind) ? 8 : 12);
	cell->l4_sum = fold(sum(cell->template + addresses_at, is_ipv6(kind) ? 32 : 8) + (is_udp(kind) ? IPPROTO_UDP : IPPROTO_TCP) +
			    payload + sum(l4, payload));
}
