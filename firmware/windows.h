/* Ranges of the DRAM that the host has asked for, each in a slot that it chose. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* In a slot (below WINDOWS) each window has a higher number than those before. A window that is
 * opened again, with the number it has, is the one that there is. False: the number has passed, or is
 * the last one there is. */
bool windows_open(unsigned slot, uint32_t number, uint32_t base, uint32_t size, bool writable,
		  uint32_t *key);

/* Nothing happens if the slot's window is another one by now. */
void windows_close(unsigned slot, uint32_t number);

/* All of them; numbers begin anew. */
void windows_forget(void);
