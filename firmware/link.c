#include "link.h"

#include <generated/csr.h>
#include <generated/soc.h>

#include "accelerator.h"
#include "cycles.h"

#define FIELD(register, field) (1u << CSR_LINK_##register##_##field##_OFFSET)

#define TO_NOWHERE (0u << CSR_LINK_RX_CONTROL_DESTINATION_OFFSET)
#define TO_MEMORY  (1u << CSR_LINK_RX_CONTROL_DESTINATION_OFFSET)
#define TO_CPU     (2u << CSR_LINK_RX_CONTROL_DESTINATION_OFFSET)

/* A payload that does not move for so long will not be completed. */
#define SILENCE_CYCLES (CONFIG_CLOCK_FREQUENCY / 2)

struct link_statistics link_statistics;

/* Receiving ---------------------------------------------------------------------------------- */

bool link_poll(struct request *request)
{
	if (!(link_rx_status_read() & FIELD(RX_STATUS, HEADER_VALID)))
		return false;

	uint32_t word0 = link_rx_header0_read();
	uint32_t word1 = link_rx_header1_read();

	request->version = word0 >> 16;
	request->type = word0 >> 24;
	request->sequence = word1;
	request->length = word1 >> 16;
	request->address = link_rx_header2_read();
	request->argument = link_rx_header3_read();
	link_statistics.frames++;
	return true;
}

static enum link_result receive(uint32_t length, uint32_t destination, uint8_t *buffer)
{
	enum link_result result = LINK_OK;
	uint32_t remaining = length;
	uint64_t moved = cycles_now();

	link_rx_length_write(length);
	link_rx_control_write(FIELD(RX_CONTROL, ACCEPT) | destination);

	for (;;) {
		uint32_t status = link_rx_status_read();

		if (status & FIELD(RX_STATUS, DONE)) {
			if (!(status & FIELD(RX_STATUS, CRC_OK))) {
				link_statistics.damaged++;
				result = LINK_DAMAGED;
			}
			break;
		}
		if (destination == TO_CPU) {
			uint32_t data = link_rx_data_read();

			if (data & FIELD(RX_DATA, VALID))
				*buffer++ = data;
		}
		/* Nothing to look after while bytes flow. */
		if (link_rx_remaining_read() != remaining) {
			remaining = link_rx_remaining_read();
			moved = cycles_now();
		} else if (cycles_now() - moved > SILENCE_CYCLES) {
			link_statistics.timeouts++;
			result = LINK_TIMEOUT;
			break;
		}
		accelerator_poll();
	}
	link_rx_control_write(FIELD(RX_CONTROL, RELEASE));
	return result;
}

enum link_result link_receive_nothing(uint32_t length)
{
	return receive(length, TO_NOWHERE, 0);
}

enum link_result link_receive_to_memory(uint32_t length, uint32_t address)
{
	link_rx_address_write(address);
	return receive(length, TO_MEMORY, 0);
}

enum link_result link_receive_to_cpu(uint32_t length, uint8_t *buffer)
{
	return receive(length, TO_CPU, buffer);
}

/* Sending ------------------------------------------------------------------------------------ */

static void wait_until_sent(void)
{
	while (link_tx_status_read() & FIELD(TX_STATUS, BUSY))
		accelerator_poll();
}

void link_send_byte(uint8_t byte)
{
	wait_until_sent();
	link_tx_byte_write(byte);
}

void link_send_word(uint32_t word)
{
	wait_until_sent();
	link_tx_word_write(word);
}

void link_send_memory(uint32_t address, uint32_t length)
{
	wait_until_sent();
	link_tx_address_write(address);
	link_tx_length_write(length);
}

void link_send_crc(void)
{
	wait_until_sent();
	link_tx_crc_write(1);
}

/* Activity ----------------------------------------------------------------------------------- */

void link_set_activity(bool ready, bool busy)
{
	link_activity_write((ready ? FIELD(ACTIVITY, READY) : 0) |
			    (busy ? FIELD(ACTIVITY, BUSY) : 0));
}
