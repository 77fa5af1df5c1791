/* What the board says about itself. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "protocol.h"

#define INFO_MAX 1024

struct board_state {
	bool memory_ok;
	uint8_t program[PROGRAM_ID_BYTES]; /* what the host says it loaded; zeros for none */
	uint32_t requests; /* that came to the CPU since power-up */
};

/* Writes lines of `key=value` to `buffer` (INFO_MAX bytes); returns their length. */
uint32_t info_write(char *buffer, const struct board_state *state, bool busy);
