/* The little of stdio that the firmware and LiteX's libraries use. */
#pragma once

#include <stdarg.h>
#include <stddef.h>

/* Conversions: %d %i %u %x %X %p %s %c %%, the flags `0` and `-`, a width, and the sizes h, l, ll
 * and z. Anything else is printed as it stands. */
int printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* As printf, to `buffer`, of which at most `size` bytes are used, the closing 0 included. Returns
 * the number of characters it stored, without the 0. */
int snprintf(char *buffer, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

int vsnprintf(char *buffer, size_t size, const char *format, va_list arguments);

/* Where printf's characters go: console.c. */
int putchar(int c);
