"""Faults that somebody might make in the firmware, to see that they would be found."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutation:
    """`old` becomes `new` in a file; `old` stands there once.

    by : what has to find it, "fuzz" (host/fuzz.c) or "rules" (test_rules.py).
    """

    name: str
    file: str
    old: str
    new: str
    by: str = "fuzz"


MUTATIONS = [
    # Link.
    Mutation("too many words are kept", "link.c", "if (count == HEADER_WORDS + REQUEST_WORDS)",
             "if (count == HEADER_WORDS + REQUEST_WORDS + 1)"),
    Mutation("the rest of a long frame stays", "link.c", "link_rx_drop_write(1);", ";"),
    Mutation("words are not waited for", "link.c", "while (!(status & FIELD(RX_STATUS, VALID)));",
             "while (0);"),
    Mutation("room is not waited for", "link.c", "while (!(link_tx_status_read() & FIELD",
             "while (0 & (link_tx_status_read() & FIELD"),
    Mutation("closing is not waited for", "link.c",
             "while (link_memory_status_read() & FIELD(MEMORY_STATUS, CLOSING))",
             "while (0)"),
    Mutation("a payload has a word too many", "link.c", "if (left <= 4)", "if (left < 4)"),
    Mutation("a line is one character too long", "console.c", "length == LINE_MAX",
             "length == LINE_MAX + 1"),
    Mutation("text goes to one line", "link.c", "line < LITELIC_LINES", "line < 1"),
    # Sessions.
    Mutation("every key is good", "session.c", "return session.open && session.key == key;",
             "return session.open || key;"),
    Mutation("keys come again", "keys.c", "state += 0x9E3779B9", "state += 0x80000000"),
    Mutation("BYE leaves the session", "server.c", "\tsession_end();\n", ""),
    Mutation("silence is too short", "session.c", "session.heard < LITELIC_SILENCE_CYCLES",
             "session.heard < LITELIC_SILENCE_CYCLES - 1", "rules"),
    Mutation("nobody may take over", "server.c", "!(flags & HELLO_TAKE_OVER)", "1"),
    Mutation("traffic in windows does not count", "session.c", "if (served != session.served)",
             "if (0)", "rules"),
    Mutation("the secret is not asked for", "secret.c", "return false;", "return true;"),
    Mutation("half of the secret will do", "secret.c", "if (tag != hashed(",
             "if ((uint32_t)tag != (uint32_t)hashed("),
    Mutation("an answered challenge stays", "secret.c", "\tchallenge = 0;\n", ""),
    Mutation("a late HELLO is served", "server.c", "if (session_knows(nonce))", "if (0)"),
    Mutation("an answer is answered", "server.c", "if (request->type & RESPONSE)", "if (0)"),
    # Windows.
    Mutation("numbers wrap", "windows.c", " || number == UINT32_MAX", "", "rules"),
    Mutation("an end beyond 32 bits", "server.c", "if (address + length <= MAIN_RAM_SIZE)",
             "if ((uint32_t)(address + length) <= MAIN_RAM_SIZE)"),
    Mutation("a slot too many", "server.c", "if (request->address < WINDOWS)",
             "if (request->address <= WINDOWS)"),
    Mutation("windows begin anywhere", "server.c", "base % WINDOW_ALIGNMENT || size % 4",
             "base % 8 || size % 4"),
    Mutation("windows outlive sessions", "server.c", "\twindows_forget();\n", ""),
    Mutation("a window is opened twice", "windows.c", "if (!slots[slot].open || number !=",
             "if (1 || number !="),
    Mutation("a number comes again", "windows.c", "slots[slot].number = number + 1;", ";",
             "rules"),
    Mutation("any window is closed", "windows.c",
             "if (slots[slot].open && slots[slot].number == number)",
             "if (slots[slot].open)", "rules"),
    # Runs.
    Mutation("five are queued", "runs.c", "== RUNS_QUEUED", "== RUNS_QUEUED + 1", "rules"),
    Mutation("nine are remembered", "runs.c", "age <= RUNS_REMEMBERED",
             "age <= RUNS_REMEMBERED + 1"),
    Mutation("runs outlive sessions", "server.c", "\truns_forget();\n", ""),
    Mutation("a descriptor too few", "runs.c", "if (++runs.fed == run->count)",
             "if (++runs.fed + 1 >= run->count)", "rules"),
    Mutation("room is not looked at", "runs.c", "runs.feeding != runs.next && accelerator_room()",
             "runs.feeding != runs.next"),
    Mutation("what follows a failure goes on where it was", "runs.c", "\truns.fed = 0;\n}", "}",
             "rules"),
    Mutation("queued runs are not cancelled", "runs.c", "\twhile (runs_active())\n", "\tif (0)\n"),
    Mutation("the watchdog counts from the run's begin", "runs.c",
             "if (finished != run->finished)", "if (0)", "rules"),
    Mutation("a reset is too short", "accelerator.c", "#define RESET_CYCLES 1000",
             "#define RESET_CYCLES 900"),
    Mutation("a run's end is told to nobody", "server.c", ".way = session_way(), ", ""),
    Mutation("descriptors begin anywhere", "server.c", "if (request->address % DESCRIPTOR_BYTES)",
             "if (request->address % 128)"),
    Mutation("a run of nothing", "server.c", "if (count == 0) {", "if (0) {"),
    Mutation("descriptors are counted too early", "runs.c",
             "bool malformed = accelerator_malformed();\n"
             "\tuint32_t finished = accelerator_count() - runs.base;",
             "uint32_t finished = accelerator_count() - runs.base;\n"
             "\tbool malformed = accelerator_malformed();"),
    # What is done once.
    Mutation("a copy is done again", "server.c", "\tif (!done) {\n\t\tonce.next++;\n\t\tmemcpy",
             "\tif (1) {\n\t\tonce.next++;\n\t\tmemcpy", "rules"),
    Mutation("what was not done is a copy", "server.c", "once.next > 0 && number ==", "number ==",
             "rules"),
    Mutation("a register too many", "server.c", "request->address >= analyzer_bytes()",
             "request->address > analyzer_bytes()"),
    # Answers.
    Mutation("a refusal is longer than its text", "answers.c", "header.length = 8 + length;",
             "header.length = 9 + length;"),
    Mutation("a request is not answered", "server.c",
             "\twindows_close(request->address, request->payload[0]);\n\tanswer(request, 0, 0);",
             "\twindows_close(request->address, request->payload[0]);"),
]
