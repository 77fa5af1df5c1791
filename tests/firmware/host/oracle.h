/* What must be true of every answer, whatever was asked: rules that need no knowledge of the
 * requests' contents. Both fuzzers keep to them; tests/firmware/rules.py knows all of them. */
#pragma once

#include "model.h"

enum {
	HELLO = 0x01, PING, WRITE, READ, PROGRAM, RUN, REGISTER_READ, REGISTER_WRITE, DISCOVER,
	OPEN, CLOSE, BYE,
	ANSWER = 0x80, TEXT = 0xFE, REFUSAL = 0xFF,
};

enum { DONE = 2, STUCK, MALFORMED, CANCELLED, STATES };

#define ERROR_CODES 17
#define KEYS        1024 /* that are remembered since power-up */
#define NONCES      16   /* of HELLO, that the board remembers */

extern struct oracle {
	bool session;
	uint32_t key;
	uint64_t way;       /* where the session's host is */
	uint32_t next_run, told_run; /* that will be started, and told of, next */
	uint64_t finished;  /* descriptors of runs that were told of, */
	uint64_t before;    /* and those that were completed before the session */
	uint32_t next_once; /* number of what is done once */
	uint32_t number[TABLE]; /* of each slot's last window, */
	bool used[TABLE];       /* there was one, */
	bool open[TABLE];       /* and is, */
	uint32_t window_key[TABLE]; /* with that key */
	uint32_t challenge;     /* what a host has to answer, 0 while that is not known */
	uint32_t keys[KEYS];    /* all that were drawn */
	unsigned key_count;
	uint32_t nonces[NONCES]; /* of the last calls */
	unsigned nonce_count;
} oracle;

/* Since the program has begun. */
extern struct counts {
	unsigned long answers[256]; /* by the type of the request */
	unsigned long errors[ERROR_CODES];
	unsigned long windows, runs, ends[STATES], texts;
} counts;

void oracle_power_up(void);

/* What a host says that knows the secret. */
uint64_t oracle_tag(uint32_t nonce);

/* A request is delivered, or an answer, to which none must come. A sequence number 0 cannot be told
 * from that of what nobody has asked for; this makes it 1. */
void oracle_deliver(struct words *request);

/* `nature_sent`: the oldest request is answered, a run's end is told, or a line of text. */
void oracle_sent(const struct words *frame);

/* All that was delivered is answered. */
void oracle_settled(void);

/* Parts of it. -------------------------------------------------------------------------------- */

void oracle_length(const struct words *frame, uint32_t length);
void oracle_started(const struct words *request, const struct words *frame);
void oracle_told(const struct words *frame);
