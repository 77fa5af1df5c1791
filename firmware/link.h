/* The link's hardware (soc/link): whole frames from the host, and to it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define REQUEST_WORDS 16 /* of payload: no request to the CPU has more */

struct frame {
	uint64_t way; /* it came by: a line, and who is at its other end */
	uint8_t version;
	uint8_t type;
	uint16_t sequence;
	uint16_t length; /* of the payload, in bytes; what does not fit below was dropped */
	uint32_t address;
	uint32_t key;
	uint32_t payload[REQUEST_WORDS];
};

/* There is a frame for the CPU. Take the oldest; its CRCs were right. */
bool link_pending(void);
void link_receive(struct frame *frame);

/* Send what follows `header`, of which `payload` is not looked at. Waits while the line is busy,
 * and looks after the accelerator meanwhile. */
void link_send(const struct frame *header, const void *payload);

/* To all lines, and on Ethernet to everybody. */
void link_broadcast(const char *text, uint32_t length);

/* A range of the DRAM that the host may read, or write, with frames that bear its key. Comes back
 * when no request is served that was allowed before; `size` 0 closes it. */
void link_set_window(unsigned number, uint32_t key, uint32_t base, uint32_t size, bool writable);

/* A count of requests that were served in windows, of a few bits. */
uint32_t link_served(void);

void link_set_activity(bool ready, bool busy);
