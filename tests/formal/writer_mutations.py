"""Ways to break `MaskedWriter` and `BeatWriter`."""

from tests.formal.mutations import mutation

MASKED = [
    mutation(
        "command without room for its word",
        ("port.cmd.valid.eq(sink.valid & fifo.sink.ready)", "port.cmd.valid.eq(sink.valid)"),
        breaks="command_for_every_word",
    ),
    mutation(
        "word accepted without its command",
        ("sink.ready.eq(port.cmd.ready & fifo.sink.ready)", "sink.ready.eq(fifo.sink.ready)"),
        breaks="command_for_every_word",
    ),
    mutation(
        "fullness ignored",
        ("port.cmd.valid.eq(sink.valid & fifo.sink.ready)", "port.cmd.valid.eq(sink.valid)"),
        ("sink.ready.eq(port.cmd.ready & fifo.sink.ready)", "sink.ready.eq(port.cmd.ready)"),
        breaks="no_overrun word_is_there_when_taken words_in_order",
    ),
    mutation(
        "word stored while its command waits",
        ("fifo.sink.valid.eq(sink.valid & port.cmd.ready)", "fifo.sink.valid.eq(sink.valid)"),
        breaks="words_in_order",
    ),
    mutation(
        "word given up before it is taken",
        ("fifo.source.ready.eq(port.wdata.ready)", "fifo.source.ready.eq(1)"),
        breaks="word_is_there_when_taken words_in_order",
    ),
    mutation(
        "word not given up when it is taken",
        ("fifo.source.ready.eq(port.wdata.ready)", "fifo.source.ready.eq(0)"),
        breaks="words_in_order command_offered_while_there_is_room",
    ),
    mutation(
        "enables of one byte lost",
        ("fifo.sink.we.eq(sink.we)", "fifo.sink.we.eq(sink.we[:-1])"),
        breaks="words_in_order",
    ),
    mutation(
        "enables left up without a word",
        ("If(fifo.source.valid, port.wdata.we.eq(fifo.source.we))",
         "port.wdata.we.eq(fifo.source.we)"),
        breaks="nothing_stray_is_written",
    ),
    mutation(
        "command withdrawn",
        ("port.cmd.valid.eq(sink.valid & fifo.sink.ready)",
         "port.cmd.valid.eq(sink.valid & fifo.sink.ready & ~taken)"),
        breaks="command_stands",
    ),
    mutation(
        "read command", ("port.cmd.we.eq(1)", "port.cmd.we.eq(0)"), breaks="command_is_right",
    ),
    mutation(
        "FIFO one deeper than accounted",
        ("stream.SyncFIFO(layout, fifo_depth)", "stream.SyncFIFO(layout, fifo_depth + 1)"),
        breaks="no_overrun",
    ),
    mutation(
        "FIFO one shallower than accounted",
        ("stream.SyncFIFO(layout, fifo_depth)", "stream.SyncFIFO(layout, fifo_depth - 1)"),
        breaks="command_offered_while_there_is_room",
    ),
    mutation(
        "idle one word too early",
        ("(pending == 0) & ~sink.valid", "(pending <= 1) & ~sink.valid"),
        breaks="idle_means_all_taken",
    ),
    mutation(
        "idle counts words that are not accepted",
        ("(sink.valid & sink.ready) - taken", "sink.valid - taken"),
        breaks="idle_means_all_taken",
    ),
    mutation(
        "idle counter too narrow",
        ("Signal(max=fifo_depth + 2)", "Signal(max=fifo_depth)"),
        breaks="idle_means_all_taken",
    ),
]

BEATS = [
    mutation(
        "beat joins another word",
        ("joins.eq((sink.address[place_bits:] == address) & ~overdue)", "joins.eq(~overdue)"),
        breaks="byte_leaves_once",
    ),
    mutation(
        "beat joins a word that is offered already",
        (" & ~overdue),", "),"),
        breaks="command_stands",
    ),
    mutation(
        "enables of the last word kept",
        ("If(leaves, we.eq(0)),", ""),
        breaks="byte_leaves_once",
    ),
    mutation(
        "every beat in a word of its own",
        ("joins.eq((sink.address[place_bits:] == address) & ~overdue)", "joins.eq(0)"),
        breaks="beats_of_a_word_join",
    ),
    mutation(
        "word written again and again",
        ("If(leaves, held.eq(0)),", ""),
        breaks="no_word_without_a_beat",
    ),
    mutation(
        "every beat in the first place",
        ("here.eq(1 << sink.address[:place_bits])", "here.eq(1)"),
        breaks="byte_leaves_once",
    ),
    mutation(
        "bytes that are not enabled overwritten",
        ("byte.eq(Mux(sink.we[i], sink.data[span], data[span]))", "byte.eq(sink.data[span])"),
        breaks="byte_is_the_latest",
    ),
    mutation(
        "beat accepted while the word has to wait",
        ("sink.ready.eq(~held | leaves | joins)", "sink.ready.eq(1)"),
        breaks="byte_leaves_once",
    ),
    mutation(
        "beat refused without need",
        ("sink.ready.eq(~held | leaves | joins)", "sink.ready.eq(leaves | joins)"),
        breaks="beats_wait_for_words_only",
    ),
    mutation(
        "word held for ever",
        ("overdue.eq(wait == patience)", "overdue.eq(0)"),
        breaks="byte_leaves_in_time",
    ),
    mutation(
        "idle with a word in hand",
        ("writer.idle & ~held & ~sink.valid", "writer.idle & ~sink.valid"),
        breaks="idle_means_all_written",
    ),
    mutation(
        "never idle",
        ("writer.idle & ~held & ~sink.valid", "0"),
        breaks="idle_in_the_end",
    ),
]
