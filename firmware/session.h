/* Which host the board works for. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Begin one, with who has called with that number. */
void session_begin(uint64_t way, uint32_t nonce);
void session_end(void);

/* That call is the one that the session began with, and comes again. */
bool session_is_of(uint64_t way, uint32_t nonce);

/* Keep the number of a call, whatever becomes of it; it has called before: a late copy has come. */
void session_note(uint32_t nonce);
bool session_knows(uint32_t nonce);

/* Another host may not have the board yet: its session has spoken a short while ago. */
bool session_holds(uint64_t way);

/* Nobody may: an end of this will come. */
bool session_waits(void);

bool session_open(void);
bool session_has(uint32_t key);
uint32_t session_key(void);

/* The host has spoken: there, or by requests that hardware has served. */
void session_heard(uint64_t way);
void session_look_at_traffic(void);

/* Where to say what it did not ask for. */
uint64_t session_way(void);
