/* Keeps strangers from beginning a session, in builds that have a secret (docs/protocol.md). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Something that looks nothing like the count, of which only who knows the secret can tell the next.
 * Without a secret, two counts never give the same. */
uint32_t secret_scrambled(uint32_t count);

/* What a host has to answer, together with its own number, to be let in. */
uint32_t secret_challenge(void);

/* Whether that is the answer; the challenge is then another one. */
bool secret_answered(uint32_t nonce, uint64_t tag);
