/* The clock, accel/accelerator.py and the analyzer, as the CPU sees them. */
#include <generated/csr.h>
#include <generated/mem.h>
#include <generated/soc.h>
#include <string.h>

#include "model.h"

#define DESCRIPTOR_BYTES 256
#define RESET_CYCLES     1000 /* that reads under way may take at most */

/* Clock -------------------------------------------------------------------------------------- */

static uint64_t latched;

void timer0_uptime_latch_write(uint32_t value)
{
	(void)value;
	model.cycles += nature_pass();
	latched = model.cycles;
}

uint64_t timer0_uptime_cycles_read(void)
{
	model_look();
	return latched;
}

/* Accelerator -------------------------------------------------------------------------------- */

void model_complete(unsigned count)
{
	count = count < model.queued ? count : model.queued;
	model.queued -= count;
	model.completed += count;
	model.total += count;
	memmove(model.queue, model.queue + count, 4 * model.queued);
}

#ifndef BARE

static uint64_t reset_began;

static void look_at_accelerator(void)
{
	model_look();
	if (!model.held && !model.malformed)
		nature_work();
}

uint32_t accelerator_queue_level_read(void)
{
	look_at_accelerator();
	return QUEUE_DEPTH - model.queued;
}

void accelerator_queue_write(uint32_t address)
{
	if (model.held || model.queued == QUEUE_DEPTH)
		model_fail("a descriptor is queued that is lost");
	if (address % DESCRIPTOR_BYTES || address > MAIN_RAM_SIZE - DESCRIPTOR_BYTES)
		model_fail("a descriptor at 0x%x", address);
	if (!model.memory_ok)
		model_fail("a descriptor in a DRAM that failed its test");
	model.queue[model.queued++] = address;
	nature_queued(address);
}

uint32_t accelerator_completed_read(void)
{
	look_at_accelerator();
	return model.completed;
}

uint32_t accelerator_status_read(void)
{
	look_at_accelerator();
	return (model.queued != 0 && !model.malformed) << CSR_ACCELERATOR_STATUS_BUSY_OFFSET |
	       model.malformed << CSR_ACCELERATOR_STATUS_MALFORMED_OFFSET;
}

void accelerator_control_write(uint32_t value)
{
	bool reset = value >> CSR_ACCELERATOR_CONTROL_RESET_OFFSET & 1;

	if (reset && !model.held)
		reset_began = model.cycles;
	if (!reset && model.held && model.cycles - reset_began < RESET_CYCLES)
		model_fail("a reset of %u cycles", (unsigned)(model.cycles - reset_began));
	model.resets += reset && !model.held;
	model.held = reset;
	if (reset) {
		model.queued = 0;
		model.completed = 0;
		model.malformed = false;
	}
}

/* Analyzer ----------------------------------------------------------------------------------- */

static uint32_t *analyzer_register(unsigned long address)
{
	static uint32_t registers[LITELIC_ANALYZER_BYTES / 4];
	unsigned long offset = address - CSR_ANALYZER_BASE;

	if (offset >= LITELIC_ANALYZER_BYTES || offset % 4)
		model_fail("an access to 0x%lx", address);
	return &registers[offset / 4];
}

/* Reading has an effect, as it has in the analyzer's memory: one more each time. */
uint32_t csr_read_simple(unsigned long address)
{
	model_look();
	return (*analyzer_register(address))++;
}

void csr_write_simple(uint32_t value, unsigned long address)
{
	*analyzer_register(address) = value;
}

uint32_t xadc_temperature_read(void)
{
	model_look();
	return model.cycles & 0xFFF; /* 12 bits */
}

#endif
