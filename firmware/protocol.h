/* Numbers of docs/protocol.md; host/link/protocol.py has the same. */
#pragma once

#define PROTOCOL_MAGIC       0x9C4C
#define PROTOCOL_VERSION     2
#define PROTOCOL_MAX_PAYLOAD 1408
#define PROTOCOL_PORT        0x4C43 /* of UDP, "LC" */

enum request_type {
	REQUEST_HELLO = 0x01,
	REQUEST_PING = 0x02,
	REQUEST_WRITE = 0x03, /* these two: hardware serves what is in a window */
	REQUEST_READ = 0x04,
	REQUEST_PROGRAM = 0x05,
	REQUEST_RUN = 0x06,
	REQUEST_REGISTER_READ = 0x07, /* these two: builds with an analyzer only */
	REQUEST_REGISTER_WRITE = 0x08,
	REQUEST_DISCOVER = 0x09,
	REQUEST_OPEN = 0x0A,
	REQUEST_CLOSE = 0x0B,
	REQUEST_BYE = 0x0C,
};

#define RESPONSE       0x80 /* set in the type of the answer to a request */
#define RESPONSE_TEXT  0xFE /* words for people, unasked */
#define RESPONSE_ERROR 0xFF

enum error_code {
	ERROR_VERSION = 1,     /* the request is of another protocol version */
	ERROR_TYPE = 2,        /* unknown type */
	ERROR_LENGTH = 3,      /* payload of a wrong length */
	ERROR_ADDRESS = 6,     /* outside the DRAM or the analyzer, or not aligned */
	ERROR_BUSY = 7,        /* another host has a session */
	ERROR_ACCELERATOR = 8, /* there is none in this build */
	ERROR_MEMORY = 10,     /* the DRAM failed its test at power-up */
	ERROR_SESSION = 12,    /* not the key of the session */
	ERROR_WINDOW = 13,     /* no window for that */
	ERROR_ORDER = 14,      /* not the number that is next */
	ERROR_FULL = 15,       /* as many runs as can be are queued */
	ERROR_DENIED = 16,     /* the board has a secret, and the host another */
};

enum run_state {
	RUN_QUEUED = 0,
	RUN_ACTIVE = 1,
	RUN_DONE = 2,
	RUN_STUCK = 3,     /* watchdog; the accelerator was reset */
	RUN_MALFORMED = 4, /* it met something else than a descriptor, and was reset */
	RUN_CANCELLED = 5, /* one before it did not end well */
};

#define HELLO_TAKE_OVER 1 /* flag: end another host's session */

#define WINDOWS          8
#define WINDOW_ALIGNMENT 16 /* bytes */
#define PROGRAM_ID_BYTES 32
#define DESCRIPTOR_BYTES 256
#define WATCHDOG_UNIT    1024 /* cycles */
