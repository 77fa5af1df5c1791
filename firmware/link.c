#include "link.h"

#include <generated/csr.h>
#include <generated/soc.h>
#include <string.h>

#include "protocol.h"
#include "runs.h"

#define FIELD(register, field) (1u << CSR_LINK_##register##_##field##_OFFSET)

#define HEADER_WORDS 4
#define LINE_SHIFT   48
#define EVERYBODY    (0xFFFFFFFFull | (uint64_t)PROTOCOL_PORT << 32) /* on a UDP line */

/* Receiving ---------------------------------------------------------------------------------- */

/* The status of the next word. A frame is here as a whole, so it takes no more than some cycles. */
static uint32_t next_word(void)
{
	uint32_t status;

	do
		status = link_rx_status_read();
	while (!(status & FIELD(RX_STATUS, VALID)));
	return status;
}

bool link_pending(void)
{
	return link_rx_status_read() & FIELD(RX_STATUS, VALID);
}

void link_receive(struct frame *frame)
{
	uint32_t header[HEADER_WORDS], count = 0, status;

	frame->way = link_rx_way_read();
	do {
		status = next_word();
		if (count == HEADER_WORDS + REQUEST_WORDS) {
			link_rx_drop_write(1);
			break;
		}
		uint32_t word = link_rx_word_read();

		if (count < HEADER_WORDS)
			header[count] = word;
		else
			frame->payload[count - HEADER_WORDS] = word;
		count++;
	} while (!(status & FIELD(RX_STATUS, LAST)));

	frame->version = header[0] >> 16;
	frame->type = header[0] >> 24;
	frame->sequence = header[1];
	frame->length = header[1] >> 16;
	frame->address = header[2];
	frame->key = header[3];
}

/* Sending ------------------------------------------------------------------------------------ */

void link_send(const struct frame *header, const void *payload)
{
	uint32_t length = header->length;

	while (!(link_tx_status_read() & FIELD(TX_STATUS, ROOM)))
		runs_poll();
	link_tx_way_write(header->way);
	link_tx_word_write(PROTOCOL_MAGIC | PROTOCOL_VERSION << 16 | (uint32_t)header->type << 24);
	link_tx_word_write(header->sequence | length << 16);
	link_tx_word_write(header->address);
	if (length == 0)
		link_tx_last_write(header->key);
	else
		link_tx_word_write(header->key);
	for (uint32_t n = 0; n < length; n += 4) {
		uint32_t word = 0, left = length - n;

		memcpy(&word, (const char *)payload + n, left < 4 ? left : 4);
		if (left <= 4)
			link_tx_last_write(word);
		else
			link_tx_word_write(word);
	}
}

void link_broadcast(const char *text, uint32_t length)
{
	for (uint64_t line = 0; line < LITELIC_LINES; line++) {
		const struct frame header = {
			.way = EVERYBODY | line << LINE_SHIFT,
			.type = RESPONSE_TEXT,
			.length = length,
		};

		link_send(&header, text);
	}
}

/* Windows ------------------------------------------------------------------------------------ */

void link_set_window(unsigned number, uint32_t key, uint32_t base, uint32_t size, bool writable)
{
	link_window_key_write(key);
	link_window_base_write(base);
	link_window_size_write(size);
	link_window_write(number << CSR_LINK_WINDOW_NUMBER_OFFSET |
			  (writable ? FIELD(WINDOW, WRITABLE) : 0));
	while (link_memory_status_read() & FIELD(MEMORY_STATUS, CLOSING))
		runs_poll();
}

uint32_t link_served(void)
{
	return link_memory_status_read() >> CSR_LINK_MEMORY_STATUS_SERVED_OFFSET & 0xFF;
}

/* Activity ----------------------------------------------------------------------------------- */

void link_set_activity(bool ready, bool busy)
{
	link_activity_write((ready ? FIELD(ACTIVITY, READY) : 0) |
			    (busy ? FIELD(ACTIVITY, BUSY) : 0));
}
