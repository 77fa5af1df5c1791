// with: oracle.c oracle_runs.c tag.c
/* For libFuzzer: bytes are a history of requests and of what hardware does meanwhile. Keys cannot
 * be guessed, so requests name them: the session's, a window's, or any. */
#include <string.h>

#include "oracle.h"

#define MAGIC    0x9C4C
#define PATIENCE 50000 /* reads of registers until a request is answered */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
	const uint8_t *next, *end;
} input;

static uint64_t bytes(unsigned count)
{
	uint64_t number = 0;

	for (unsigned n = 0; n < count && input.next < input.end; n++)
		number |= (uint64_t)*input.next++ << 8 * n;
	return number;
}

/* The hardware's nature ------------------------------------------------------------------------ */

/* Simple ones, so that each byte of the input has an effect that can be seen. */
uint64_t nature_pass(void)
{
	return 1;
}

unsigned nature_delay(void)
{
	return 1;
}

void nature_work(void)
{
}

void nature_sent(const struct words *frame)
{
	oracle_sent(frame);
}

void nature_queued(uint32_t descriptor)
{
	(void)descriptor;
}

void nature_explain(void)
{
}

/* Requests ----------------------------------------------------------------------------------- */

static void settle(void)
{
	model.reads = 0;
	while (model_waiting())
		server_poll();
	server_poll();
	oracle_settled();
}

static uint32_t some_key(unsigned choice)
{
	if (choice < 8)
		return choice & 1 && oracle.key_count ? oracle.keys[oracle.key_count - 1] :
							oracle.key;
	return bytes(4);
}

/* `small`: in steps of what is sensible, so that few bytes say much. */
static uint32_t some_address(unsigned type, bool small)
{
	if (!small)
		return bytes(4);
	return bytes(1) * (type == RUN ? 256 : type == REGISTER_READ || type == REGISTER_WRITE ? 4 : 1);
}

static uint32_t some_word(unsigned place, bool small)
{
	if (!small)
		return bytes(4);
	return bytes(1) * (place == HEADER_WORDS ? 1 : 16);
}

static void request(unsigned choice, bool small)
{
	static const uint64_t ways[] = {1ull << 48 | 0x303900000001, 0, 1ull << 48, 1ull << 48 | 5};
	static const uint8_t lengths[] = {
		[HELLO] = 12, [PROGRAM] = 36, [RUN] = 12, [REGISTER_READ] = 4, [REGISTER_WRITE] = 8,
		[OPEN] = 16, [CLOSE] = 4, [READ] = 4, [BYE] = 0,
	};
	unsigned type = bytes(1), version = 2, length = type <= BYE ? lengths[type] : bytes(1);
	struct words frame = {.way = ways[choice >> 4 & 3]};

	if (choice & 0x40)
		length = bytes(2) % (MAX_PAYLOAD + 1);
	if (choice & 0x80)
		version = bytes(1);
	frame.word[0] = MAGIC | version << 16 | type << 24;
	frame.word[1] = 0x7001 | length << 16;
	frame.word[2] = some_address(type, small);
	frame.word[3] = some_key(choice & 15);
	frame.count = type == WRITE ? HEADER_WORDS : HEADER_WORDS + words_of(length);
	for (unsigned n = HEADER_WORDS; n < frame.count; n++)
		frame.word[n] = some_word(n, small);
	if (type == HELLO && length == 12 && !(choice & 1)) {
		uint64_t tag = oracle_tag(frame.word[2]);

		memcpy(frame.word + 5, &tag, 8);
	}
	oracle_deliver(&frame);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	input.next = data;
	input.end = data + size;
	oracle_power_up();
	power_cycle(bytes(1) != 1);
	model.patience = PATIENCE;
	while (input.next < input.end) {
		unsigned what = bytes(1);

		switch (what) {
		case 0 ... 7:
			model.cycles += 1ull << (bytes(1) & 31);
			break;
		case 8:
			model.malformed = model.queued != 0;
			break;
		case 9:
			model.served += bytes(1);
			break;
		case 10 ... 15:
			model_complete(bytes(1));
			break;
		case 16: {
			char text[9] = "";
			uint64_t letters = bytes(8);

			memcpy(text, &letters, 8);
			firmware_printf("%s\n", text);
			break;
		}
		default:
			request(bytes(1), what & 1);
		}
		settle();
	}
	return 0;
}
