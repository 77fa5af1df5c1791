/* Power-up: the firmware's variables are made what they were before it ran. The build puts them in
 * sections of a name of its own (tests/firmware/build.py), for which the linker makes symbols. */
#include <stdlib.h>

#include "model.h"

extern char __start_firmware_data[], __stop_firmware_data[];
extern char __start_firmware_bss[], __stop_firmware_bss[];

#ifdef COVERAGE
void __gcov_dump(void);
void __gcov_reset(void);
#endif

/* Not by memcpy, or the sanitizer would complain of what it has put between variables. */
__attribute__((no_sanitize("address"))) static void copy(volatile char *to,
							 const volatile char *from, size_t size)
{
	for (size_t n = 0; n < size; n++)
		to[n] = from[n];
}

__attribute__((no_sanitize("address"))) static void clear(volatile char *to, size_t size)
{
	for (size_t n = 0; n < size; n++)
		to[n] = 0;
}

void power_cycle(bool memory_ok)
{
	static char *before;
	size_t size = __stop_firmware_data - __start_firmware_data;

#ifdef COVERAGE
	/* The counts are among the variables. */
	__gcov_dump();
#endif
	if (!before) {
		before = malloc(size);
		copy(before, __start_firmware_data, size);
	}
	copy(__start_firmware_data, before, size);
	clear(__start_firmware_bss, __stop_firmware_bss - __start_firmware_bss);
#ifdef COVERAGE
	__gcov_reset();
#endif
	model_reset(memory_ok);
	server_begin(memory_ok);
}
