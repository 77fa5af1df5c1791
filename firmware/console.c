/* printf's output goes to all lines, line by line, for a person who has opened a terminal there or
 * listens on the network. Hosts know it by its type. */
#include <stdint.h>
#include <stdio.h>

#include "link.h"

#define LINE_MAX 96

static char line[LINE_MAX + 2];
static uint32_t length;

int putchar(int c)
{
	if (c != '\n')
		line[length++] = c;
	if (c == '\n' || length == LINE_MAX) {
		line[length++] = '\r';
		line[length++] = '\n';
		link_broadcast(line, length);
		length = 0;
	}
	return c;
}
