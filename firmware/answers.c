#include "answers.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cycles.h"

#define ERROR_TEXT_MAX 160

void answer(const struct frame *request, const void *payload, uint32_t length)
{
	struct frame header = *request;

	header.type |= RESPONSE;
	header.length = length;
	link_send(&header, payload);
}

void refuse(const struct frame *request, enum error_code code, uint32_t detail, const char *format,
	    ...)
{
	struct {
		uint32_t code; /* and the type of the request */
		uint32_t detail;
		char text[ERROR_TEXT_MAX];
	} payload = {.code = code | (uint32_t)request->type << 8, .detail = detail};
	struct frame header = *request;
	va_list arguments;

	va_start(arguments, format);
	uint32_t length = vsnprintf(payload.text, ERROR_TEXT_MAX, format, arguments);
	va_end(arguments);
	header.type = RESPONSE_ERROR;
	header.length = 8 + length;
	link_send(&header, &payload);
}

void answer_run(const struct frame *request, const struct run *run)
{
	const struct {
		uint32_t number;
		uint32_t state;
		uint32_t finished;
		uint32_t count;
		uint64_t began;
		uint64_t ended; /* of what has not: now */
	} payload = {
		.number = run->number,
		.state = run->state,
		.finished = run->finished,
		.count = run->count,
		.began = run->began,
		.ended = run->state <= RUN_ACTIVE ? cycles_now() : run->ended,
	};

	answer(request, &payload, sizeof(payload));
}
