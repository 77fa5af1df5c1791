#include "runs.h"

#include <string.h>

#include "accelerator.h"
#include "cycles.h"

static struct {
	struct run remembered[RUNS_REMEMBERED]; /* by number */
	uint32_t told;    /* runs whose end was told, */
	uint32_t current; /* that have ended, */
	uint32_t feeding; /* of which all descriptors are queued, */
	uint32_t next;    /* and that there were. */
	uint32_t fed;     /* descriptors queued of the run after the `feeding` ones */
	uint32_t base;    /* the hardware's count when the current run began */
	uint64_t progress; /* when the last descriptor finished */
} runs;

static struct run *run_of(uint32_t number)
{
	return &runs.remembered[number % RUNS_REMEMBERED];
}

uint32_t runs_next(void)
{
	return runs.next;
}

bool runs_full(void)
{
	return runs.next - runs.current == RUNS_QUEUED;
}

bool runs_active(void)
{
	return runs.current != runs.next;
}

const struct run *runs_find(uint32_t number)
{
	uint32_t age = runs.next - number;

	return age >= 1 && age <= RUNS_REMEMBERED && age <= runs.next ? run_of(number) : 0;
}

const struct run *runs_take_ended(void)
{
	return runs.told == runs.current ? 0 : run_of(runs.told++);
}

static void begin_current(void)
{
	run_of(runs.current)->state = RUN_ACTIVE;
	run_of(runs.current)->began = runs.progress = cycles_now();
}

static void end_current(enum run_state state)
{
	run_of(runs.current)->state = state;
	run_of(runs.current)->ended = cycles_now();
	runs.current++;
}

void runs_start(uint32_t address, uint32_t count, uint32_t watchdog)
{
	*run_of(runs.next) = (struct run){
		.number = runs.next,
		.address = address,
		.count = count,
		.watchdog = watchdog,
	};
	if (runs.next++ == runs.current) {
		runs.base = accelerator_count();
		begin_current();
	}
	runs_poll();
}

/* Nothing that is queued can be trusted to find what it needs. */
static void fail(enum run_state state)
{
	accelerator_reset();
	end_current(state);
	while (runs_active())
		end_current(RUN_CANCELLED);
	runs.feeding = runs.next;
	runs.fed = 0;
}

static void feed(void)
{
	while (runs.feeding != runs.next && accelerator_room()) {
		const struct run *run = run_of(runs.feeding);

		accelerator_queue_descriptor(run->address + runs.fed * DESCRIPTOR_BYTES);
		if (++runs.fed == run->count) {
			runs.fed = 0;
			runs.feeding++;
		}
	}
}

void runs_poll(void)
{
	if (!runs_active())
		return;
	feed();

	struct run *run = run_of(runs.current);
	/* Asked first: what it completed before is then in the count. */
	bool malformed = accelerator_malformed();
	uint32_t finished = accelerator_count() - runs.base;

	if (finished != run->finished)
		runs.progress = cycles_now();
	while (finished >= run->count) {
		run->finished = run->count;
		runs.base += run->count;
		finished -= run->count;
		end_current(RUN_DONE);
		if (!runs_active())
			return;
		begin_current();
		run = run_of(runs.current);
	}
	run->finished = finished;
	if (malformed)
		fail(RUN_MALFORMED);
	else if (cycles_now() - runs.progress > (uint64_t)run->watchdog * WATCHDOG_UNIT)
		fail(RUN_STUCK);
}

void runs_forget(void)
{
	if (runs_active())
		accelerator_reset();
	memset(&runs, 0, sizeof(runs));
}
