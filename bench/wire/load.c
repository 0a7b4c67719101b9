// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * load - both ends of the load that bench/wire puts through a load balancer.
 *
 *   load serve ADDRESS HTTP-PORT SINK-PORT        a node: answers HTTP, and takes TCP and UDP on SINK-PORT without looking at it
 *   load http ADDRESS PORT CONNECTIONS SECONDS close|keep
 *        one request after the other on each connection, or a new connection for each; prints
 *        "requests R errors E p50 MICROSECONDS p99 MICROSECONDS" (of close: from connect to the whole answer)
 *   load bulk ADDRESS PORT FLOWS SECONDS          prints "gbps G": payload acknowledged by the other end, after half a second of warm-up
 *   load udp ADDRESS PORT FLOWS SECONDS RATE      18-byte datagrams (60-byte frames) from FLOWS ports, RATE a second (0: as fast as
 *                                                 they go); prints "sent N"
 *
 * One thread and epoll at each end: on a machine with few processors more threads would measure the scheduler. ADDRESS is numeric, of
 * either family. Exit 1 with one line when the load could not be given at all; single failures are counted as errors.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_CONNECTIONS 1024
#define PATIENCE_NS 2000000000ull /* of one request; more is an error */
#define EVENTS 128

static const char request_keep[] = "GET / HTTP/1.1\r\nHost: wire\r\n\r\n";
static const char request_close[] = "GET / HTTP/1.1\r\nHost: wire\r\nConnection: close\r\n\r\n";
static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nok\n";
#define ANSWER_LENGTH (sizeof(answer) - 1)

static char scratch[1 << 18];

static void die(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

static struct addrinfo *resolve(const char *address, const char *port, int type)
{
	struct addrinfo hints = { .ai_socktype = type, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV }, *found;
	int error = getaddrinfo(address, port, &hints, &found);

	if (error) {
		fprintf(stderr, "load: %s port %s: %s\n", address, port, gai_strerror(error));
		exit(1);
	}
	return found;
}

static int number(const char *text, int least, int most, const char *what)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (*end || end == text || value < least || value > most) {
		fprintf(stderr, "load: %s: expected a number from %d to %d, not '%s'\n", what, least, most, text);
		exit(1);
	}
	return (int)value;
}

static void watch(int poll, int fd, uint32_t events, uint64_t data)
{
	struct epoll_event event = { .events = events, .data.u64 = data };

	if (epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event))
		die("epoll_ctl");
}

/* ---- the node's end ---- */

enum { LISTEN_HTTP, LISTEN_SINK, DATAGRAMS, HTTP, SINK };

static int bound(const char *address, const char *port, int type)
{
	struct addrinfo *where = resolve(address, port, type);
	int on = 1, buffer = 1 << 22, fd = socket(where->ai_family, type | SOCK_NONBLOCK, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_SOCKET, type == SOCK_DGRAM ? SO_RCVBUFFORCE : SO_REUSEPORT, type == SOCK_DGRAM ? &buffer : &on,
		       sizeof(on)) ||
	    bind(fd, where->ai_addr, where->ai_addrlen) || (type == SOCK_STREAM && listen(fd, 4096)))
		die("bind");
	freeaddrinfo(where);
	return fd;
}

/* Takes what is there and answers each request; false when the connection is over. */
static bool serve_http(int fd)
{
	ssize_t got = recv(fd, scratch, sizeof(scratch) - 1, 0);
	bool last;

	if (got <= 0)
		return got < 0 && errno == EAGAIN;
	/* Requests are smaller than a segment and each waits for its answer: one read is one request. */
	scratch[got] = 0;
	last = strstr(scratch, "Connection: close");
	if (send(fd, answer, ANSWER_LENGTH, MSG_NOSIGNAL) != (ssize_t)ANSWER_LENGTH)
		return false;
	return !last;
}

/* Takes what is there without copying it; false when the connection is over. */
static bool sink(int fd)
{
	ssize_t got = recv(fd, NULL, 1 << 20, MSG_TRUNC);

	return got > 0 || (got < 0 && errno == EAGAIN);
}

static void accept_all(int poll, int listener, int kind)
{
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0)
		watch(poll, fd, EPOLLIN, (uint64_t)kind << 32 | (uint32_t)fd);
}

static _Noreturn int serve(char **args)
{
	int poll = epoll_create1(0), datagrams = bound(args[0], args[2], SOCK_DGRAM);
	struct epoll_event events[EVENTS];
	struct iovec vectors[64];
	struct mmsghdr messages[64] = {};

	for (int i = 0; i < 64; i++) {
		vectors[i] = (struct iovec){ scratch + i * 64, 64 };
		messages[i].msg_hdr = (struct msghdr){ .msg_iov = &vectors[i], .msg_iovlen = 1 };
	}
	for (int kind = LISTEN_HTTP; kind <= LISTEN_SINK; kind++) {
		int fd = bound(args[0], args[1 + kind], SOCK_STREAM);

		watch(poll, fd, EPOLLIN, (uint64_t)kind << 32 | (uint32_t)fd);
	}
	watch(poll, datagrams, EPOLLIN, (uint64_t)DATAGRAMS << 32 | (uint32_t)datagrams);
	for (;;) {
		int count = epoll_wait(poll, events, EVENTS, -1);

		for (int i = 0; i < count; i++) {
			int kind = (int)(events[i].data.u64 >> 32), fd = (int)(uint32_t)events[i].data.u64;
			bool open = true;

			if (kind == LISTEN_HTTP || kind == LISTEN_SINK)
				accept_all(poll, fd, kind == LISTEN_HTTP ? HTTP : SINK);
			else if (kind == DATAGRAMS)
				recvmmsg(fd, messages, 64, 0, NULL);
			else if (kind == HTTP)
				open = serve_http(fd);
			else
				open = sink(fd);
			if (!open)
				close(fd);
		}
	}
}

/* ---- requests ---- */

struct connection {
	int fd;
	uint32_t got;
	uint64_t since;
	bool sent;
};

static struct connection connections[MAX_CONNECTIONS];
static uint32_t took[1000001]; /* requests by microseconds; the last has all that took longer */
static uint64_t requests, errors;

static void ask(struct connection *c, bool keep)
{
	const char *text = keep ? request_keep : request_close;
	size_t length = keep ? sizeof(request_keep) - 1 : sizeof(request_close) - 1;

	if (keep)
		c->since = now_ns();
	c->got = 0;
	c->sent = send(c->fd, text, length, MSG_NOSIGNAL) == (ssize_t)length;
}

static void dial(int poll, struct connection *c, const struct addrinfo *to)
{
	int index = (int)(c - connections), on = 1;

	c->since = now_ns();
	c->sent = false;
	c->got = 0;
	c->fd = socket(to->ai_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (c->fd < 0 || setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)))
		die("socket");
	/* A full range of ports, say, is an error of this connection: the patience below takes it up again. */
	connect(c->fd, to->ai_addr, to->ai_addrlen);
	watch(poll, c->fd, EPOLLIN | EPOLLOUT | EPOLLET, (uint64_t)index);
}

static void redial(int poll, struct connection *c, const struct addrinfo *to, bool failed)
{
	errors += failed;
	close(c->fd);
	dial(poll, c, to);
}

static void turn(int poll, struct connection *c, const struct addrinfo *to, bool keep)
{
	if (!c->sent)
		ask(c, keep);
	for (;;) {
		char part[256];
		ssize_t got = recv(c->fd, part, sizeof(part), 0);
		uint64_t microseconds;

		if (got < 0 && (errno == EAGAIN || errno == ENOTCONN))
			return;
		if (got <= 0 || c->got + (size_t)got > ANSWER_LENGTH || memcmp(part, answer + c->got, (size_t)got)) {
			redial(poll, c, to, true);
			return;
		}
		c->got += (uint32_t)got;
		if (c->got < ANSWER_LENGTH)
			continue;
		microseconds = (now_ns() - c->since) / 1000;
		took[microseconds < 1000000 ? microseconds : 1000000]++;
		requests++;
		if (!keep) {
			redial(poll, c, to, false);
			return;
		}
		ask(c, true);
	}
}

static unsigned percentile(unsigned percent)
{
	uint64_t seen = 0;
	unsigned at = 0;

	while (at < 1000000 && (seen += took[at]) * 100 < requests * percent)
		at++;
	return at;
}

static int http(char **args)
{
	const struct addrinfo *to = resolve(args[0], args[1], SOCK_STREAM);
	int count = number(args[2], 1, MAX_CONNECTIONS, "connections"), poll = epoll_create1(0);
	uint64_t end = now_ns() + (uint64_t)number(args[3], 1, 600, "seconds") * 1000000000ull, look = 0;
	bool keep = !strcmp(args[4], "keep");
	struct epoll_event events[EVENTS];

	if (!keep && strcmp(args[4], "close")) {
		fprintf(stderr, "load: expected close or keep, not '%s'\n", args[4]);
		return 1;
	}
	for (int i = 0; i < count; i++)
		dial(poll, &connections[i], to);
	for (uint64_t now; (now = now_ns()) < end;) {
		int ready = epoll_wait(poll, events, EVENTS, 100);

		for (int i = 0; i < ready; i++)
			turn(poll, &connections[events[i].data.u64], to, keep);
		if (now < look)
			continue;
		look = now + 100000000;
		for (int i = 0; i < count; i++)
			if (now - connections[i].since > PATIENCE_NS && now > connections[i].since)
				redial(poll, &connections[i], to, true);
	}
	printf("requests %lu errors %lu p50 %u p99 %u\n", requests, errors, percentile(50), percentile(99));
	return 0;
}

/* ---- streams and datagrams ---- */

static int dial_now(const char *address, const char *port, int type)
{
	struct addrinfo *to = resolve(address, port, type);
	struct timeval patience = { .tv_sec = 5 };
	int fd = socket(to->ai_family, type, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) || connect(fd, to->ai_addr, to->ai_addrlen))
		die("connect");
	freeaddrinfo(to);
	return fd;
}

static uint64_t acknowledged(const int *fds, int flows)
{
	uint64_t sum = 0;

	for (int i = 0; i < flows; i++) {
		struct tcp_info info = {};
		socklen_t length = sizeof(info);

		if (getsockopt(fds[i], IPPROTO_TCP, TCP_INFO, &info, &length))
			die("TCP_INFO");
		sum += info.tcpi_bytes_acked;
	}
	return sum;
}

static int bulk(char **args)
{
	int flows = number(args[2], 1, MAX_CONNECTIONS, "flows"), poll = epoll_create1(0), fds[MAX_CONNECTIONS];
	uint64_t start = now_ns(), from = start + 500000000ull, base = 0, based = 0, now;
	uint64_t end = from + (uint64_t)number(args[3], 1, 600, "seconds") * 1000000000ull;
	struct epoll_event events[EVENTS];

	for (int i = 0; i < flows; i++) {
		fds[i] = dial_now(args[0], args[1], SOCK_STREAM);
		fcntl(fds[i], F_SETFL, O_NONBLOCK);
		watch(poll, fds[i], EPOLLOUT, (uint64_t)fds[i]);
	}
	while ((now = now_ns()) < end) {
		int ready;

		if (!based && now >= from) {
			based = now;
			base = acknowledged(fds, flows);
		}
		ready = epoll_wait(poll, events, EVENTS, 100);
		for (int i = 0; i < ready; i++)
			if (send((int)events[i].data.u64, scratch, sizeof(scratch), MSG_NOSIGNAL) < 0 && errno != EAGAIN)
				die("a stream broke");
	}
	printf("gbps %.3f\n", (double)(acknowledged(fds, flows) - base) * 8 / (double)(now - based));
	return 0;
}

static int udp(char **args)
{
	int flows = number(args[2], 1, MAX_CONNECTIONS, "flows"), fds[MAX_CONNECTIONS];
	uint64_t start = now_ns(), end = start + (uint64_t)number(args[3], 1, 600, "seconds") * 1000000000ull, sent = 0, now;
	uint64_t rate = (uint64_t)number(args[4], 0, 100000000, "rate");
	struct iovec vector = { scratch, 18 };
	struct mmsghdr messages[32] = {};

	for (int i = 0; i < 32; i++)
		messages[i].msg_hdr = (struct msghdr){ .msg_iov = &vector, .msg_iovlen = 1 };
	for (int i = 0; i < flows; i++)
		fds[i] = dial_now(args[0], args[1], SOCK_DGRAM);
	for (unsigned turn = 0; (now = now_ns()) < end; turn++) {
		int count = sendmmsg(fds[turn % (unsigned)flows], messages, 32, 0);

		if (count < 0 && errno != ENOBUFS && errno != ECONNREFUSED && errno != EAGAIN)
			die("sendmmsg");
		sent += count > 0 ? (uint64_t)count : 0;
		while (rate && sent * 1000000000ull > (now_ns() - start) * rate)
			usleep(200);
	}
	printf("sent %lu\n", sent);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int arguments;
		int (*run)(char **);
	} verbs[] = { { "serve", 3, serve }, { "http", 5, http }, { "bulk", 4, bulk }, { "udp", 5, udp } };

	for (unsigned i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		if (argc == 2 + verbs[i].arguments && !strcmp(argv[1], verbs[i].name))
			return verbs[i].run(argv + 2);
	fprintf(stderr, "load: expected serve ADDRESS HTTP-PORT SINK-PORT, http ADDRESS PORT CONNECTIONS SECONDS close|keep,\n"
			"      bulk ADDRESS PORT FLOWS SECONDS, or udp ADDRESS PORT FLOWS SECONDS RATE\n");
	return 2;
}
