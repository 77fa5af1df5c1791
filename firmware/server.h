/* Answers the host's requests. */
#pragma once

#include <stdbool.h>

/* Serve for ever. `memory_ok`: the DRAM passed its test. */
void server_run(bool memory_ok) __attribute__((noreturn));
