// with: requests.c oracle.c oracle_runs.c tag.c
/* printf SEED COUNT: the firmware's snprintf against the build machine's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "requests.h"

#define LONGEST 200

int firmware_snprintf(char *buffer, size_t size, const char *format, ...);

uint64_t nature_pass(void)
{
	return 0;
}

unsigned nature_delay(void)
{
	return 0;
}

void nature_work(void)
{
}

void nature_sent(const struct words *frame)
{
	(void)frame;
}

void nature_queued(uint32_t descriptor)
{
	(void)descriptor;
}

void nature_explain(void)
{
}

static uint64_t some_number(void)
{
	return one_in(4) ? chance_below(3) - 1ull : (uint64_t)chance() >> chance_below(64);
}

/* Both do the same, also with a buffer that is too small for it. */
#define COMPARE(...)                                                                        \
	do {                                                                                \
		size_t size = 1 + chance_below(LONGEST);                                    \
		char *own = malloc(size), *theirs = malloc(size);                           \
		int count = firmware_snprintf(own, size, format, __VA_ARGS__);              \
                                                                                            \
		snprintf(theirs, size, format, __VA_ARGS__);                                \
		if (strcmp(own, theirs) || count != (int)strlen(own))                       \
			model_fail("\"%s\" gives \"%s\", not \"%s\"", format, own, theirs); \
		free(own);                                                                  \
		free(theirs);                                                               \
	} while (0)

#pragma GCC diagnostic ignored "-Wformat-nonliteral"

static void compare(void)
{
	static const char *const flags[] = {"", "", "0", "-", "-0"};
	static const char *const texts[] = {"", "a", "%", "some text", "a text that is longer"};
	char format[64], width[8] = "";
	const char *flag = flags[chance_below(5)], *before = texts[chance_below(5)];
	const char *number = &"diuxX"[chance_below(5)], *text = texts[chance_below(5)];
	uint64_t value = some_number();

	if (*before == '%')
		before = "%%";
	if (one_in(2))
		snprintf(width, sizeof(width), "%u", 1 + chance_below(40));
	switch (chance_below(4)) {
	case 0:
		snprintf(format, sizeof(format), "%s%%%s%s%c|", before, flag, width, *number);
		COMPARE((int)value);
		break;
	case 1:
		snprintf(format, sizeof(format), "%s%%%s%sll%c|", before, flag, width, *number);
		COMPARE((long long)value);
		break;
	case 2: /* of text, no zeros stand in front */
		flag = one_in(2) ? "-" : "";
		snprintf(format, sizeof(format), "%s%%%s%ss|", before, flag, width);
		COMPARE(text);
		break;
	case 3:
		snprintf(format, sizeof(format), "%s%%c%%s%%h%c|", before, *number);
		COMPARE('a' + (int)(value % 26), text, (int)(value % 32768));
		break;
	}
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	chance_seed(strtoull(argv[1], 0, 0));
	for (unsigned long n = strtoul(argv[2], 0, 0); n; n--)
		compare();
	return 0;
}
