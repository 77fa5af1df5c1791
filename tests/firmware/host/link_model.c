/* The link: soc/link/frame_link.py as the CPU sees it. */
#include <generated/csr.h>
#include <generated/mem.h>
#include <generated/soc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

#define MAGIC   0x9C4C
#define VERSION 2

struct model model;

static struct {
	struct words waiting[MAX_WAITING];
	unsigned first, count;
	unsigned place; /* in the oldest frame */
	unsigned delay; /* looks until its next word is there */
} receive;

static struct {
	uint64_t way;
	struct words frame;
	unsigned delay; /* looks until there is room */
} transmit;

static struct {
	struct window new;
	unsigned delay; /* looks until it has closed */
} table;

void model_fail(const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "BROKEN RULE: ");
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, "\n");
	nature_explain();
	abort();
}

void model_reset(bool memory_ok)
{
	memset(&model, 0, sizeof(model));
	receive.first = receive.count = receive.place = receive.delay = 0;
	transmit.frame.count = transmit.delay = 0;
	memset(&table, 0, sizeof(table));
	model.memory_ok = memory_ok;
	model.patience = -1ul;
}

/* Receiving ---------------------------------------------------------------------------------- */

void model_deliver(const struct words *frame)
{
	struct words *place = &receive.waiting[(receive.first + receive.count) % MAX_WAITING];

	if (receive.count == MAX_WAITING || frame->count < HEADER_WORDS || frame->count > MAX_WORDS)
		model_fail("the test delivers a frame that hardware would not");
	place->way = frame->way;
	place->count = frame->count;
	memcpy(place->word, frame->word, 4 * frame->count);
	receive.count++;
}

unsigned model_waiting(void)
{
	return receive.count;
}

static struct words *oldest(const char *reader)
{
	if (!receive.count || receive.delay)
		model_fail("%s without a word", reader);
	return &receive.waiting[receive.first];
}

static void take_frame(void)
{
	receive.first = (receive.first + 1) % MAX_WAITING;
	receive.count--;
	receive.place = 0;
	receive.delay = nature_delay();
}

uint32_t link_rx_status_read(void)
{
	model_look();
	if (receive.delay) {
		receive.delay--;
		return 0;
	}
	if (!receive.count)
		return 0;
	return 1 << CSR_LINK_RX_STATUS_VALID_OFFSET |
	       (receive.place == 0) << CSR_LINK_RX_STATUS_FIRST_OFFSET |
	       (receive.place == oldest("status")->count - 1) << CSR_LINK_RX_STATUS_LAST_OFFSET;
}

uint32_t link_rx_word_read(void)
{
	struct words *frame = oldest("rx_word");
	uint32_t word = frame->word[receive.place];

	model_look();
	receive.delay = nature_delay();
	if (++receive.place == frame->count)
		take_frame();
	return word;
}

void link_rx_drop_write(uint32_t value)
{
	(void)value;
	(void)oldest("rx_drop");
	take_frame();
}

uint64_t link_rx_way_read(void)
{
	model_look();
	return oldest("rx_way")->way;
}

uint32_t link_lost_read(void)
{
	model_look();
	return -1u;
}

uint32_t link_damaged_read(void)
{
	model_look();
	return -1u;
}

/* Sending ------------------------------------------------------------------------------------ */

uint32_t link_tx_status_read(void)
{
	model_look();
	if (transmit.delay)
		transmit.delay--;
	return (!transmit.delay && !transmit.frame.count) << CSR_LINK_TX_STATUS_ROOM_OFFSET;
}

void link_tx_way_write(uint64_t way)
{
	transmit.way = way;
}

void link_tx_word_write(uint32_t word)
{
	struct words *frame = &transmit.frame;

	if (transmit.delay)
		model_fail("a frame begins while the one before is being sent");
	if (table.delay)
		model_fail("a frame begins while a window closes");
	if (frame->count == MAX_WORDS)
		model_fail("a frame has more than %d words", MAX_WORDS);
	frame->word[frame->count++] = word;
}

void link_tx_last_write(uint32_t word)
{
	struct words *frame = &transmit.frame;

	link_tx_word_write(word);
	frame->way = transmit.way;
	if (frame->count < HEADER_WORDS)
		model_fail("a frame of %u words is sent", frame->count);
	if ((frame->word[0] & 0xFFFF) != MAGIC || frame_version(frame) != VERSION)
		model_fail("a frame begins with 0x%08x", frame->word[0]);
	if (frame_length(frame) > MAX_PAYLOAD ||
	    frame->count != HEADER_WORDS + words_of(frame_length(frame)))
		model_fail("a frame of %u words says it has %u bytes", frame->count,
			   frame_length(frame));
	if (frame->way >> LINE_SHIFT >= LITELIC_LINES)
		model_fail("a frame is sent to line %u", (unsigned)(frame->way >> LINE_SHIFT));
	nature_sent(frame);
	frame->count = 0;
	transmit.delay = nature_delay();
}

/* Windows ------------------------------------------------------------------------------------ */

void link_window_key_write(uint32_t value)
{
	table.new.key = value;
}

void link_window_base_write(uint32_t value)
{
	table.new.base = value;
}

void link_window_size_write(uint32_t value)
{
	table.new.size = value;
}

void link_window_write(uint32_t value)
{
	unsigned number = value >> CSR_LINK_WINDOW_NUMBER_OFFSET & 0xFF;
	struct window new = table.new;

	new.writable = value >> CSR_LINK_WINDOW_WRITABLE_OFFSET & 1;
	if (number >= TABLE)
		model_fail("window %u is made", number);
	if (new.base % 16 || new.size % 4 || (uint64_t)new.base + new.size > MAIN_RAM_SIZE)
		model_fail("a window of %u bytes at 0x%x", new.size, new.base);
	if (new.size && !model.memory_ok)
		model_fail("a window of a DRAM that failed its test");
	model.windows[number] = new;
	table.delay = nature_delay();
}

uint32_t link_memory_status_read(void)
{
	model_look();
	if (table.delay)
		table.delay--;
	return (table.delay != 0) << CSR_LINK_MEMORY_STATUS_CLOSING_OFFSET |
	       model.served << CSR_LINK_MEMORY_STATUS_SERVED_OFFSET;
}

void link_activity_write(uint32_t value)
{
	model.activity = value;
}
