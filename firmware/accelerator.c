#include "accelerator.h"

#include <generated/csr.h>

#include "cycles.h"

#define RESET_CYCLES 1000

#ifdef CSR_ACCELERATOR_BASE

bool accelerator_present(void)
{
	return true;
}

bool accelerator_room(void)
{
	return accelerator_queue_level_read() != 0;
}

void accelerator_queue_descriptor(uint32_t address)
{
	accelerator_queue_write(address);
}

uint32_t accelerator_count(void)
{
	return accelerator_completed_read();
}

bool accelerator_malformed(void)
{
	return accelerator_status_read() & (1 << CSR_ACCELERATOR_STATUS_MALFORMED_OFFSET);
}

/* Held until the reads that were under way have come back. */
void accelerator_reset(void)
{
	uint64_t begin = cycles_now();

	accelerator_control_write(1 << CSR_ACCELERATOR_CONTROL_RESET_OFFSET);
	while (cycles_now() - begin < RESET_CYCLES)
		;
	accelerator_control_write(0);
}

#else /* built without an accelerator */

bool accelerator_present(void)
{
	return false;
}

bool accelerator_room(void)
{
	return false;
}

void accelerator_queue_descriptor(uint32_t address)
{
	(void)address;
}

uint32_t accelerator_count(void)
{
	return 0;
}

bool accelerator_malformed(void)
{
	return false;
}

void accelerator_reset(void)
{
}

#endif
