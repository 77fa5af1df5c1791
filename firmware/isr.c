/* No interrupt is enabled, so whatever comes here is a fault of the firmware: start again. The host
 * sees the text and a board that answers. */
#include <generated/csr.h>
#include <stdio.h>
#include <system.h>

void isr(void);

void isr(void)
{
	printf("\nLiteLIC fault: cause %lx at %lx, restarting\n", csrr(mcause), csrr(mepc));
	ctrl_reset_write(1);
	for (;;)
		;
}
