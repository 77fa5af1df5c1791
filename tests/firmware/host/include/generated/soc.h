/* The constants that soc/base.py and its targets give the firmware. */
#pragma once

#define CONFIG_CLOCK_FREQUENCY 100000000

#define LITELIC_TARGET      "virtual"
#define LITELIC_GATEWARE    "0.1.0"
#define LITELIC_LINES       2
#define LITELIC_ARRAY_CLOCK 150000000

#ifndef BARE

#define LITELIC_ARRAY          "reduction=4,outputs=8"
#define LITELIC_MORE_INFO      "dram_transfers=1\nip=127.0.0.1\n"
#define LITELIC_ANALYZER_BYTES 0x80

#else

/* More than the buffer for it has room for. */
#define LITELIC_ARRAY     ""
#define TEN_TIMES(text)   text text text text text text text text text text
#define LITELIC_MORE_INFO TEN_TIMES(TEN_TIMES("more=0123456789\n"))

#endif

#ifdef SECRET

/* The bytes 0 to 15. */
#define LITELIC_SECRET_0 0x03020100
#define LITELIC_SECRET_1 0x07060504
#define LITELIC_SECRET_2 0x0B0A0908
#define LITELIC_SECRET_3 0x0F0E0D0C

#endif
