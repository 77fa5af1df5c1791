// with: remote_memory.c
/* virtual_board: the firmware and its hardware as a board at a UDP port of the loopback, whose
 * accelerator takes DESCRIPTOR_NS for a descriptor and computes nothing. Says `udp HOST:PORT`, and
 * ends when its standard input does. */
#include <arpa/inet.h>
#include <errno.h>
#include <generated/csr.h>
#include <generated/mem.h>
#include <generated/soc.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "remote_memory.h"

#define LINE             1 /* 0 is a serial one, at which nobody is */
#define EVERYBODY        0xFFFFFFFF
#define DESCRIPTOR_MAGIC 0x31444C4C /* accel/descriptor.py */
#define DESCRIPTOR_NS    10000
#define IDLE_MS          1000
#define BUSY_MS          1
#define SOCKET_BUFFER    (1 << 22)

static int line;
static uint8_t *dram;
static uint64_t began; /* when the oldest descriptor did */

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

static void send_frame(const struct words *frame)
{
	uint8_t datagram[MAX_DATAGRAM];
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(frame->way & 0xFFFFFFFF),
		.sin_port = htons(frame->way >> 32 & 0xFFFF),
	};

	if (frame->way >> LINE_SHIFT != LINE || (frame->way & 0xFFFFFFFF) == EVERYBODY)
		return;
	/* Like a datagram on a wire, it may be lost. */
	(void)!sendto(line, datagram, frame_to(datagram, frame), 0, (struct sockaddr *)&to, sizeof(to));
}

/* The hardware's nature ----------------------------------------------------------------------- */

/* Real time, in cycles. */
uint64_t nature_pass(void)
{
	static uint64_t start;

	if (!start)
		start = now_ns();
	return (now_ns() - start) / (1000000000 / CONFIG_CLOCK_FREQUENCY) - model.cycles;
}

unsigned nature_delay(void)
{
	return 0;
}

void nature_work(void)
{
	uint64_t now = now_ns();

	while (model.queued && now - began >= DESCRIPTOR_NS) {
		const uint8_t *d = dram + model.queue[0];

		if ((d[0] | d[1] << 8 | d[2] << 16 | (uint32_t)d[3] << 24) != DESCRIPTOR_MAGIC) {
			model.malformed = true;
			return;
		}
		model_complete(1);
		began += DESCRIPTOR_NS;
	}
}

void nature_sent(const struct words *frame)
{
	send_frame(frame);
}

void nature_queued(uint32_t descriptor)
{
	(void)descriptor;
	if (model.queued == 1)
		began = now_ns();
}

void nature_explain(void)
{
}

/* Requests ----------------------------------------------------------------------------------- */

static void serve(const uint8_t *datagram, size_t size, const struct sockaddr_in *from)
{
	static struct words request, answer;

	if (!frame_from(&request, datagram, size))
		return;
	request.way = ntohl(from->sin_addr.s_addr) | (uint64_t)ntohs(from->sin_port) << 32 |
		      (uint64_t)LINE << LINE_SHIFT;
	if (remote_memory(dram, &request, &answer)) {
		send_frame(&answer);
		return;
	}
	model_deliver(&request);
	while (model_waiting())
		server_poll();
}

static void serve_all(void)
{
	uint8_t datagram[MAX_DATAGRAM + 1];
	struct sockaddr_in from;
	socklen_t from_size = sizeof(from);
	ssize_t size;

	while ((size = recvfrom(line, datagram, sizeof(datagram), MSG_DONTWAIT,
				(struct sockaddr *)&from, &from_size)) >= 0) {
		serve(datagram, size, &from);
		from_size = sizeof(from);
	}
	if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
		model_fail("the socket has an error %d", errno);
}

static void open_line(void)
{
	struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(here);
	int buffer = SOCKET_BUFFER;

	line = socket(AF_INET, SOCK_DGRAM, 0);
	setsockopt(line, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
	if (line < 0 || bind(line, (struct sockaddr *)&here, sizeof(here)) ||
	    getsockname(line, (struct sockaddr *)&here, &size))
		model_fail("no socket: error %d", errno);
	printf("udp 127.0.0.1:%d\n", ntohs(here.sin_port));
	fflush(stdout);
}

int main(void)
{
	dram = mmap(0, MAIN_RAM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (dram == MAP_FAILED)
		model_fail("no memory");
	power_cycle(true);
	open_line();
	for (;;) {
		struct pollfd waits[] = {{line, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
		char byte;

		poll(waits, 2, model.queued ? BUSY_MS : IDLE_MS);
		if (waits[1].revents && read(STDIN_FILENO, &byte, 1) <= 0)
			return 0;
		if (waits[0].revents)
			serve_all();
		server_poll();
	}
}
