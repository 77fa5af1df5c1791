/* Numbers that nobody had before: keys of sessions and of windows. */
#pragma once

#include <stdint.h>

/* Something that is different each time. Only the first after power-up counts. */
void keys_seed(uint32_t number);

/* The next key; none comes twice within 2^32, in builds without a secret. */
uint32_t keys_draw(void);
