/* The registers of the logic analyser, in builds that have one. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

bool analyzer_present(void);

/* Where its registers end; they begin at 0. All addresses here are byte offsets in there. */
uint32_t analyzer_bytes(void);

uint32_t analyzer_read(uint32_t address);
void analyzer_write(uint32_t address, uint32_t value);
