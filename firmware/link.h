/* The link's hardware (soc/link). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct request {
	uint8_t version;
	uint8_t type;
	uint16_t sequence;
	uint16_t length; /* of the payload */
	uint32_t address;
	uint32_t argument;
};

/* Counts since power-up, reported to the host. */
struct link_statistics {
	uint32_t frames;   /* good headers */
	uint32_t damaged;  /* payloads whose CRC was wrong */
	uint32_t timeouts; /* payloads that stopped coming */
};

extern struct link_statistics link_statistics;

/* Receiving: once link_poll() has found a request, exactly one of the link_receive functions must
 * take its payload, also when there is none. */
enum link_result {
	LINK_OK,
	LINK_DAMAGED,
	LINK_TIMEOUT,
};

bool link_poll(struct request *request);
enum link_result link_receive_nothing(uint32_t length);
enum link_result link_receive_to_memory(uint32_t length, uint32_t address);
enum link_result link_receive_to_cpu(uint32_t length, uint8_t *buffer);

/* Sending. A frame is made of words and of bytes in DRAM; text between frames of single bytes. */
void link_send_byte(uint8_t byte);
void link_send_word(uint32_t word);
void link_send_memory(uint32_t address, uint32_t length);
/* The CRC-32 of all words and memory sent since the last link_send_crc(). */
void link_send_crc(void);

void link_set_activity(bool ready, bool busy);
