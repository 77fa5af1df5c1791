// with: oracle.c oracle_runs.c tag.c requests.c
/* fuzz SEED COUNT [BATCH]: COUNT requests by chance, in batches that each begin with power-up, and
 * what came of them. A batch that fails is run alone by giving its number. */
#include <generated/soc.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "requests.h"

#define BATCH    256   /* requests */
#define SHOWN    12    /* words of a request */
#define PATIENCE 20000 /* reads of registers until a few requests are answered */

static uint64_t seed;
static unsigned long batch, input;
static struct words last;
static unsigned speed; /* of the accelerator: 0 (never done) to 255 */
static unsigned long most_reads;

/* The hardware's nature ------------------------------------------------------------------------ */

uint64_t nature_pass(void)
{
	static const uint64_t long_times[] = {2000, 100000, 2000000, 210000000, 10000000000};
	uint64_t number = chance();

	return number & 1023 ? 1 + (number >> 10 & 63) : long_times[chance_below(5)];
}

unsigned nature_delay(void)
{
	return chance_below(4);
}

void nature_work(void)
{
	if (model.queued && chance_below(256) < speed)
		model_complete(1 + chance_below(3));
	else if (model.queued && one_in(2000))
		model.malformed = true;
}

void nature_sent(const struct words *frame)
{
	oracle_sent(frame);
}

void nature_queued(uint32_t descriptor)
{
	(void)descriptor;
}

void nature_explain(void)
{
	fprintf(stderr, "in batch %lu, input %lu, after a request of %u words by way 0x%" PRIx64 ":",
		batch, input, last.count, last.way);
	for (unsigned n = 0; n < last.count && n < SHOWN; n++)
		fprintf(stderr, " %08x", last.word[n]);
	fprintf(stderr, "\nto see it again: fuzz %" PRIu64 " %d %lu\n", seed, BATCH, batch);
}

/* AddressSanitizer calls it when it has found something. */
void __asan_on_error(void);

void __asan_on_error(void)
{
	nature_explain();
}

static void fail_unless(bool condition, const char *what)
{
	if (!condition)
		model_fail("%s", what);
}

/* Inputs ------------------------------------------------------------------------------------- */

static void settle(void)
{
	model.reads = 0;
	while (model_waiting())
		server_poll();
	for (unsigned extra = chance_below(4); extra; extra--)
		server_poll();
	oracle_settled();
	if (model.reads > most_reads)
		most_reads = model.reads;
}

static void print_something(void)
{
	static const char words[] = "The firmware has something to say, and it is longer than a line "
				    "of 96 characters, so it is told in two of them, or in three, "
				    "or with\nlines of its own\n";
	unsigned long before = counts.texts;

	firmware_printf("%s|%-7d|%05d|%c|%%|%08X|%lld\n", words + chance_below(sizeof(words)),
			(int)chance() >> 16, (int)chance() >> 16, '!', (unsigned)chance(),
			(long long)chance());
	fail_unless(counts.texts >= before + LITELIC_LINES, "nothing was printed");
}

/* However it was treated, the board works for somebody new. */
static void finish(void)
{
	unsigned long pings = counts.answers[PING];

	/* If there is a secret, what has to be answered may have to be asked for. */
	for (unsigned attempt = 0; attempt < 2; attempt++) {
		make_hello(&last, 1ull << 48 | 0x12345678, 0x600D0000 + attempt, true);
		oracle_deliver(&last);
		settle();
	}
	fail_unless(oracle.session && oracle.way == last.way, "no session is given at the end");
	make_ping(&last, last.way);
	oracle_deliver(&last);
	settle();
	fail_unless(counts.answers[PING] == pings + 1, "no PING is answered at the end");
}

static void run_batch(unsigned long size)
{
	chance_seed(seed ^ batch * 0xD1342543DE82EF95);
	chance_seed(chance());
	oracle_power_up();
	begin_requests(one_in(2));
	power_cycle(!one_in(16));
	model.patience = PATIENCE;
	model.completed = one_in(2) ? 0 : -chance_below(64); /* a count that wraps */
	speed = one_in(4) ? 0 : chance_below(128);
	for (input = 0; input < size; input++) {
		model.served += one_in(8);
		make_request(&last);
		oracle_deliver(&last);
		if (!one_in(8) || model_waiting() == MAX_WAITING || input + 1 == size)
			settle();
		if (one_in(100))
			print_something();
	}
	finish();
}

/* Result ------------------------------------------------------------------------------------- */

static void print_counts(unsigned long inputs)
{
	static const struct {
		const char *name;
		unsigned long *count;
	} lines[] = {
		{"answers_HELLO", &counts.answers[HELLO]},
		{"answers_PING", &counts.answers[PING]},
		{"answers_WRITE", &counts.answers[WRITE]},
		{"answers_READ", &counts.answers[READ]},
		{"answers_PROGRAM", &counts.answers[PROGRAM]},
		{"answers_RUN", &counts.answers[RUN]},
		{"answers_REGISTER_READ", &counts.answers[REGISTER_READ]},
		{"answers_REGISTER_WRITE", &counts.answers[REGISTER_WRITE]},
		{"answers_DISCOVER", &counts.answers[DISCOVER]},
		{"answers_OPEN", &counts.answers[OPEN]},
		{"answers_CLOSE", &counts.answers[CLOSE]},
		{"answers_BYE", &counts.answers[BYE]},
		{"windows", &counts.windows},
		{"runs", &counts.runs},
		{"runs_done", &counts.ends[DONE]},
		{"runs_stuck", &counts.ends[STUCK]},
		{"runs_malformed", &counts.ends[MALFORMED]},
		{"runs_cancelled", &counts.ends[CANCELLED]},
		{"texts", &counts.texts},
		{"most_reads", &most_reads},
	};

	printf("inputs=%lu\n", inputs);
	for (unsigned n = 0; n < sizeof(lines) / sizeof(lines[0]); n++)
		printf("%s=%lu\n", lines[n].name, *lines[n].count);
	for (unsigned code = 0; code < ERROR_CODES; code++)
		if (counts.errors[code])
			printf("error_%u=%lu\n", code, counts.errors[code]);
}

int main(int argc, char **argv)
{
	unsigned long count;

	if (argc != 3 && argc != 4) {
		fprintf(stderr, "usage: fuzz SEED COUNT [BATCH]\n");
		return 2;
	}
	seed = strtoull(argv[1], 0, 0);
	count = strtoul(argv[2], 0, 0);
	batch = argc == 4 ? strtoul(argv[3], 0, 0) : 0;
	for (unsigned long left = count; left; batch++) {
		unsigned long size = left < BATCH ? left : BATCH;

		run_batch(size);
		left -= size;
	}
	print_counts(count);
	return 0;
}
