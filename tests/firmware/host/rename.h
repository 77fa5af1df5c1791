/* Before every source of the firmware: its library's functions must not be the build machine's.
 * Macros with arguments, as `printf` also stands in the firmware's attributes. */
#pragma once

#define printf(...)    firmware_printf(__VA_ARGS__)
#define snprintf(...)  firmware_snprintf(__VA_ARGS__)
#define vsnprintf(...) firmware_vsnprintf(__VA_ARGS__)
#define putchar(...)   firmware_putchar(__VA_ARGS__)
#define memcpy(...)    firmware_memcpy(__VA_ARGS__)
#define memset(...)    firmware_memset(__VA_ARGS__)
#define memcmp(...)    firmware_memcmp(__VA_ARGS__)
#define strlen(...)    firmware_strlen(__VA_ARGS__)
