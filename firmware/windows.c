#include "windows.h"

#include "keys.h"
#include "link.h"
#include "protocol.h"

static struct {
	bool open;
	uint32_t number; /* the next window's is not lower */
	uint32_t key;
} slots[WINDOWS];

bool windows_open(unsigned slot, uint32_t number, uint32_t base, uint32_t size, bool writable,
		  uint32_t *key)
{
	if (number < slots[slot].number || number == UINT32_MAX)
		return false;
	if (!slots[slot].open || number != slots[slot].number) {
		slots[slot].open = true;
		slots[slot].number = number;
		slots[slot].key = keys_draw();
		link_set_window(slot, slots[slot].key, base, size, writable);
	}
	*key = slots[slot].key;
	return true;
}

static void shut(unsigned slot)
{
	slots[slot].open = false;
	link_set_window(slot, 0, 0, 0, false);
}

void windows_close(unsigned slot, uint32_t number)
{
	if (slots[slot].open && slots[slot].number == number) {
		shut(slot);
		slots[slot].number = number + 1;
	}
}

void windows_forget(void)
{
	for (unsigned slot = 0; slot < WINDOWS; slot++) {
		if (slots[slot].open)
			shut(slot);
		slots[slot].number = 0;
	}
}
