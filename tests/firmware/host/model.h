/* The hardware around the firmware's CPU, for the build machine: soc/link/frame_link.py, the timer,
 * accel/accelerator.py, the analyzer. It aborts with words when the firmware asks for something
 * that hardware does not forgive. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HEADER_WORDS 4
#define MAX_PAYLOAD  1408
#define MAX_WORDS    (HEADER_WORDS + MAX_PAYLOAD / 4)
#define MAX_WAITING  16 /* frames for the CPU */
#define LINE_SHIFT   48 /* of a way */
#define QUEUE_DEPTH  32 /* of the accelerator */
#define TABLE        8  /* windows */

/* A frame without its CRCs. */
struct words {
	uint64_t way;
	uint32_t count;
	uint32_t word[MAX_WORDS];
};

static inline unsigned frame_version(const struct words *frame)
{
	return frame->word[0] >> 16 & 0xFF;
}

static inline unsigned frame_type(const struct words *frame)
{
	return frame->word[0] >> 24;
}

static inline unsigned frame_sequence(const struct words *frame)
{
	return frame->word[1] & 0xFFFF;
}

static inline unsigned frame_length(const struct words *frame)
{
	return frame->word[1] >> 16;
}

static inline uint32_t words_of(uint32_t length)
{
	return (length + 3) / 4;
}

struct window {
	uint32_t key, base, size;
	bool writable;
};

/* What can be looked at, and what a program may change between two polls. */
extern struct model {
	uint64_t cycles;       /* since power-up */
	bool memory_ok;        /* or neither window nor run may be */
	uint8_t served;        /* requests in windows, a count that wraps */
	uint32_t activity;
	struct window windows[TABLE];

	uint32_t queue[QUEUE_DEPTH]; /* descriptors that have not completed, the oldest first */
	unsigned queued;
	uint32_t completed;    /* since the last reset, */
	uint64_t total;        /* and since power-up */
	bool malformed;        /* the oldest one is none */
	bool held;             /* in reset */
	unsigned resets;

	unsigned long reads;   /* of registers since this was last made 0, */
	unsigned long patience; /* and how many are no hang */
} model;

/* As after power-up: the firmware's memory, too (power.c). */
void power_cycle(bool memory_ok);
void model_reset(bool memory_ok);

/* A frame for the CPU. */
void model_deliver(const struct words *frame);
unsigned model_waiting(void);

/* `count` more descriptors are done, if there are as many. */
void model_complete(unsigned count);

/* Says why, and aborts. */
void model_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* A register is read. */
static inline void model_look(void)
{
	if (++model.reads > model.patience)
		model_fail("%lu registers were read: it hangs", model.reads);
}

/* What each program has its own of. ----------------------------------------------------------- */

uint64_t nature_pass(void);     /* cycles, at each look at the clock */
unsigned nature_delay(void);    /* looks until a word is there, there is room, a window closed */
void nature_work(void);         /* at each look at the accelerator: move `model` on */
void nature_sent(const struct words *frame);
void nature_queued(uint32_t descriptor);
void nature_explain(void);      /* print what is needed to see a failure again */

/* The firmware's, by the names that rename.h gives them. -------------------------------------- */

void server_begin(bool memory_ok);
void server_poll(void);
int firmware_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
