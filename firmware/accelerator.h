/* Keeps the accelerator's queue of descriptors filled and watches over it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum accelerator_event {
	ACCELERATOR_NOTHING,
	ACCELERATOR_DONE,
	ACCELERATOR_STUCK,     /* watchdog; the accelerator was reset */
	ACCELERATOR_MALFORMED, /* it met something else than a descriptor, and was reset */
};

bool accelerator_present(void);

/* Run `count` (at least 1) descriptors that follow each other from `address` on. None of them may
 * take longer than `watchdog` cycles. */
void accelerator_start(uint32_t address, uint32_t count, uint64_t watchdog);

/* Refill the queue, look at the watchdog. Cheap; call it while waiting for anything. */
void accelerator_poll(void);

/* How the run ended, told once. */
enum accelerator_event accelerator_take_event(void);

/* Give up what runs. */
void accelerator_cancel(void);

bool accelerator_running(void);
uint32_t accelerator_finished(void); /* descriptors of the last run */
uint64_t accelerator_cycles(void);   /* from the start of the last run to its end */
