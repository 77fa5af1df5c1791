#include <generated/mem.h>
#include <generated/soc.h>
#include <liblitedram/sdram.h>
#include <stdio.h>

#include "server.h"
#include "version.h"

int main(void);

int main(void)
{
	printf("\nLiteLIC %s on %s, firmware %s\n", LITELIC_GATEWARE, LITELIC_TARGET,
	       FIRMWARE_VERSION);

	/* Calibrates a real DRAM, and tests it. */
	bool memory_ok = sdram_init();

	printf("%s\nReady for a host: litelic info --port ...\n",
	       memory_ok ? "" : "The DRAM FAILED its test: requests that need it are refused.");
	server_begin(memory_ok);
	for (;;)
		server_poll();
}
