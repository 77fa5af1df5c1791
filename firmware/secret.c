#include "secret.h"

#include <generated/soc.h>

#ifdef LITELIC_SECRET_0

#include "keys.h"

static uint32_t challenge;

static uint64_t rotated(uint64_t value, int bits)
{
	return value << bits | value >> (64 - bits);
}

static void mix(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotated(v[1], 13) ^ v[0];
	v[3] = rotated(v[3], 16) ^ v[2];
	v[0] = rotated(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotated(v[1], 17) ^ v[2];
	v[3] = rotated(v[3], 21) ^ v[0];
	v[2] = rotated(v[2], 32);
}

/* SipHash-2-4 (Aumasson and Bernstein, 2012) of one or two blocks, the last of which ends with the
 * number of bytes. */
static uint64_t hashed(const uint64_t *blocks, int count)
{
	const uint64_t key[2] = {
		LITELIC_SECRET_0 | (uint64_t)LITELIC_SECRET_1 << 32,
		LITELIC_SECRET_2 | (uint64_t)LITELIC_SECRET_3 << 32,
	};
	uint64_t v[4] = {
		key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d,
		key[0] ^ 0x6c7967656e657261, key[1] ^ 0x7465646279746573,
	};

	for (int n = 0; n < count; n++) {
		v[3] ^= blocks[n];
		mix(v);
		mix(v);
		v[0] ^= blocks[n];
	}
	v[2] ^= 0xFF;
	for (int n = 0; n < 4; n++)
		mix(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint32_t secret_scrambled(uint32_t count)
{
	const uint64_t blocks[1] = {count | 4ull << 56};

	return hashed(blocks, 1);
}

uint32_t secret_challenge(void)
{
	if (!challenge)
		challenge = keys_draw();
	return challenge;
}

bool secret_answered(uint32_t nonce, uint64_t tag)
{
	const uint64_t blocks[2] = {secret_challenge() | (uint64_t)nonce << 32, 8ull << 56};

	if (tag != hashed(blocks, 2))
		return false;
	challenge = 0;
	return true;
}

#else /* everybody may */

/* By steps which can all be undone (the finaliser of MurmurHash3). */
uint32_t secret_scrambled(uint32_t count)
{
	count = (count ^ count >> 16) * 0x85EBCA6B;
	count = (count ^ count >> 13) * 0xC2B2AE35;
	return count ^ count >> 16;
}

uint32_t secret_challenge(void)
{
	return 0;
}

bool secret_answered(uint32_t nonce, uint64_t tag)
{
	(void)nonce;
	(void)tag;
	return true;
}

#endif
