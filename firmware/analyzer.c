#include "analyzer.h"

#include <generated/csr.h>
#include <generated/soc.h>

#ifdef CSR_ANALYZER_BASE

bool analyzer_present(void)
{
	return true;
}

uint32_t analyzer_bytes(void)
{
	return LITELIC_ANALYZER_BYTES;
}

uint32_t analyzer_read(uint32_t address)
{
	return csr_read_simple(CSR_ANALYZER_BASE + address);
}

void analyzer_write(uint32_t address, uint32_t value)
{
	csr_write_simple(value, CSR_ANALYZER_BASE + address);
}

#else

bool analyzer_present(void)
{
	return false;
}

uint32_t analyzer_bytes(void)
{
	return 0;
}

uint32_t analyzer_read(uint32_t address)
{
	(void)address;
	return 0;
}

void analyzer_write(uint32_t address, uint32_t value)
{
	(void)address;
	(void)value;
}

#endif
