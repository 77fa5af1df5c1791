/* What must be true of what is said about runs. */
#include <inttypes.h>

#include "oracle.h"

static uint32_t run(const struct words *frame)
{
	uint32_t number = frame->word[4], state = frame->word[5], finished = frame->word[6];

	oracle_length(frame, 32);
	if (state >= STATES || finished > frame->word[7] ||
	    (state == DONE && finished != frame->word[7]))
		model_fail("run %u is in state %u, %u of %u finished", number, state, finished,
			   frame->word[7]);
	return number;
}

void oracle_started(const struct words *request, const struct words *frame)
{
	uint32_t number = run(frame);

	oracle_length(request, 12);
	if (number != request->word[HEADER_WORDS] || number > oracle.next_run)
		model_fail("run %u answers for run %u", number, request->word[HEADER_WORDS]);
	if (number == oracle.next_run) {
		if (frame->word[7] != request->word[HEADER_WORDS + 1])
			model_fail("run %u has another number of descriptors", number);
		oracle.next_run++;
		counts.runs++;
	}
}

void oracle_told(const struct words *frame)
{
	uint32_t number = run(frame);
	uint64_t completed = model.total - oracle.before;

	if (!oracle.session || frame->word[3] != oracle.key || frame->way != oracle.way)
		model_fail("the end of run %u is told to somebody else", number);
	if (number != oracle.told_run++ || number >= oracle.next_run || frame->word[5] < DONE)
		model_fail("the end of run %u is told", number);
	/* Hardware stands still at one that is malformed, so it is known which one that is. One that
	 * is stuck may finish just before the reset, and others behind it. */
	oracle.finished += frame->word[6];
	if (oracle.finished > completed ||
	    (frame->word[5] == MALFORMED && oracle.finished != completed))
		model_fail("%" PRIu64 " descriptors have finished, not %" PRIu64 ", after run %u "
			   "of state %u", completed, oracle.finished, number, frame->word[5]);
	if (frame->word[5] == STUCK)
		oracle.finished = completed;
	counts.ends[frame->word[5]]++;
}
