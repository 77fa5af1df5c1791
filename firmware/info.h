/* What the board says about itself. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "protocol.h"

#define INFO_MAX 896

struct board_state {
	bool memory_ok;
	uint8_t program[PROGRAM_ID_BYTES]; /* what the host says it loaded; zeros for none */
};

/* Writes lines of `key=value` to `buffer` (INFO_MAX bytes); returns their length. */
uint32_t info_write(char *buffer, const struct board_state *state);
