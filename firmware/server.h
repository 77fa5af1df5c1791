/* Answers the host's requests. */
#pragma once

#include <stdbool.h>

/* `memory_ok`: the DRAM passed its test. */
void server_begin(bool memory_ok);

/* Serve what is there; to be called for ever. */
void server_poll(void);
