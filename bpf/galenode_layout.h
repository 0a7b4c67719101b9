/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the node's program and user space share. Addresses are as in galelb_layout.h. */
#ifndef GALENODE_LAYOUT_H
#define GALENODE_LAYOUT_H

#include "galelb_layout.h"

enum galenode_limit {
	GALENODE_ADDRESSES_MAX = 4096,
};

/* addresses: HASH by struct gale_address. What an address of this node is: bits. */
enum galenode_role {
	GALENODE_ROLE_TUNNEL_END = 1, /* replicas send packets inside others to it */
	GALENODE_ROLE_SERVICE = 2,    /* what comes inside may be for it */
};

/* Why a packet left as it did: the index into outcomes. Each packet counts exactly one. */
enum galenode_outcome {
	GALENODE_PASSED = 0,		/* no packet inside another, or not for this node */
	GALENODE_UNWRAPPED = 1,		/* passed to the kernel without the outer header */
	GALENODE_PASSED_UNHELD = 2,	/* for this node, but the one inside is for no service address held here */
	GALENODE_PASSED_FRAGMENT = 3,	/* for this node, but in pieces: replicas never send such */
	GALENODE_PASSED_MALFORMED = 4,	/* for this node, and its headers contradict themselves or the frame */
	GALENODE_DROPPED_CONGESTED = 5, /* a router marked congestion that the inner packet cannot carry (RFC 6040, 4.2) */
	GALENODE_OUTCOMES = 6,
};

#endif
