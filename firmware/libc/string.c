/* The compiler calls these by itself, so they must not be compiled into calls of themselves. */
#pragma GCC optimize("no-tree-loop-distribute-patterns")

#include <string.h>

void *memcpy(void *to, const void *from, size_t size)
{
	char *d = to;
	const char *s = from;

	while (size--)
		*d++ = *s++;
	return to;
}

void *memset(void *to, int value, size_t size)
{
	char *d = to;

	while (size--)
		*d++ = value;
	return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
	const unsigned char *x = a, *y = b;

	for (; size--; x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}

size_t strlen(const char *text)
{
	size_t length = 0;

	while (text[length])
		length++;
	return length;
}
