#include "accelerator.h"

#include <generated/csr.h>

#include "protocol.h"
#include "cycles.h"

#define RESET_CYCLES 1000

static struct {
	bool running;
	enum accelerator_event event;
	uint32_t address;
	uint32_t count;
	uint32_t queued;
	uint32_t finished;
	uint32_t base; /* the hardware's count when the run began */
	uint64_t watchdog;
	uint64_t started;
	uint64_t progress; /* when the last descriptor finished */
	uint64_t ended;
} run;

bool accelerator_running(void)
{
	return run.running;
}

uint32_t accelerator_finished(void)
{
	return run.finished;
}

uint64_t accelerator_cycles(void)
{
	return run.ended - run.started;
}

enum accelerator_event accelerator_take_event(void)
{
	enum accelerator_event event = run.event;

	run.event = ACCELERATOR_NOTHING;
	return event;
}

#ifdef CSR_ACCELERATOR_BASE

bool accelerator_present(void)
{
	return true;
}

static void finish(enum accelerator_event event)
{
	run.running = false;
	run.event = event;
	run.ended = cycles_now();
}

/* Held until the reads that were under way have come back. */
static void reset(void)
{
	uint64_t begin = cycles_now();

	accelerator_control_write(1 << CSR_ACCELERATOR_CONTROL_RESET_OFFSET);
	while (cycles_now() - begin < RESET_CYCLES)
		;
	accelerator_control_write(0);
}

void accelerator_start(uint32_t address, uint32_t count, uint64_t watchdog)
{
	run.address = address;
	run.count = count;
	run.queued = 0;
	run.finished = 0;
	run.base = accelerator_completed_read();
	run.watchdog = watchdog;
	run.started = cycles_now();
	run.progress = run.started;
	run.event = ACCELERATOR_NOTHING;
	run.running = true;
	accelerator_poll();
}

void accelerator_poll(void)
{
	if (!run.running)
		return;

	uint32_t finished = accelerator_completed_read() - run.base;

	if (finished != run.finished) {
		run.finished = finished;
		run.progress = cycles_now();
	}
	if (run.finished == run.count) {
		finish(ACCELERATOR_DONE);
		return;
	}
	while (run.queued < run.count && accelerator_queue_level_read()) {
		accelerator_queue_write(run.address + run.queued * DESCRIPTOR_BYTES);
		run.queued++;
	}
	if (accelerator_status_read() & (1 << CSR_ACCELERATOR_STATUS_MALFORMED_OFFSET)) {
		reset();
		finish(ACCELERATOR_MALFORMED);
	} else if (cycles_now() - run.progress > run.watchdog) {
		reset();
		finish(ACCELERATOR_STUCK);
	}
}

void accelerator_cancel(void)
{
	if (run.running) {
		reset();
		run.running = false;
	}
	run.event = ACCELERATOR_NOTHING;
}

#else /* built without an accelerator */

bool accelerator_present(void)
{
	return false;
}

void accelerator_start(uint32_t address, uint32_t count, uint64_t watchdog)
{
	(void)address;
	(void)count;
	(void)watchdog;
}

void accelerator_poll(void)
{
}

void accelerator_cancel(void)
{
}

#endif
