#include "requests.h"

#include <generated/mem.h>
#include <string.h>

#define MAGIC 0x9C4C
#define WAYS  4
#define KEPT  64 /* requests, that may come again */

static uint64_t state;
static struct words kept[KEPT];
static unsigned kept_count;
static bool calm;

/* Chance ------------------------------------------------------------------------------------- */

void chance_seed(uint64_t seed)
{
	state = seed;
}

uint64_t chance(void) /* SplitMix64 */
{
	uint64_t z = state += 0x9E3779B97F4A7C15;

	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
	z = (z ^ z >> 27) * 0x94D049BB133111EB;
	return z ^ z >> 31;
}

uint32_t chance_below(uint32_t count)
{
	return (chance() >> 32) * count >> 32;
}

bool one_in(uint32_t count)
{
	return chance_below(count) == 0;
}

static uint32_t extreme(void)
{
	static const uint32_t numbers[] = {
		0, 1, 2, 3, 4, 7, 8, 15, 16, 255, 256, 257, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF,
		0xFFFFFFFE, 0xFFFFFFF0, 0xFFFFFF00, MAIN_RAM_SIZE, MAIN_RAM_SIZE - 4,
		MAIN_RAM_SIZE - 16, MAIN_RAM_SIZE - 256, MAIN_RAM_SIZE + 16, MAIN_RAM_SIZE / 256,
		0x01000000, 0x00FFFFFF,
	};

	return one_in(4) ? (uint32_t)chance() : numbers[chance_below(sizeof(numbers) / 4)];
}

/* Parts of a request -------------------------------------------------------------------------- */

static uint64_t some_way(void)
{
	static const uint64_t ways[WAYS] = {
		1ull << 48 | 0x3039C0A80102, 0, 1ull << 48 | 0x303AC0A80102, 1ull << 48 | 0x4C43C0A80103,
	};

	return ways[one_in(4) ? chance_below(WAYS) : 0];
}

static uint32_t some_key(void)
{
	if (!one_in(8))
		return oracle.key;
	if (oracle.key_count && !one_in(4))
		return oracle.keys[chance_below(oracle.key_count)];
	return extreme();
}

/* `next`, mostly; also what was before, or will come after that. */
static uint32_t near(uint32_t next)
{
	switch (chance_below(8)) {
	case 0:
		return next - 1;
	case 1:
		return next + 1 - chance_below(12);
	case 2:
		return one_in(8) ? extreme() : next + chance_below(3);
	default:
		return next;
	}
}

static void begin(struct words *request, unsigned type, uint32_t address, uint32_t key,
		  uint32_t length)
{
	request->word[0] = MAGIC | 2 << 16 | type << 24;
	request->word[1] = (1 + chance_below(0xFFFF)) | length << 16;
	request->word[2] = address;
	request->word[3] = key;
	request->count = HEADER_WORDS + words_of(length);
}

static void fill(struct words *request, unsigned from)
{
	for (unsigned n = from; n < request->count; n++)
		request->word[n] = chance();
}

/* Sensible ones ------------------------------------------------------------------------------ */

void make_hello(struct words *request, uint64_t way, uint32_t nonce, bool take_over)
{
	uint64_t tag = oracle_tag(nonce);

	request->way = way;
	begin(request, HELLO, nonce, 0, 12);
	request->word[4] = take_over;
	request->word[5] = tag;
	request->word[6] = tag >> 32;
}

void make_ping(struct words *request, uint64_t way)
{
	request->way = way;
	begin(request, PING, 0, oracle.key, 0);
}

static void make_open(struct words *request)
{
	uint32_t slot = one_in(16) ? extreme() : chance_below(TABLE);
	uint32_t number = slot < TABLE ? oracle.number[slot] : 0;
	uint32_t size = 4 * (1 + chance_below(one_in(2) ? 1000 : MAIN_RAM_SIZE / 4));

	begin(request, OPEN, slot, some_key(), 16);
	request->word[4] = near(number + chance_below(2));
	request->word[5] = chance_below(MAIN_RAM_SIZE - size / 2) & ~15u;
	request->word[6] = size;
	request->word[7] = chance();
	if (one_in(8))
		request->word[5 + chance_below(2)] = extreme();
	if (one_in(16))
		request->word[5 + chance_below(2)] ^= 1u << chance_below(4);
}

static void make_run(struct words *request)
{
	uint32_t count = 1 + chance_below(one_in(8) ? 100 : 5);

	begin(request, RUN, chance_below(MAIN_RAM_SIZE / 256) * 256, some_key(), 12);
	request->word[4] = near(oracle.next_run);
	request->word[5] = one_in(16) ? extreme() : count;
	request->word[6] = one_in(4) ? chance_below(3) : 1000;
	if (one_in(16))
		request->word[2] = extreme();
	if (one_in(16))
		request->word[2] ^= 1u << chance_below(8);
}

static void make_sensible(struct words *request)
{
	static const uint8_t types[] = {
		HELLO, PING, PROGRAM, RUN, RUN, RUN, REGISTER_READ, REGISTER_WRITE, OPEN, OPEN, OPEN,
		CLOSE, CLOSE,
	};
	unsigned type = types[chance_below(sizeof(types))];

	request->way = some_way();
	if (one_in(16)) {
		static const uint8_t seldom[] = {DISCOVER, BYE, READ, WRITE};

		type = seldom[chance_below(sizeof(seldom))];
	}
	if (!oracle.session)
		type = one_in(4) ? type : HELLO;
	else if (calm && (type == HELLO || type == BYE))
		type = RUN;
	switch (type) {
	case HELLO:
		make_hello(request, request->way, one_in(4) ? chance_below(8) : chance(), one_in(4));
		break;
	case PING:
		make_ping(request, request->way);
		break;
	case PROGRAM:
		begin(request, PROGRAM, 0, some_key(), 36);
		fill(request, HEADER_WORDS);
		request->word[4] = near(oracle.next_once);
		break;
	case RUN:
		make_run(request);
		break;
	case OPEN:
		make_open(request);
		break;
	case CLOSE:
		begin(request, CLOSE, chance_below(TABLE + one_in(16)), some_key(), 4);
		request->word[4] = request->word[2] < TABLE ? near(oracle.number[request->word[2]]) : 0;
		break;
	case REGISTER_READ:
	case REGISTER_WRITE:
		begin(request, type, one_in(8) ? extreme() : 4 * chance_below(33), some_key(),
		      type == REGISTER_READ ? 4 : 8);
		fill(request, HEADER_WORDS);
		request->word[4] = near(oracle.next_once);
		break;
	default:
		begin(request, type, extreme(), some_key(), one_in(2) ? 0 : chance_below(9));
		fill(request, HEADER_WORDS);
	}
}

/* Others ------------------------------------------------------------------------------------- */

static void make_noise(struct words *request)
{
	request->way = some_way();
	begin(request, chance() & 0xFF, 0, 0, chance_below(one_in(4) ? MAX_PAYLOAD + 1 : 80));
	fill(request, 2);
	if (one_in(4))
		request->word[0] = MAGIC | (uint32_t)chance() << 16;
}

static void set_length(struct words *request, uint32_t length)
{
	unsigned before = request->count;

	length = length < MAX_PAYLOAD ? length : MAX_PAYLOAD;
	request->word[1] = (request->word[1] & 0xFFFF) | length << 16;
	request->count = HEADER_WORDS + words_of(length);
	fill(request, before);
}

static void mutate(struct words *request)
{
	unsigned place = chance_below(request->count), length = frame_length(request);

	switch (chance_below(6)) {
	case 0:
		request->word[place] ^= 1u << chance_below(32);
		break;
	case 1:
		request->word[place] = extreme();
		break;
	case 2: /* cut, or with more behind */
		set_length(request, chance_below(2 * length + 8));
		break;
	case 3:
		set_length(request, chance_below(MAX_PAYLOAD + 1));
		break;
	case 4: /* of another type */
		request->word[0] ^= (1 + chance_below(15)) << 24;
		break;
	case 5: /* of as many words as it does not say: hardware passes none of these */
		request->word[1] ^= (uint32_t)chance() << 16;
		break;
	}
	request->word[0] = MAGIC | request->word[0] >> 16 << 16;
	/* What a short payload lacks would be an earlier one's, of which the oracle knows nothing. */
	if (frame_length(request) <= 64 || (frame_length(request) <= MAX_PAYLOAD && !one_in(8)))
		set_length(request, frame_length(request));
}

void begin_requests(bool calm_ones)
{
	kept_count = 0;
	calm = calm_ones;
}

void make_request(struct words *request)
{
	uint32_t kind = chance_below(100);

	if (kind < 10 && kept_count) {
		*request = kept[chance_below(kept_count < KEPT ? kept_count : KEPT)];
		if (one_in(4))
			request->way = some_way();
		if (!calm || frame_type(request) != HELLO)
			return;
	}
	if (kind < 18) {
		make_noise(request);
	} else {
		make_sensible(request);
		while (one_in(5))
			mutate(request);
	}
	/* Hardware keeps what a WRITE has behind its header. */
	if (frame_type(request) == WRITE)
		request->count = HEADER_WORDS;
	kept[kept_count++ % KEPT] = *request;
}
