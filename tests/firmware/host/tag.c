/* What a host that knows the secret says: SipHash-2-4 of 8 bytes, as its authors write it. For
 * hosts it is in host/link/secret.py. */
#include "oracle.h"

#ifdef SECRET

#define ROTATE(x, b) (((x) << (b)) | ((x) >> (64 - (b))))

static void rounds(uint64_t v[4], int count)
{
	while (count--) {
		v[0] += v[1];
		v[1] = ROTATE(v[1], 13) ^ v[0];
		v[0] = ROTATE(v[0], 32);
		v[2] += v[3];
		v[3] = ROTATE(v[3], 16) ^ v[2];
		v[0] += v[3];
		v[3] = ROTATE(v[3], 21) ^ v[0];
		v[2] += v[1];
		v[1] = ROTATE(v[1], 17) ^ v[2];
		v[2] = ROTATE(v[2], 32);
	}
}

uint64_t oracle_tag(uint32_t nonce)
{
	const uint64_t key[2] = {0x0706050403020100, 0x0F0E0D0C0B0A0908}; /* generated/soc.h */
	const uint64_t message = oracle.challenge | (uint64_t)nonce << 32, end = 8ull << 56;
	uint64_t v[4] = {
		key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d,
		key[0] ^ 0x6c7967656e657261, key[1] ^ 0x7465646279746573,
	};

	v[3] ^= message;
	rounds(v, 2);
	v[0] ^= message;
	v[3] ^= end;
	rounds(v, 2);
	v[0] ^= end;
	v[2] ^= 0xFF;
	rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

#else

uint64_t oracle_tag(uint32_t nonce)
{
	return nonce; /* nobody looks at it */
}

#endif
