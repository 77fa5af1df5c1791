/* A board whose hardware does what the standard input says (tests/firmware/bench.py): commands,
 * each answered by what has happened until nothing more does. */
#include <generated/soc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

#define MAX_COMMAND (8 + 4 * MAX_WORDS)
#define PATIENCE    100000 /* reads of registers for a command */
#define POLLS       4      /* that find nothing to do, before a command is answered */

enum command {
	POWER = 'p',     /* u32: the DRAM passed its test */
	FRAME = 'f',     /* u64 way, words */
	PASS = 't',      /* u64: cycles go by */
	COMPLETE = 'c',  /* u32: descriptors are done */
	MALFORMED = 'm', /* the oldest descriptor is none */
	SERVED = 's',    /* u32: requests that hardware has served */
	PRINT = 'x',     /* text */
};

static struct {
	unsigned char byte[1 << 20];
	size_t size;
	uint32_t count;
} frames, descriptors;

static unsigned delay; /* of the link's hardware, another one each time */

uint64_t nature_pass(void)
{
	return model.held ? 100 : 0;
}

unsigned nature_delay(void)
{
	return delay++ % 4;
}

void nature_work(void)
{
}

void nature_explain(void)
{
}

static void add(void *to, const void *data, size_t size)
{
	__typeof__(frames) *list = to;

	if (list->size + size > sizeof(list->byte))
		model_fail("a command has too much to tell");
	memcpy(list->byte + list->size, data, size);
	list->size += size;
}

void nature_sent(const struct words *frame)
{
	add(&frames, &frame->way, 8);
	add(&frames, &frame->count, 4);
	add(&frames, frame->word, 4 * frame->count);
	frames.count++;
}

void nature_queued(uint32_t descriptor)
{
	add(&descriptors, &descriptor, 4);
	descriptors.count++;
}

static void say(const void *data, size_t size)
{
	if (fwrite(data, 1, size, stdout) != size)
		exit(1);
}

static void answer(void)
{
	uint32_t numbers[] = {
		model.resets, model.activity, model.queued, descriptors.count, frames.count,
	};

	say(&model.cycles, 8);
	say(numbers, sizeof(numbers));
	for (unsigned n = 0; n < TABLE; n++) {
		const struct window *window = &model.windows[n];
		uint32_t fields[] = {window->key, window->base, window->size, window->writable};

		say(fields, sizeof(fields));
	}
	say(descriptors.byte, descriptors.size);
	say(frames.byte, frames.size);
	fflush(stdout);
	frames.size = frames.count = descriptors.size = descriptors.count = 0;
}

static void settle(void)
{
	model.reads = 0;
	while (model_waiting())
		server_poll();
	for (unsigned n = 0; n < POLLS; n++)
		server_poll();
}

static void obey(enum command command, const unsigned char *data, size_t size)
{
	struct words frame;
	uint32_t number = 0;
	uint64_t cycles;

	memcpy(&number, data, size < 4 ? size : 4);
	switch (command) {
	case POWER:
		power_cycle(number);
		model.patience = PATIENCE;
		delay = 0;
		return;
	case FRAME:
		frame.count = (size - 8) / 4;
		memcpy(&frame.way, data, 8);
		memcpy(frame.word, data + 8, 4 * frame.count);
		model_deliver(&frame);
		return;
	case PASS:
		memcpy(&cycles, data, 8);
		model.cycles += cycles;
		return;
	case COMPLETE:
		model_complete(number);
		return;
	case MALFORMED:
		model.malformed = model.queued != 0;
		return;
	case SERVED:
		model.served += number;
		return;
	case PRINT:
		firmware_printf("%s", (const char *)data);
		return;
	}
	model_fail("the test gives a command %d", command);
}

int main(void)
{
	static unsigned char data[MAX_COMMAND + 1];
	uint32_t head[2]; /* command, bytes that follow */

	power_cycle(true);
	model.patience = PATIENCE;
	while (fread(head, sizeof(head), 1, stdin) == 1) {
		if (head[1] > MAX_COMMAND || fread(data, 1, head[1], stdin) != head[1])
			model_fail("the test gives a command of %u bytes", head[1]);
		data[head[1]] = 0;
		obey(head[0], data, head[1]);
		settle();
		answer();
	}
	return 0;
}
