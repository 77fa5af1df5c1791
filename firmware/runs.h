/* Runs of descriptors, a few of them queued: the accelerator goes from one to the next by itself. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "protocol.h"

#define RUNS_QUEUED     4 /* that have not ended, at most */
#define RUNS_REMEMBERED 8

struct run {
	uint32_t number; /* of the session's runs, from 0 on */
	uint32_t address;
	uint32_t count;
	uint32_t watchdog; /* in units of WATCHDOG_UNIT, for one descriptor */
	enum run_state state;
	uint32_t finished; /* descriptors */
	uint64_t began;    /* in cycles since power-up */
	uint64_t ended;
};

/* The number that the next run will have. */
uint32_t runs_next(void);
bool runs_full(void);
bool runs_active(void);

/* Queue a run of `count` (at least 1) descriptors, one after the other from `address` on. */
void runs_start(uint32_t address, uint32_t count, uint32_t watchdog);

/* The run of that number, 0 if it is none of those that are remembered. */
const struct run *runs_find(uint32_t number);

/* The oldest run that has ended and was not told yet, 0 if there is none. */
const struct run *runs_take_ended(void);

/* Refill the accelerator's queue, look at the watchdog. Cheap; call it while waiting. */
void runs_poll(void);

/* Give up what runs, forget everything: the next run has number 0. */
void runs_forget(void);
