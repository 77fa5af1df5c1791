/* The accelerator's hardware (accel/accelerator.py). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

bool accelerator_present(void);

/* Whether a descriptor may be queued; queue one. */
bool accelerator_room(void);
void accelerator_queue_descriptor(uint32_t address);

/* Descriptors completed since the last reset. */
uint32_t accelerator_count(void);

/* It met something else than a descriptor, and stands still. */
bool accelerator_malformed(void);

/* Forget all that is queued or runs. */
void accelerator_reset(void);
