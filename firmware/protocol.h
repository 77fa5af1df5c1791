/* Numbers of docs/protocol.md; host/link/protocol.py has the same. */
#pragma once

#define PROTOCOL_MAGIC       0x9C4C
#define PROTOCOL_VERSION     1
#define PROTOCOL_MAX_PAYLOAD 4096

enum request_type {
	REQUEST_HELLO = 0x01,
	REQUEST_PING = 0x02,
	REQUEST_WRITE = 0x03,
	REQUEST_READ = 0x04,
	REQUEST_PROGRAM = 0x05,
	REQUEST_RUN = 0x06,
	REQUEST_REGISTER_READ = 0x07,  /* these two: builds with an analyzer only */
	REQUEST_REGISTER_WRITE = 0x08,
};

#define RESPONSE 0x80 /* set in the type of the answer to a request */
#define RESPONSE_ERROR 0xFF

enum error_code {
	ERROR_VERSION = 1,     /* the request is of another protocol version */
	ERROR_TYPE = 2,        /* unknown type */
	ERROR_LENGTH = 3,      /* payload or argument of a wrong length */
	ERROR_PAYLOAD_CRC = 4, /* the payload was damaged: send it again */
	ERROR_TIMEOUT = 5,     /* the payload stopped coming: send it again */
	ERROR_ADDRESS = 6,     /* outside the DRAM or the analyzer, or not aligned */
	ERROR_BUSY = 7,        /* a run is in progress */
	ERROR_ACCELERATOR = 8, /* there is none in this build */
	ERROR_WATCHDOG = 9,    /* a descriptor did not finish in time */
	ERROR_MEMORY = 10,     /* the DRAM failed its test at power-up */
	ERROR_DESCRIPTOR = 11, /* what was to be run is not a descriptor */
};

enum run_state {
	RUN_NONE = 0,    /* nothing was run since the client's HELLO */
	RUN_ACTIVE = 1,
	RUN_DONE = 2,
	RUN_FAILED = 3, /* watchdog */
	RUN_MALFORMED = 4,
};

#define PROGRAM_ID_BYTES 32
#define DESCRIPTOR_BYTES 256
