#include "server.h"

#include <generated/mem.h>
#include <stdint.h>
#include <string.h>

#include "accelerator.h"
#include "analyzer.h"
#include "answers.h"
#include "cycles.h"
#include "info.h"
#include "keys.h"
#include "link.h"
#include "runs.h"
#include "secret.h"
#include "session.h"
#include "windows.h"

static struct board_state board;

/* What would do harm if a late copy did it again is numbered, and done once: PROGRAM undoes a later
 * one, reading a register takes samples out of the analyzer, writing adds conditions to its trigger.
 * The answer to the last one is kept. */
static struct {
	uint32_t next;
	uint32_t value;
} once;

/* Refusals; each says whether the request may go on. ----------------------------------------- */

static bool length_is(const struct frame *request, uint32_t length)
{
	if (request->length == length)
		return true;
	refuse(request, ERROR_LENGTH, length, "request type %d has a payload of %u bytes, not %u",
	       request->type, (unsigned)length, request->length);
	return false;
}

static bool inside_memory(const struct frame *request, uint32_t address, uint64_t length)
{
	if (!board.memory_ok) {
		refuse(request, ERROR_MEMORY, 0, "the DRAM failed its test at power-up");
		return false;
	}
	if (address + length <= MAIN_RAM_SIZE)
		return true;
	refuse(request, ERROR_ADDRESS, MAIN_RAM_SIZE,
	       "%llu bytes at 0x%x leave the DRAM, which ends at 0x%x", (unsigned long long)length,
	       (unsigned)address, (unsigned)MAIN_RAM_SIZE);
	return false;
}

/* Sessions ----------------------------------------------------------------------------------- */

static void answer_info(const struct frame *request)
{
	static char text[INFO_MAX];

	answer(request, text,
	       info_write(text, &board, session_open() && !session_has(request->key)));
}

static void forget_client(void)
{
	runs_forget();
	windows_forget();
	once.next = 0;
	session_end();
}

static void serve_hello(struct frame *request)
{
	uint32_t nonce = request->address, flags = request->payload[0];
	uint64_t tag = request->payload[1] | (uint64_t)request->payload[2] << 32;

	if (!length_is(request, 12))
		return;
	if (!session_is_of(request->way, nonce)) {
		if (session_knows(nonce)) {
			refuse(request, ERROR_SESSION, 0, "that was refused, or its session has ended");
			return;
		}
		session_note(nonce);
		keys_seed(cycles_now() ^ nonce);
		if (!secret_answered(nonce, tag)) {
			refuse(request, ERROR_DENIED, secret_challenge(),
			       "this board was built with a secret, and works only for who knows it");
			return;
		}
		if (session_holds(request->way) && !(flags & HELLO_TAKE_OVER)) {
			refuse(request, ERROR_BUSY, 0, "another host works with this board");
			return;
		}
		forget_client();
		session_begin(request->way, nonce);
	}
	request->key = session_key();
	answer_info(request);
}

static void serve_bye(const struct frame *request)
{
	if (!length_is(request, 0))
		return;
	forget_client();
	answer(request, 0, 0);
}

static void serve_ping(const struct frame *request)
{
	uint64_t now = cycles_now();

	if (length_is(request, 0))
		answer(request, &now, sizeof(now));
}

/* Whether what has that number is to be done now, and not only to be answered. */
static bool is_next(const struct frame *request, uint32_t number, bool *done)
{
	*done = once.next > 0 && number == once.next - 1;
	if (*done || number == once.next)
		return true;
	refuse(request, ERROR_ORDER, once.next, "number %u is not the next one, %u",
	       (unsigned)number, (unsigned)once.next);
	return false;
}

static void serve_program(const struct frame *request)
{
	bool done;

	if (!length_is(request, 4 + PROGRAM_ID_BYTES) ||
	    !is_next(request, request->payload[0], &done))
		return;
	if (!done) {
		once.next++;
		memcpy(board.program, request->payload + 1, PROGRAM_ID_BYTES);
	}
	answer(request, 0, 0);
}

/* Windows ------------------------------------------------------------------------------------ */

static bool is_slot(const struct frame *request)
{
	if (request->address < WINDOWS)
		return true;
	refuse(request, ERROR_ADDRESS, WINDOWS, "there are %d windows, no number %u", WINDOWS,
	       (unsigned)request->address);
	return false;
}

static void serve_open(const struct frame *request)
{
	uint32_t number = request->payload[0], base = request->payload[1];
	uint32_t size = request->payload[2], writable = request->payload[3], key;

	if (!length_is(request, 16) || !is_slot(request))
		return;
	if (base % WINDOW_ALIGNMENT || size % 4 || size == 0) {
		refuse(request, ERROR_ADDRESS, WINDOW_ALIGNMENT,
		       "a window begins at a multiple of %d and has a multiple of 4 bytes, not %u at "
		       "0x%x", WINDOW_ALIGNMENT, (unsigned)size, (unsigned)base);
		return;
	}
	if (!inside_memory(request, base, size))
		return;
	if (!windows_open(request->address, number, base, size, writable & 1, &key)) {
		refuse(request, ERROR_ORDER, number, "window %u has been closed",
		       (unsigned)number);
		return;
	}
	answer(request, &key, sizeof(key));
}

static void serve_close(const struct frame *request)
{
	if (!length_is(request, 4) || !is_slot(request))
		return;
	windows_close(request->address, request->payload[0]);
	answer(request, 0, 0);
}

/* Hardware has served what may be served. */
static void refuse_access(const struct frame *request)
{
	refuse(request, ERROR_WINDOW, 0, "no window of key 0x%08x lets these bytes be %s",
	       (unsigned)request->key, request->type == REQUEST_READ ? "read" : "written");
}

/* Runs --------------------------------------------------------------------------------------- */

static void serve_run(const struct frame *request)
{
	uint32_t number = request->payload[0], count = request->payload[1];
	uint32_t watchdog = request->payload[2];

	if (!length_is(request, 12))
		return;
	if (!accelerator_present()) {
		refuse(request, ERROR_ACCELERATOR, 0, "this build has no accelerator");
		return;
	}
	if (runs_find(number)) { /* it comes again, or somebody wants to know */
		answer_run(request, runs_find(number));
		return;
	}
	if (number != runs_next()) {
		refuse(request, ERROR_ORDER, runs_next(), "run %u is not the next one, %u",
		       (unsigned)number, (unsigned)runs_next());
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
	if (!inside_memory(request, request->address, (uint64_t)count * DESCRIPTOR_BYTES))
		return;
	if (runs_full()) {
		refuse(request, ERROR_FULL, RUNS_QUEUED, "%d runs are queued already", RUNS_QUEUED);
		return;
	}
	runs_start(request->address, count, watchdog);
	answer_run(request, runs_find(number));
}

static void tell_ended_runs(void)
{
	const struct run *run;

	while ((run = runs_take_ended())) {
		const struct frame header = {
			.way = session_way(), .type = REQUEST_RUN, .key = session_key(),
			.address = run->address,
		};

		answer_run(&header, run);
	}
}

/* Registers ---------------------------------------------------------------------------------- */

static void serve_register(const struct frame *request)
{
	bool reads = request->type == REQUEST_REGISTER_READ, done;
	uint32_t value = request->payload[1];

	if (!length_is(request, reads ? 4 : 8))
		return;
	if (request->address >= analyzer_bytes() || request->address % sizeof(uint32_t)) {
		refuse(request, ERROR_ADDRESS, analyzer_bytes(),
		       "no register at 0x%x: they are at multiples of %u below 0x%x",
		       (unsigned)request->address, (unsigned)sizeof(uint32_t),
		       (unsigned)analyzer_bytes());
		return;
	}
	if (!is_next(request, request->payload[0], &done))
		return;
	if (!done) {
		once.next++;
		once.value = value;
		if (reads)
			once.value = analyzer_read(request->address);
		else
			analyzer_write(request->address, value);
	}
	answer(request, &once.value, sizeof(once.value));
}

/* Dispatch ----------------------------------------------------------------------------------- */

static void serve_unknown(const struct frame *request)
{
	refuse(request, ERROR_TYPE, request->type, "unknown request type %d", request->type);
}

static void serve_in_session(const struct frame *request)
{
	if (!session_has(request->key)) {
		refuse(request, ERROR_SESSION, 0,
		       "this session has ended: another host has taken the board, or it was restarted");
		return;
	}
	session_heard(request->way);
	switch (request->type) {
	case REQUEST_PING:
		serve_ping(request);
		break;
	case REQUEST_PROGRAM:
		serve_program(request);
		break;
	case REQUEST_RUN:
		serve_run(request);
		break;
	case REQUEST_OPEN:
		serve_open(request);
		break;
	case REQUEST_CLOSE:
		serve_close(request);
		break;
	case REQUEST_BYE:
		serve_bye(request);
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

static void serve(struct frame *request)
{
	if (request->type & RESPONSE)
		return; /* an answer; two boards would answer each other for ever */
	board.requests++;
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
	case REQUEST_DISCOVER:
		answer_info(request);
		break;
	case REQUEST_READ:
	case REQUEST_WRITE:
		refuse_access(request);
		break;
	default:
		serve_in_session(request);
	}
}

void server_begin(bool memory_ok)
{
	board.memory_ok = memory_ok;
}

void server_poll(void)
{
	static struct frame request;

	session_look_at_traffic();
	link_set_activity(true, runs_active() || session_waits());
	if (link_pending()) {
		link_set_activity(true, true); /* before nothing but this code knows of the frame */
		link_receive(&request);
		serve(&request);
	}
	runs_poll();
	tell_ended_runs();
}
