#include "server.h"

#include <generated/mem.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "accelerator.h"
#include "analyzer.h"
#include "info.h"
#include "link.h"
#include "protocol.h"

#define ERROR_TEXT_MAX 128
#define WATCHDOG_UNIT  1024 /* cycles */

static struct board_state board;

/* The run in progress, or the last one since a client said hello. */
static struct {
	enum run_state state;
	uint16_t sequence;
	uint32_t address;
	uint32_t count;
} run;

/* The last access to a register since a client said hello, and its answer. */
static struct {
	bool done;
	struct request request;
	uint32_t value;
} access;

/* Responses ---------------------------------------------------------------------------------- */

static void send_header(uint8_t type, uint16_t sequence, uint32_t length, uint32_t address,
			uint32_t argument)
{
	link_send_word(PROTOCOL_MAGIC | PROTOCOL_VERSION << 16 | (uint32_t)type << 24);
	link_send_word(sequence | length << 16);
	link_send_word(address);
	link_send_word(argument);
	link_send_crc();
}

/* Texts go out in whole words, filled up with new lines: `text` has room for three more. */
static void send_text(uint8_t type, uint16_t sequence, uint32_t address, uint32_t argument,
		      char *text, uint32_t length)
{
	while (length % 4)
		text[length++] = '\n';
	send_header(type, sequence, length, address, argument);
	for (uint32_t n = 0; n < length; n += 4) {
		uint32_t word;

		memcpy(&word, text + n, 4);
		link_send_word(word);
	}
	link_send_crc();
}

static void send_error_list(uint16_t sequence, enum error_code code, uint32_t detail,
			    const char *format, va_list arguments)
{
	char text[ERROR_TEXT_MAX + 3];
	uint32_t length = vsnprintf(text, ERROR_TEXT_MAX, format, arguments);

	send_text(RESPONSE_ERROR, sequence, code, detail, text, length);
}

static void __attribute__((format(printf, 4, 5)))
send_error(uint16_t sequence, enum error_code code, uint32_t detail, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	send_error_list(sequence, code, detail, format, arguments);
	va_end(arguments);
}

/* Refuse a request whose payload was not taken yet. */
static void __attribute__((format(printf, 4, 5)))
refuse(const struct request *request, enum error_code code, uint32_t detail, const char *format,
       ...)
{
	va_list arguments;

	link_receive_nothing(request->length);
	va_start(arguments, format);
	send_error_list(request->sequence, code, detail, format, arguments);
	va_end(arguments);
}

/* Whether the payload arrived; says so to the host if not. */
static bool received(const struct request *request, enum link_result result)
{
	if (result == LINK_DAMAGED)
		send_error(request->sequence, ERROR_PAYLOAD_CRC, 0,
			   "the payload was damaged on its way");
	if (result == LINK_TIMEOUT)
		send_error(request->sequence, ERROR_TIMEOUT, 0,
			   "the payload stopped in the middle");
	return result == LINK_OK;
}

/* Refusals; each says whether the request may go on. ----------------------------------------- */

static bool length_is(const struct request *request, uint32_t length)
{
	if (request->length == length)
		return true;
	refuse(request, ERROR_LENGTH, length, "this request has a payload of %u bytes, not %u",
	       (unsigned)length, request->length);
	return false;
}

static bool inside_memory(const struct request *request, uint64_t length)
{
	if (!board.memory_ok) {
		refuse(request, ERROR_MEMORY, 0, "the DRAM failed its test at power-up");
		return false;
	}
	if (request->address + length <= MAIN_RAM_SIZE)
		return true;
	refuse(request, ERROR_ADDRESS, MAIN_RAM_SIZE,
	       "%llu bytes at 0x%x leave the DRAM, which ends at 0x%x", (unsigned long long)length,
	       (unsigned)request->address, (unsigned)MAIN_RAM_SIZE);
	return false;
}

/* Requests ----------------------------------------------------------------------------------- */

static void serve_hello(const struct request *request)
{
	static char text[INFO_MAX + 3];

	if (!length_is(request, 0))
		return;
	link_receive_nothing(0);
	/* A new client: nobody waits for the old one's run. */
	accelerator_cancel();
	run.state = RUN_NONE;
	access.done = false;
	send_text(REQUEST_HELLO | RESPONSE, request->sequence, request->argument, 0, text,
		  info_write(text, &board));
}

static void serve_ping(const struct request *request)
{
	if (!length_is(request, 0))
		return;
	link_receive_nothing(0);
	send_header(REQUEST_PING | RESPONSE, request->sequence, 0,
		    run.sequence | (uint32_t)run.state << 16, accelerator_finished());
}

static void serve_write(const struct request *request)
{
	if (request->length == 0) {
		refuse(request, ERROR_LENGTH, PROTOCOL_MAX_PAYLOAD, "nothing to write");
		return;
	}
	if (!inside_memory(request, request->length))
		return;
	if (received(request, link_receive_to_memory(request->length, request->address)))
		send_header(REQUEST_WRITE | RESPONSE, request->sequence, 0, request->address,
			    request->length);
}

static void serve_read(const struct request *request)
{
	uint32_t length = request->argument;

	if (!length_is(request, 0))
		return;
	if (length == 0 || length > PROTOCOL_MAX_PAYLOAD) {
		refuse(request, ERROR_LENGTH, PROTOCOL_MAX_PAYLOAD,
		       "a read takes 1 to %d bytes, not %u", PROTOCOL_MAX_PAYLOAD,
		       (unsigned)length);
		return;
	}
	if (!inside_memory(request, length))
		return;
	link_receive_nothing(0);
	send_header(REQUEST_READ | RESPONSE, request->sequence, length, request->address, length);
	link_send_memory(request->address, length);
	link_send_crc();
}

static void serve_program(const struct request *request)
{
	uint8_t program[PROGRAM_ID_BYTES];

	if (!length_is(request, PROGRAM_ID_BYTES))
		return;
	if (!received(request, link_receive_to_cpu(PROGRAM_ID_BYTES, program)))
		return;
	memcpy(board.program, program, PROGRAM_ID_BYTES);
	send_header(REQUEST_PROGRAM | RESPONSE, request->sequence, 0, 0, 0);
}

/* Tell how the last run ended. */
static void send_run_outcome(void)
{
	uint64_t cycles = accelerator_cycles();
	uint32_t finished = accelerator_finished();

	if (run.state == RUN_DONE) {
		send_header(REQUEST_RUN | RESPONSE, run.sequence, 8, run.address, finished);
		link_send_word(cycles);
		link_send_word(cycles >> 32);
		link_send_crc();
	} else {
		bool late = run.state == RUN_FAILED;

		send_error(run.sequence, late ? ERROR_WATCHDOG : ERROR_DESCRIPTOR, finished,
			   "descriptor %u at 0x%x %s; the accelerator was reset",
			   (unsigned)finished,
			   (unsigned)(run.address + finished * DESCRIPTOR_BYTES),
			   late ? "did not finish in time" : "is not a descriptor");
	}
}

/* A request that comes again, because its answer was lost, is not run again. */
static bool already_run(const struct request *request)
{
	return run.state != RUN_NONE && run.sequence == request->sequence &&
	       run.address == request->address && run.count == request->argument;
}

static void serve_run(const struct request *request)
{
	uint32_t count = request->argument, watchdog;

	if (!length_is(request, sizeof(watchdog)))
		return;
	if (!accelerator_present()) {
		refuse(request, ERROR_ACCELERATOR, 0, "this build has no accelerator");
		return;
	}
	if (count == 0) {
		refuse(request, ERROR_LENGTH, 1, "no descriptors to run");
		return;
	}
	if (request->address % DESCRIPTOR_BYTES) {
		refuse(request, ERROR_ADDRESS, DESCRIPTOR_BYTES,
		       "descriptors start at multiples of %d, not at 0x%x", DESCRIPTOR_BYTES,
		       (unsigned)request->address);
		return;
	}
	if (!inside_memory(request, (uint64_t)count * DESCRIPTOR_BYTES))
		return;
	if (already_run(request)) {
		link_receive_nothing(request->length);
		if (run.state != RUN_ACTIVE)
			send_run_outcome();
		return;
	}
	if (accelerator_running()) {
		refuse(request, ERROR_BUSY, accelerator_finished(), "a run is in progress");
		return;
	}
	if (!received(request, link_receive_to_cpu(sizeof(watchdog), (uint8_t *)&watchdog)))
		return;

	run.state = RUN_ACTIVE;
	run.sequence = request->sequence;
	run.address = request->address;
	run.count = count;
	accelerator_start(request->address, count, (uint64_t)watchdog * WATCHDOG_UNIT);
}

/* A request that comes again, because its answer was lost, is only answered again: reading takes
 * samples out of the analyzer, and writing adds conditions to its trigger. */
static bool already_accessed(const struct request *request)
{
	const struct request *last = &access.request;

	return access.done && last->sequence == request->sequence && last->type == request->type &&
	       last->address == request->address && last->argument == request->argument;
}

static void serve_register(const struct request *request)
{
	if (!length_is(request, 0))
		return;
	if (request->address >= analyzer_bytes() || request->address % sizeof(uint32_t)) {
		refuse(request, ERROR_ADDRESS, analyzer_bytes(),
		       "no register at 0x%x: they are at multiples of %u below 0x%x",
		       (unsigned)request->address, (unsigned)sizeof(uint32_t),
		       (unsigned)analyzer_bytes());
		return;
	}
	link_receive_nothing(0);
	if (!already_accessed(request)) {
		access.done = true;
		access.request = *request;
		access.value = request->argument;
		if (request->type == REQUEST_REGISTER_READ)
			access.value = analyzer_read(request->address);
		else
			analyzer_write(request->address, request->argument);
	}
	send_header(request->type | RESPONSE, request->sequence, 0, request->address, access.value);
}

static void serve_unknown(const struct request *request)
{
	refuse(request, ERROR_TYPE, request->type, "unknown request type %d", request->type);
}

static void serve(const struct request *request)
{
	if (request->length > PROTOCOL_MAX_PAYLOAD) {
		link_receive_nothing(0); /* it is not worth waiting for */
		send_error(request->sequence, ERROR_LENGTH, PROTOCOL_MAX_PAYLOAD,
			   "a payload has at most %d bytes, not %u", PROTOCOL_MAX_PAYLOAD,
			   request->length);
		return;
	}
	if (request->version != PROTOCOL_VERSION) {
		refuse(request, ERROR_VERSION, PROTOCOL_VERSION,
		       "this board speaks version %d of the protocol, not %d", PROTOCOL_VERSION,
		       request->version);
		return;
	}
	switch (request->type) {
	case REQUEST_HELLO:
		serve_hello(request);
		break;
	case REQUEST_PING:
		serve_ping(request);
		break;
	case REQUEST_WRITE:
		serve_write(request);
		break;
	case REQUEST_READ:
		serve_read(request);
		break;
	case REQUEST_PROGRAM:
		serve_program(request);
		break;
	case REQUEST_RUN:
		serve_run(request);
		break;
	case REQUEST_REGISTER_READ:
	case REQUEST_REGISTER_WRITE:
		if (analyzer_present())
			serve_register(request);
		else
			serve_unknown(request);
		break;
	default:
		serve_unknown(request);
	}
}

static void finish_run(void)
{
	switch (accelerator_take_event()) {
	case ACCELERATOR_NOTHING:
		return;
	case ACCELERATOR_DONE:
		run.state = RUN_DONE;
		break;
	case ACCELERATOR_STUCK:
		run.state = RUN_FAILED;
		break;
	case ACCELERATOR_MALFORMED:
		run.state = RUN_MALFORMED;
		break;
	}
	send_run_outcome();
}

void server_run(bool memory_ok)
{
	struct request request;

	board.memory_ok = memory_ok;
	for (;;) {
		link_set_activity(true, accelerator_running());
		if (link_poll(&request)) {
			link_set_activity(true, true);
			serve(&request);
		}
		accelerator_poll();
		finish_run();
	}
}
