#include "oracle.h"

#include <ctype.h>
#include <string.h>

#ifdef SECRET
#undef SECRET
#define SECRET 1
#else
#define SECRET 0
#endif

#define BUSY   7
#define DENIED 16

#define LONGEST_TEXT 98
#define EVERYBODY    0x4C43FFFFFFFF /* 255.255.255.255, port 0x4C43 */

struct oracle oracle;
struct counts counts;

static struct {
	struct words request[MAX_WAITING];
	unsigned first, count;
} pending;

void oracle_power_up(void)
{
	memset(&oracle, 0, sizeof(oracle));
	pending.first = pending.count = 0;
}

void oracle_deliver(struct words *request)
{
	if (!frame_sequence(request))
		request->word[1] |= 1;

	struct words *place = &pending.request[(pending.first + pending.count) % MAX_WAITING];

	model_deliver(request);
	if (frame_type(request) & ANSWER)
		return;
	place->way = request->way;
	memcpy(place->word, request->word, 4 * request->count);
	pending.count++;
}

void oracle_settled(void)
{
	if (pending.count)
		model_fail("a request of type 0x%02x was not answered",
			   frame_type(&pending.request[pending.first]));
}

static void is_new(uint32_t key)
{
	/* With a secret they are by chance, and two may be the same. */
	for (unsigned n = 0; n < oracle.key_count; n++)
		if (oracle.keys[n] == key && !SECRET)
			model_fail("key 0x%08x comes again", key);
	if (oracle.key_count == KEYS)
		model_fail("the test draws more keys than it remembers");
	oracle.keys[oracle.key_count++] = key;
}

void oracle_length(const struct words *frame, uint32_t length)
{
	if (frame_length(frame) != length)
		model_fail("the answer 0x%02x has %u bytes, not %u", frame_type(frame),
			   frame_length(frame), length);
}

static bool is_answered(const struct words *request)
{
	return (request->word[5] | (uint64_t)request->word[6] << 32) ==
	       oracle_tag(request->word[2]);
}

/* A late copy of a HELLO begins nothing, whatever became of the first one. */
static void is_first(uint32_t nonce)
{
	for (unsigned n = 0; n < NONCES && n < oracle.nonce_count; n++)
		if (oracle.nonces[n] == nonce)
			model_fail("HELLO 0x%08x is served again", nonce);
	oracle.nonces[oracle.nonce_count++ % NONCES] = nonce;
}

/* Nobody has a window, or a run. */
static void forgotten(void)
{
	for (unsigned n = 0; n < TABLE; n++)
		if (model.windows[n].size)
			model_fail("window %u outlives its session", n);
	if (model.queued)
		model_fail("a run outlives its session");
	oracle.next_run = oracle.told_run = oracle.next_once = 0;
	oracle.finished = 0;
	oracle.before = model.total;
	memset(oracle.number, 0, sizeof(oracle.number));
	memset(oracle.open, 0, sizeof(oracle.open));
	memset(oracle.used, 0, sizeof(oracle.used));
}

/* Answers of each type ------------------------------------------------------------------------ */

static void hello(const struct words *request, const struct words *frame)
{
	static const char begin[] = "protocol=2\n";

	if (frame_length(frame) < sizeof(begin) || memcmp(frame->word + 4, begin, strlen(begin)))
		model_fail("the board's description of itself begins otherwise");
	if (frame_type(request) == DISCOVER)
		return;
	if (!oracle.session || frame->word[3] != oracle.key) {
		if (SECRET && (!oracle.challenge || !is_answered(request)))
			model_fail("a session without the secret");
		oracle.challenge = 0;
		is_new(frame->word[3]);
		is_first(request->word[2]);
		forgotten();
	}
	oracle.session = true;
	oracle.key = frame->word[3];
	oracle.way = request->way;
}

static void open(const struct words *request, const struct words *frame)
{
	const uint32_t *asked = request->word + HEADER_WORDS;
	uint32_t slot = request->word[2], key = frame->word[4];

	oracle_length(request, 16);
	oracle_length(frame, 4);
	const struct window *window = &model.windows[slot < TABLE ? slot : 0];

	if (slot >= TABLE || window->key != key || !window->size)
		model_fail("a window is told that is not there");
	if (oracle.open[slot] && oracle.number[slot] == asked[0]) {
		if (key != oracle.window_key[slot])
			model_fail("window %u of slot %u is opened twice", asked[0], slot);
		return;
	}
	if (asked[0] < oracle.number[slot] || (asked[0] == oracle.number[slot] && oracle.used[slot]))
		model_fail("window %u of slot %u comes again", asked[0], slot);
	is_new(key);
	if (window->base != asked[1] || window->size != asked[2] ||
	    window->writable != (asked[3] & 1))
		model_fail("a window is another one than was asked for");
	oracle.number[slot] = asked[0];
	oracle.open[slot] = oracle.used[slot] = true;
	oracle.window_key[slot] = key;
	counts.windows++;
}

static void close(const struct words *request, const struct words *frame)
{
	uint32_t slot = request->word[2];

	oracle_length(request, 4);
	oracle_length(frame, 0);
	if (slot >= TABLE)
		model_fail("a window is closed that there cannot be");
	if (request->word[HEADER_WORDS] == oracle.number[slot])
		oracle.open[slot] = false;
	if (oracle.open[slot] != (model.windows[slot].size != 0))
		model_fail("window %u is closed, or open, and should not be", slot);
}

/* A whole line, to everybody. */
static void text(const struct words *frame)
{
	const char *line = (const char *)(frame->word + HEADER_WORDS);
	unsigned length = frame_length(frame);

	if (length < 2 || length > LONGEST_TEXT || memcmp(line + length - 2, "\r\n", 2))
		model_fail("a line of %u characters", length);
	if ((frame->way & 0xFFFFFFFFFFFF) != EVERYBODY || frame->word[2] || frame->word[3])
		model_fail("a line of text is not for everybody");
	counts.texts++;
}

static void accept(const struct words *request, const struct words *frame)
{
	unsigned type = frame_type(request);

	if (frame_version(request) != 2)
		model_fail("a request of version %u is accepted", frame_version(request));
	counts.answers[type]++;
	if (type != HELLO && type != DISCOVER &&
	    (!oracle.session || request->word[3] != oracle.key))
		model_fail("a request is accepted whose key is not the session's");
	switch (type) {
	case HELLO:
		oracle_length(request, 12);
		hello(request, frame);
		break;
	case DISCOVER:
		hello(request, frame);
		break;
	case PING:
		oracle_length(request, 0);
		oracle_length(frame, 8);
		break;
	case PROGRAM:
		oracle_length(request, 36);
		oracle_length(frame, 0);
		oracle.next_once = request->word[HEADER_WORDS] + 1;
		break;
	case RUN:
		oracle_started(request, frame);
		break;
	case OPEN:
		open(request, frame);
		break;
	case CLOSE:
		close(request, frame);
		break;
	case REGISTER_READ:
	case REGISTER_WRITE:
		oracle_length(request, type == REGISTER_READ ? 4 : 8);
		oracle_length(frame, 4);
		oracle.next_once = request->word[HEADER_WORDS] + 1;
		break;
	case BYE:
		oracle_length(request, 0);
		oracle_length(frame, 0);
		forgotten();
		oracle.session = false;
		break;
	default:
		model_fail("a request of type 0x%02x is accepted", type);
	}
}

/* A challenge stands until it was answered. */
static void denied(uint32_t challenge)
{
	if (!SECRET)
		model_fail("there is no secret");
	if (!oracle.challenge)
		is_new(challenge);
	else if (challenge != oracle.challenge)
		model_fail("the challenge is another one");
	oracle.challenge = challenge;
}

static void refused(const struct words *request, const struct words *frame)
{
	static const unsigned known = 1 << 1 | 1 << 2 | 1 << 3 | 1 << 6 | 1 << 7 | 1 << 8 | 1 << 10 |
				      1 << 12 | 1 << 13 | 1 << 14 | 1 << 15 | 1 << 16;
	uint32_t code = frame->word[4] & 0xFF;
	const char *text = (const char *)(frame->word + 6);
	int length = frame_length(frame) - 8;

	if (code >= ERROR_CODES || !(known >> code & 1) ||
	    frame->word[4] >> 8 != frame_type(request))
		model_fail("a refusal of code 0x%08x", frame->word[4]);
	if (length < 8 || length >= 159)
		model_fail("a refusal says %d characters", length);
	for (int n = 0; n < length; n++)
		if (!isprint((unsigned char)text[n]))
			model_fail("a refusal has a character %d", text[n]);
	if (code == DENIED || code == BUSY)
		is_first(request->word[2]);
	if (code == DENIED)
		denied(frame->word[5]);
	if (code == BUSY) {
		if (SECRET && !is_answered(request))
			model_fail("somebody without the secret is let in when it is time");
		oracle.challenge = 0;
	}
	counts.errors[code]++;
}

void oracle_sent(const struct words *frame)
{
	if (!frame_sequence(frame) && frame_type(frame) == (RUN | ANSWER)) {
		oracle_told(frame);
		return;
	}
	if (!frame_sequence(frame) && frame_type(frame) == TEXT) {
		text(frame);
		return;
	}
	if (!pending.count)
		model_fail("a frame of type 0x%02x that answers nothing", frame_type(frame));

	const struct words *request = &pending.request[pending.first];
	unsigned type = frame_type(request), answer = frame_type(frame);

	pending.first = (pending.first + 1) % MAX_WAITING;
	pending.count--;
	if (frame->way != request->way || frame_sequence(frame) != frame_sequence(request) ||
	    frame->word[2] != request->word[2])
		model_fail("the answer to a request of type 0x%02x is not to it", type);
	if (frame->word[3] != request->word[3] && answer != (HELLO | ANSWER))
		model_fail("the answer to a request of type 0x%02x has another key", type);
	/* Its host is where the last request came from that had its key. */
	if (oracle.session && request->word[3] == oracle.key && frame_version(request) == 2 &&
	    type != HELLO && type != DISCOVER && type != READ && type != WRITE)
		oracle.way = request->way;
	if (answer == REFUSAL)
		refused(request, frame);
	else if (answer == (type | ANSWER))
		accept(request, frame);
	else
		model_fail("an answer of type 0x%02x to one of type 0x%02x", answer, type);
}
