#include "session.h"

#include <generated/soc.h>

#include "cycles.h"
#include "keys.h"
#include "link.h"

/* Without a word from its host, after which another one may have the board. A simulator's time
 * passes so much slower that it has a constant of its own. */
#ifndef LITELIC_SILENCE_CYCLES
#define LITELIC_SILENCE_CYCLES (2ull * CONFIG_CLOCK_FREQUENCY)
#endif

#define REMEMBERED 16 /* numbers of HELLO */

static struct {
	bool open;
	uint32_t key;
	uint32_t nonce;
	uint64_t way;
	uint64_t heard;
	uint32_t served; /* by hardware, so far */
	uint32_t calls;
	uint32_t nonces[REMEMBERED]; /* of the last ones */
} session;

void session_begin(uint64_t way, uint32_t nonce)
{
	session.open = true;
	session.key = keys_draw();
	session.nonce = nonce;
	session_heard(way);
}

void session_end(void)
{
	session.open = false;
}

bool session_is_of(uint64_t way, uint32_t nonce)
{
	return session.open && session.way == way && session.nonce == nonce;
}

void session_note(uint32_t nonce)
{
	session.nonces[session.calls++ % REMEMBERED] = nonce;
}

bool session_knows(uint32_t nonce)
{
	for (uint32_t n = 0; n < REMEMBERED && n < session.calls; n++)
		if (session.nonces[n] == nonce)
			return true;
	return false;
}

bool session_holds(uint64_t way)
{
	/* At a place there is one host: it has begun anew, whatever it did before. */
	return session_waits() && session.way != way;
}

bool session_waits(void)
{
	return session.open && cycles_now() - session.heard < LITELIC_SILENCE_CYCLES;
}

bool session_open(void)
{
	return session.open;
}

bool session_has(uint32_t key)
{
	return session.open && session.key == key;
}

uint32_t session_key(void)
{
	return session.key;
}

void session_heard(uint64_t way)
{
	session.way = way;
	session.heard = cycles_now();
}

void session_look_at_traffic(void)
{
	uint32_t served = link_served();

	if (served != session.served)
		session.heard = cycles_now();
	session.served = served;
}

uint64_t session_way(void)
{
	return session.way;
}
