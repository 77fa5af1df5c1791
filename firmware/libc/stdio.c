#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Where characters go: to a buffer, or to the console when there is none. */
struct output {
	char *buffer;
	size_t room;
	int count;
};

static void put(struct output *output, char c)
{
	if (!output->buffer) {
		putchar(c);
	} else {
		if (!output->room)
			return;
		*output->buffer++ = c;
		output->room--;
	}
	output->count++;
}

static void put_padded(struct output *output, const char *text, int width, bool left, char pad)
{
	int length = strlen(text);

	/* The sign stands in front of zeros. */
	if (pad == '0' && *text == '-') {
		put(output, *text++);
		width--;
		length--;
	}
	for (int n = length; !left && n < width; n++)
		put(output, pad);
	for (int n = 0; n < length; n++)
		put(output, text[n]);
	for (int n = length; left && n < width; n++)
		put(output, ' ');
}

/* Writes the digits in front of `end`, which holds the closing 0; returns the first of them. */
static char *digits(char *end, uint64_t value, unsigned base, bool capital)
{
	const char *symbols = capital ? "0123456789ABCDEF" : "0123456789abcdef";

	do {
		*--end = symbols[value % base];
		value /= base;
	} while (value);
	return end;
}

static void print(struct output *output, const char *format, va_list arguments)
{
	char number[24];
	char *const end = number + sizeof(number) - 1;

	*end = 0;
	for (; *format; format++) {
		if (*format != '%') {
			put(output, *format);
			continue;
		}

		const char *directive = format;
		bool left = false, wide = false;
		char pad = ' ';
		int width = 0;

		for (format++; *format == '-' || *format == '0'; format++) {
			left = left || *format == '-';
			pad = *format == '0' ? '0' : pad;
		}
		for (; *format >= '0' && *format <= '9'; format++)
			width = 10 * width + *format - '0';
		for (; *format == 'l' || *format == 'h' || *format == 'z'; format++)
			wide = format[0] == 'l' && format[-1] == 'l';

		char *text = end;

		switch (*format) {
		case 'd':
		case 'i': {
			int64_t value = wide ? va_arg(arguments, long long) : va_arg(arguments, int);

			text = digits(end, value < 0 ? -(uint64_t)value : (uint64_t)value, 10, false);
			if (value < 0)
				*--text = '-';
			break;
		}
		case 'u':
		case 'x':
		case 'X': {
			uint64_t value = wide ? va_arg(arguments, unsigned long long)
					      : va_arg(arguments, unsigned);

			text = digits(end, value, *format == 'u' ? 10 : 16, *format == 'X');
			break;
		}
		case 'p':
			put_padded(output, "0x", 0, false, ' ');
			text = digits(end, va_arg(arguments, unsigned), 16, false);
			break;
		case 's':
			text = va_arg(arguments, char *);
			break;
		case 'c':
			*--text = va_arg(arguments, int);
			break;
		case '%':
			*--text = '%';
			break;
		default:
			/* Not ours: show it. */
			put(output, '%');
			format = directive;
			continue;
		}
		put_padded(output, text, width, left, pad);
	}
}

int printf(const char *format, ...)
{
	struct output output = {0};
	va_list arguments;

	va_start(arguments, format);
	print(&output, format, arguments);
	va_end(arguments);
	return output.count;
}

int vsnprintf(char *buffer, size_t size, const char *format, va_list arguments)
{
	struct output output = {buffer, size - 1, 0};

	print(&output, format, arguments);
	buffer[output.count] = 0;
	return output.count;
}

int snprintf(char *buffer, size_t size, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	int count = vsnprintf(buffer, size, format, arguments);
	va_end(arguments);
	return count;
}
