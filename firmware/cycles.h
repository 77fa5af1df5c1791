/* Cycles since power-up. */
#pragma once

#include <stdint.h>

#include <generated/csr.h>

static inline uint64_t cycles_now(void)
{
	timer0_uptime_latch_write(1);
	return timer0_uptime_cycles_read();
}
