#include "remote_memory.h"

#include <generated/mem.h>
#include <string.h>

#define MAGIC   0x9C4C
#define VERSION 2
#define WRITE   0x03
#define READ    0x04
#define ANSWER  0x80

/* Datagrams ---------------------------------------------------------------------------------- */

/* Of what had the CRC `before`, 0 for nothing, and of these bytes behind it. */
static uint32_t crc(uint32_t before, const void *data, size_t size)
{
	static uint32_t table[256];
	const uint8_t *byte = data;
	uint32_t value = ~before;

	if (!table[1])
		for (uint32_t n = 0; n < 256; n++) {
			table[n] = n;
			for (int bit = 0; bit < 8; bit++)
				table[n] = table[n] >> 1 ^ (table[n] & 1 ? 0xEDB88320 : 0);
		}
	while (size--)
		value = value >> 8 ^ table[(value ^ *byte++) & 0xFF];
	return ~value;
}

bool frame_from(struct words *frame, const uint8_t *datagram, size_t size)
{
	const size_t header = 4 * HEADER_WORDS;
	uint32_t value;

	if (size < header + 4)
		return false;
	memcpy(frame->word, datagram, header);
	frame->count = HEADER_WORDS;
	value = crc(0, datagram, header);
	if ((frame->word[0] & 0xFFFF) != MAGIC || memcmp(datagram + header, &value, 4))
		return false;

	size_t payload = 4 * words_of(frame_length(frame));

	if (!payload)
		return true;
	if (frame_length(frame) > MAX_PAYLOAD || size < header + 4 + payload + 4)
		return false;
	value = crc(value, datagram + header + 4, payload);
	if (memcmp(datagram + header + 4 + payload, &value, 4))
		return false;
	memcpy(frame->word + HEADER_WORDS, datagram + header + 4, payload);
	frame->count += payload / 4;
	return true;
}

size_t frame_to(uint8_t datagram[MAX_DATAGRAM], const struct words *frame)
{
	const size_t header = 4 * HEADER_WORDS, payload = 4 * frame->count - header;
	uint32_t value = crc(0, frame->word, header);

	memcpy(datagram, frame->word, header);
	memcpy(datagram + header, &value, 4);
	if (!payload)
		return header + 4;
	value = crc(value, frame->word + HEADER_WORDS, payload);
	memcpy(datagram + header + 4, frame->word + HEADER_WORDS, payload);
	memcpy(datagram + header + 4 + payload, &value, 4);
	return header + 4 + payload + 4;
}

/* Windows ------------------------------------------------------------------------------------ */

/* Where in the DRAM these bytes are, 0 if no window lets them be. */
static uint8_t *place(uint8_t *dram, uint32_t key, uint32_t offset, uint32_t length, bool write)
{
	for (unsigned n = 0; n < TABLE; n++) {
		const struct window *window = &model.windows[n];

		if (window->key == key && window->writable == write && window->size &&
		    (uint64_t)offset + length <= window->size)
			return dram + window->base + offset;
	}
	return 0;
}

bool remote_memory(uint8_t *dram, struct words *request, struct words *answer)
{
	unsigned type = frame_type(request), length = frame_length(request);
	uint32_t wanted = length, offset = request->word[2];
	bool reads = type == READ;
	uint8_t *bytes = 0;

	if (reads) /* how many bytes, in a payload of one word */
		wanted = length == 4 ? request->word[HEADER_WORDS] : 0;
	if (frame_version(request) == VERSION && (reads || type == WRITE) && offset % 4 == 0 &&
	    wanted && wanted <= MAX_PAYLOAD)
		bytes = place(dram, request->word[3], offset, wanted, !reads);
	if (!bytes) {
		if (type == WRITE)
			request->count = HEADER_WORDS;
		return false;
	}
	if (!reads)
		memcpy(bytes, request->word + HEADER_WORDS, length);
	memset(answer, 0, sizeof(*answer));
	answer->way = request->way;
	answer->count = HEADER_WORDS + (reads ? words_of(wanted) : 0);
	answer->word[0] = MAGIC | VERSION << 16 | (type | ANSWER) << 24;
	answer->word[1] = frame_sequence(request) | (reads ? wanted << 16 : 0);
	answer->word[2] = offset;
	answer->word[3] = request->word[3];
	if (reads)
		memcpy(answer->word + HEADER_WORDS, bytes, wanted);
	model.served++;
	return true;
}
