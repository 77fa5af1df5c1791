#include "keys.h"

#include <stdbool.h>

#include "secret.h"

static uint32_t state;
static bool seeded;

void keys_seed(uint32_t number)
{
	if (!seeded)
		state = number;
	seeded = true;
}

uint32_t keys_draw(void)
{
	state += 0x9E3779B9;
	return secret_scrambled(state);
}
