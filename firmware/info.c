#include "info.h"

#include <generated/csr.h>
#include <generated/mem.h>
#include <generated/soc.h>
#include <stdio.h>

#include "version.h"

/* Thousandths of a degree Celsius, if the FPGA has a sensor (AMD UG480). */
static int write_temperature(char *buffer, uint32_t size)
{
#ifdef CSR_XADC_TEMPERATURE_ADDR
	int temperature = (int)(xadc_temperature_read() * 503975ll / 4096) - 273150;

	return snprintf(buffer, size, "temperature=%d\n", temperature);
#else
	(void)buffer;
	(void)size;
	return 0;
#endif
}

uint32_t info_write(char *buffer, const struct board_state *state, bool busy)
{
	char program[2 * PROGRAM_ID_BYTES + 1];

	for (int n = 0; n < PROGRAM_ID_BYTES; n++)
		snprintf(program + 2 * n, 3, "%02x", state->program[n]);

	uint32_t length = snprintf(buffer, INFO_MAX,
			"protocol=%d\n"
			"firmware=%s\n"
			"gateware=%s\n"
			"target=%s\n"
			"array=%s\n"
			"clock=%u\n"
			"array_clock=%u\n"
			"dram=%u\n"
			"dram_ok=%d\n"
			"program=%s\n"
			"busy=%d\n"
			"requests=%u\n"
			"damaged_frames=%u\n"
			"lost_frames=%u\n"
			"%s",
			PROTOCOL_VERSION, FIRMWARE_VERSION, LITELIC_GATEWARE, LITELIC_TARGET,
			LITELIC_ARRAY, (unsigned)CONFIG_CLOCK_FREQUENCY, (unsigned)LITELIC_ARRAY_CLOCK,
			(unsigned)MAIN_RAM_SIZE, state->memory_ok, program, busy,
			(unsigned)state->requests, (unsigned)link_damaged_read(),
			(unsigned)link_lost_read(), LITELIC_MORE_INFO);

	return length + write_temperature(buffer + length, INFO_MAX - length);
}
