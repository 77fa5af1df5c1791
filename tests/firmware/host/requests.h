/* Requests by chance: sensible ones, ones that are almost so, and noise. */
#pragma once

#include "oracle.h"

/* The same numbers for the same seed, on every machine. */
void chance_seed(uint64_t seed);
uint64_t chance(void);

/* One of 0..count-1. */
uint32_t chance_below(uint32_t count);

/* In one of `count` cases. */
bool one_in(uint32_t count);

/* The next request; knows what `oracle` has learned. */
void make_request(struct words *request);

/* From now on nothing that was made before comes again. `calm`: sessions are left alone. */
void begin_requests(bool calm);

/* One that is right, as far as it goes. */
void make_hello(struct words *request, uint64_t way, uint32_t nonce, bool take_over);
void make_ping(struct words *request, uint64_t way);
