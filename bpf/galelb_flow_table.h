/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The table of flows: sets of 31 halves, one page of memory each, so that a look-up costs one miss of the TLB and the lines it reads: the
 * tags, one for each slot, and the one slot it is after. A half is in the slot that its hash prefers where that was free, so that most
 * are read without waiting for the tags. The kernel's own hash map chains elements, three or four lines each and each in a page of its
 * own, and would have to be asked once more for half-open flows, which it must keep elsewhere to be able to let go of them.
 *
 * A lock orders all who write into a set. Who reads takes none: a slot's version tells whether what was copied belongs
 * together. That relies on stores and loads being seen in their order, as on x86.
 */
#ifndef GALELB_FLOW_TABLE_H
#define GALELB_FLOW_TABLE_H

#include <linux/errno.h>
#include "galelb_clock.h"
#include "galelb_maps.h"
#include "galelb_node.h"
#include "galelb_packet.h"
#include "galelb_ring.h"
#include "galelb_trace.h"

#define barrier() asm volatile("" ::: "memory")

/* Four tags in a word: the lowest and the highest bit of each. */
#define TAG_LOW 0x0001000100010001ull
#define TAG_HIGH 0x8000800080008000ull

enum {
	TAG_WORDS = (GALE_FLOW_SLOTS + 1) / 4,
	SLOT_BITS = 5,
	SLOT_MASK = (1 << SLOT_BITS) - 1,
	RANK_HALF_OPEN = 0x8000,
	RANK_AGE_MASK = 0x7fff,
	RANK_SHIFT = 5,	    /* from milliseconds */
	CANDIDATES_MAX = 4, /* slots of one tag that are looked at: a fifth in a set comes once in 10^14 sets */
	NO_SLOT = -1,
};

/* Where a key is. */
struct flow_place {
	__u64 pattern; /* its tag, four times */
	__u32 set;
	__u32 preferred; /* its slot, if that was free */
};

/* Of the key's bytes as they are; two chains that a processor follows at once. */
static __always_inline __u64 flow_hash(const struct gale_flow_key *key, __u32 seed)
{
	const __u64 *words = (const __u64 *)key;
	__u64 a = hash_word(hash_word(seed, words[0]), words[2]);
	__u64 b = hash_word(hash_word(~(__u64)seed, words[1]), words[3]);

	return hash_word(hash_word(a, b), words[4]);
}

static __always_inline void flow_place(const struct gale_config *settings, const struct gale_flow_key *key, struct flow_place *place)
{
	__u64 hash = flow_hash(key, settings->flow_seed);
	__u64 tag = hash & 0xffff;

	place->pattern = (tag ? tag : 1) * TAG_LOW;
	place->set = ((hash >> 32) * settings->flow_sets) >> 32;
	place->preferred = (((__u32)hash >> 16) * GALE_FLOW_SLOTS) >> 16;
}

typedef __u64 __attribute__((may_alias)) tag_word_t;

/*
 * Which of the set's tags equal the pattern's: bit 16 * n + word for tag n of a word. The lowest bit is right, those above it may be set for
 * others too. Without branches, and without a slot's number being known to the verifier, which would go on from here once
 * for each.
 */
static __always_inline __u64 tags_equal(const struct gale_flow_set *set, __u64 pattern)
{
	const tag_word_t *words = (const tag_word_t *)set->tag;
	__u64 equal = 0;

#pragma clang loop unroll(full)
	for (int word = 0; word < TAG_WORDS; word++) {
		__u64 difference = words[word] ^ pattern;
		__u64 zero = (difference - TAG_LOW) & ~difference & TAG_HIGH;

		equal |= zero >> (15 - word);
	}
	return equal & ~(1ull << (16 * 3 + TAG_WORDS - 1)); /* the tag that has no slot */
}

/* The slot of the lowest bit. How many bits are below it is counted, for want of an instruction that tells. */
static __always_inline __u32 tags_lowest(__u64 equal)
{
	__u64 below = (equal & -equal) - 1;
	__u32 bit;

	below -= below >> 1 & 0x5555555555555555ull;
	below = (below & 0x3333333333333333ull) + (below >> 2 & 0x3333333333333333ull);
	below = (below + (below >> 4)) & 0x0f0f0f0f0f0f0f0full;
	bit = (below * 0x0101010101010101ull) >> 56;
	return ((bit & 15) << 2 | bit >> 4) & SLOT_MASK;
}

/*
 * A slot's address. Where one more would lie are the tags: so the verifier sees that no number of five bits leads out of the set. Older ones
 * have to see the mask for that, which the compiler would find needless.
 */
static __always_inline struct gale_flow_slot *slot_at(struct gale_flow_set *set, __u64 index)
{
	asm volatile("" : "+r"(index));
	return (struct gale_flow_slot *)set + (index & SLOT_MASK);
}

/* A slot's tag or rank. */
static __always_inline __u16 *mark_at(__u16 *marks, __u64 index)
{
	asm volatile("" : "+r"(index));
	return marks + (index & SLOT_MASK);
}

static __always_inline int flow_key_equal(const struct gale_flow_key *a, const struct gale_flow_key *b)
{
	const __u64 *x = (const __u64 *)a, *y = (const __u64 *)b;

	return !((x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]) | (x[3] ^ y[3]) | (x[4] ^ y[4]));
}

/* Whether a half is paired with the other that other_key leads to. */
static __always_inline int flow_names(const struct gale_flow *flow, const struct gale_flow_key *other_key)
{
	return flow->source_port == other_key->destination_port && flow->destination_port == other_key->source_port &&
	       address_equal(&flow->source, &other_key->destination) && address_equal(&flow->destination, &other_key->source);
}

static __always_inline __u32 flow_timeout_ms(const struct gale_config *settings, __u64 state)
{
	asm volatile("" : "+r"(state)); /* or the number that is judged is not, for older verifiers, the one that is used */
	return state < GALE_FLOW_STATES ? settings->timeout_ms[state] : 0;
}

static __always_inline int state_is_half_open(__u8 state)
{
	return state <= GALE_FLOW_SYN_RECEIVED || state == GALE_FLOW_UDP_ONE_WAY;
}

static __always_inline struct flow_order *flow_order(__u32 order_place)
{
	return bpf_map_lookup_elem(&flow_orders, &order_place);
}

/* Has the line at an address brought here, which nothing waits for: what is to be written is fetched beside what is read, not after it. */
static __always_inline void fetch(const void *line)
{
	__u8 byte = *(const volatile __u8 *)line;

	asm volatile("" : : "r"(byte));
}

static __always_inline void slot_fetch(const struct gale_flow_slot *slot)
{
	fetch(slot);
	fetch(&slot->version);
}

/* Copies a slot's half into the order's found, if it has the order's key and is not being replaced at this very moment. */
static __always_inline int slot_read(const struct gale_flow_slot *slot, struct flow_order *order)
{
	__u32 version = *(const volatile __u32 *)&slot->version;

	barrier();
	if (!flow_key_equal(&slot->key, &order->key))
		return 0;
	order->found = slot->flow;
	barrier();
	return !(version & 1) && version == *(const volatile __u32 *)&slot->version;
}

/*
 * Copies the half that the order's key leads to into found. Its slot's number, or -1 when there is none. One that is being replaced at
 * this very moment is none.
 */
__attribute__((noinline)) int flow_find_order(__u32 order_place)
{
	struct flow_order *order = flow_order(order_place);
	struct gale_config *settings = config_lookup();
	struct gale_flow_set *set;
	struct flow_place place;
	__u32 index;
	__u64 equal;

	if (!settings || !order)
		return -1;
	flow_place(settings, &order->key, &place);
	set = bpf_map_lookup_elem(&flows, &place.set);
	if (!set)
		return -1;
	/* A processor that guesses rightly reads tag and slot at once. */
	index = place.preferred;
	if (likely(*mark_at(set->tag, index) == (__u16)place.pattern && slot_read(slot_at(set, index), order)))
		return place.set << SLOT_BITS | index;
	equal = tags_equal(set, place.pattern);
#pragma clang loop unroll(disable)
	for (int n = 0; n < CANDIDATES_MAX && equal; n++) {
		index = tags_lowest(equal);
		if (likely(slot_read(slot_at(set, index), order)))
			return place.set << SLOT_BITS | index;
		equal &= equal - 1;
	}
	slot_fetch(slot_at(set, place.preferred));
	return -1;
}

/* flow_find_order of a packet's key; the half is found in the order. */
static __always_inline int flow_find(struct flow_order *order, const struct gale_flow_key *key)
{
	order->key = *key;
	return flow_find_order(FLOW_ORDER_PACKET);
}

/* The number of the key's slot, or -1. Under the set's lock. */
static __always_inline int set_find(struct gale_flow_set *set, const struct gale_flow_key *key, __u64 pattern)
{
	__u64 equal = tags_equal(set, pattern);
	__u32 index;

#pragma clang loop unroll(disable)
	for (int n = 0; n < CANDIDATES_MAX && equal; n++) {
		index = tags_lowest(equal);
		barrier(); /* the key read again: kept in registers it would take stack, of which there is little */
		if (flow_key_equal(&slot_at(set, index)->key, key))
			return index;
		equal &= equal - 1;
	}
	return -1;
}

/* The number of a free slot, the preferred one if it can be, or -1 in a full set. */
static __always_inline int set_free(struct gale_flow_set *set, __u32 preferred)
{
	__u64 free;

	if (likely(!*mark_at(set->tag, preferred)))
		return preferred;
	free = tags_equal(set, 0);
	return free ? (int)tags_lowest(free) : -1;
}

/*
 * The number of the half-open flow in a full set that was seen longest ago, the spared one aside, or -1 when there is none. Among equally
 * old ones mix decides, which differs from key to key. Without branches: so many of them would be as many paths for the verifier,
 * squared.
 */
static __always_inline int set_oldest(const struct gale_flow_set *set, __u32 now, __u32 mix, __u32 spared)
{
	__u64 oldest = 0, age, rank;

	mix &= SLOT_MASK;
#pragma clang loop unroll(disable)
	for (__u32 index = 0; index < GALE_FLOW_SLOTS; index++) {
		rank = set->rank[index];
		age = (((now - rank) & RANK_AGE_MASK) + 1) << SLOT_BITS | (index ^ mix);
		age *= rank >> 15;				    /* a settled one has none, */
		age *= ((index ^ spared) + SLOT_MASK) >> SLOT_BITS; /* nor has the spared one */
		oldest += (age - oldest) * ((oldest - age) >> 63);  /* if it is older: the difference is negative */
	}
	return oldest ? (int)((oldest ^ mix) & SLOT_MASK) : -1;
}

static __always_inline __u16 flow_rank(const struct gale_flow *flow)
{
	return state_is_half_open(flow->state) ? RANK_HALF_OPEN | (flow->last_seen_ms >> RANK_SHIFT & RANK_AGE_MASK) : 0;
}

static __always_inline void slot_write(struct gale_flow_set *set, __u32 index, const struct gale_flow_key *key,
				       const struct gale_flow *flow, __u64 pattern)
{
	struct gale_flow_slot *slot = slot_at(set, index);

	*(volatile __u32 *)&slot->version += 1;
	barrier();
	slot->key = *key;
	slot->flow = *flow;
	barrier();
	*(volatile __u32 *)&slot->version += 1;
	*mark_at(set->rank, index) = flow_rank(flow);
	*mark_at(set->tag, index) = pattern;
}

/* What is to become of a half that has the key already. */
enum flow_insertion {
	FLOW_CLAIM = 0,		  /* it stays, unless it is half-open and has outlived its timeout */
	FLOW_CLAIM_HALF_OPEN = 1, /* it stays, unless it is half-open */
	FLOW_REPLACE = 2,
};

/*
 * The order that flow_insert gives. A global function: the verifier goes through it once, not on each way that leads here; its
 * arguments are in flow_orders since before 5.13 it takes no pointers to them.
 */
__attribute__((noinline)) int flow_insert_order(__u32 order_place, __u32 insertion, __u32 spared)
{
	struct flow_order *order = flow_order(order_place);
	struct gale_config *settings = config_lookup();
	struct gale_flow *flow, *holder;
	struct gale_flow_key *key;
	struct gale_flow_set *set;
	struct flow_place place;
	struct flow_lock *lock;
	__u32 lock_index;
	int index, result = 0;

	if (!settings || !order)
		return -EINVAL;
	key = &order->key;
	flow = &order->flow;
	flow_place(settings, key, &place);
	spared = spared >> SLOT_BITS == place.set ? spared & SLOT_MASK : SLOT_MASK;
	lock_index = place.set % FLOW_LOCKS;
	lock = bpf_map_lookup_elem(&flow_locks, &lock_index);
	set = bpf_map_lookup_elem(&flows, &place.set);
	if (!lock || !set)
		return -EINVAL;

	slot_fetch(slot_at(set, place.preferred));
	bpf_spin_lock(&lock->lock);
	index = set_find(set, key, place.pattern);
	if (index >= 0) {
		holder = &slot_at(set, index)->flow;
		if (insertion != FLOW_REPLACE &&
		    (!state_is_half_open(holder->state) || (insertion == FLOW_CLAIM && (__u32)(flow->last_seen_ms - holder->last_seen_ms) <
											   flow_timeout_ms(settings, holder->state))))
			result = -EEXIST;
	} else {
		index = set_free(set, place.preferred);
		if (index < 0)
			index = set_oldest(set, flow->last_seen_ms >> RANK_SHIFT, place.pattern, spared);
		if (index < 0)
			result = -ENOSPC;
	}
	if (!result) {
		slot_write(set, index, key, flow, place.pattern);
		result = place.set << SLOT_BITS | (index & SLOT_MASK);
	}
	bpf_spin_unlock(&lock->lock);
	return result;
}

/* flow_insert of what is in flow_orders already. */
static __always_inline int flow_insert_prepared(__u32 insertion, int spared)
{
	return is_explaining() ? 0 : flow_insert_order(FLOW_ORDER_PACKET, insertion, spared);
}

/*
 * Puts a half into the table. Where its set is full the oldest half-open one in it gives way, but not the one in the spared slot, its own pair.
 * Its slot's number, -EEXIST, or -ENOSPC when all are settled.
 */
static __always_inline int flow_insert(const struct gale_flow_key *key, const struct gale_flow *flow, __u32 insertion, int spared)
{
	struct flow_order *order = flow_order(FLOW_ORDER_PACKET);

	if (!order)
		return -EINVAL;
	order->key = *key;
	order->flow = *flow;
	return flow_insert_prepared(insertion, spared);
}

enum flow_change {
	FLOW_ADVANCE = 0, /* a half-open one is in this state from now on, and was seen now; a settled one stays as it is */
	FLOW_CLOSE = 1,	  /* value: enum flow_close */
	FLOW_DELETE = 2,
	FLOW_EXPIRE = 3, /* delete it if it was last seen longer ago than value, in ms */
};

enum flow_close {
	CLOSE_CLIENT_FIN = 1,
	CLOSE_NODE_FIN = 2,
	CLOSE_RESET = 4,
};

static __always_inline int flow_is_idle(const struct gale_flow *flow, __u32 timeout_ms, __u32 now_ms)
{
	__u32 age = now_ms - flow->last_seen_ms;

	/* A time stamp of a moment ahead is a packet that came after the clock was read, not one of 49 days ago. */
	return age < 0x80000000u && age > timeout_ms;
}

static __always_inline void flow_close(struct gale_flow *flow, __u32 how)
{
	if (how & CLOSE_CLIENT_FIN)
		flow->fin_client = 1;
	if (how & CLOSE_NODE_FIN)
		flow->fin_node = 1;
	if (how & CLOSE_RESET)
		flow->state = GALE_FLOW_CLOSED;
	else if (flow->state != GALE_FLOW_CLOSED)
		flow->state = flow->fin_client && flow->fin_node ? GALE_FLOW_TIME_WAIT : GALE_FLOW_FIN;
}

/* The order that flow_change gives. */
__attribute__((noinline)) int flow_change_order(__u32 order_place, __u32 change, __u32 value, __u32 now_ms)
{
	struct flow_order *order = flow_order(order_place);
	struct gale_config *settings = config_lookup();
	struct gale_flow_key *key;
	struct gale_flow_set *set;
	struct flow_place place;
	struct flow_lock *lock;
	struct gale_flow *flow;
	int index, error = 0;
	__u32 lock_index;

	if (!settings || !order)
		return -EINVAL;
	key = &order->key;
	flow_place(settings, key, &place);
	lock_index = place.set % FLOW_LOCKS;
	lock = bpf_map_lookup_elem(&flow_locks, &lock_index);
	set = bpf_map_lookup_elem(&flows, &place.set);
	if (!lock || !set)
		return -EINVAL;

	bpf_spin_lock(&lock->lock);
	index = set_find(set, key, place.pattern);
	flow = &slot_at(set, index)->flow;
	if (index < 0 || !flow_names(flow, &order->other_key)) {
		error = -ENOENT;
	} else if (change == FLOW_ADVANCE) {
		if (state_is_half_open(flow->state)) {
			flow->state = value;
			flow->last_seen_ms = now_ms;
			*mark_at(set->rank, index) = flow_rank(flow);
		}
	} else if (change == FLOW_CLOSE) {
		flow_close(flow, value);
	} else if (change == FLOW_DELETE || flow_is_idle(flow, value, now_ms)) {
		*mark_at(set->tag, index) = 0;
	} else {
		error = -ENOENT;
	}
	bpf_spin_unlock(&lock->lock);
	return error;
}

/* Changes the half under key, if it is paired with other_key. 0, or -ENOENT when it is not there, or another's, or to stay. */
static __always_inline int flow_change_from(__u32 order_place, const struct gale_flow_key *key, const struct gale_flow_key *other_key,
					    __u32 change, __u32 value, __u32 now_ms)
{
	struct flow_order *order = flow_order(order_place);

	if (!order)
		return -EINVAL;
	if (is_explaining())
		return 0;
	order->key = *key;
	order->other_key = *other_key;
	return flow_change_order(order_place, change, value, now_ms);
}

static __always_inline int flow_change(const struct gale_flow_key *key, const struct gale_flow_key *other_key, __u32 change, __u32 value,
				       __u32 now_ms)
{
	return flow_change_from(FLOW_ORDER_PACKET, key, other_key, change, value, now_ms);
}

/* Notes that a settled half was seen. Should its slot have been given to another a moment ago, that one was seen now as well. */
static __noinline int flow_note_seen(__u32 slot, __u32 now_ms)
{
	__u32 number = slot >> SLOT_BITS;
	struct gale_flow_set *set = bpf_map_lookup_elem(&flows, &number);

	if (set && !is_explaining())
		slot_at(set, slot)->flow.last_seen_ms = now_ms;
	return 0;
}

#endif
