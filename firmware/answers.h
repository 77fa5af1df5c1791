/* What the board says to a request. */
#pragma once

#include <stdint.h>

#include "link.h"
#include "protocol.h"
#include "runs.h"

void answer(const struct frame *request, const void *payload, uint32_t length);

/* In words as well; nothing was done. */
void refuse(const struct frame *request, enum error_code code, uint32_t detail, const char *format,
	    ...) __attribute__((format(printf, 4, 5)));

/* How a run is going: to `request`, or unasked to whoever has the session. */
void answer_run(const struct frame *request, const struct run *run);
