"""Ways to break LiteDRAM's reader."""

from tests.formal.mutations import mutation

READER = [
    mutation(
        "command without a reservation",
        ("cmd.valid.eq(enable & sink.valid & res_fifo.sink.ready)",
         "cmd.valid.eq(enable & sink.valid)"),
        breaks="command_for_every_address",
    ),
    mutation(
        "address accepted without its command",
        ("sink.ready.eq(enable & cmd.ready & res_fifo.sink.ready)",
         "sink.ready.eq(enable & res_fifo.sink.ready)"),
        breaks="command_for_every_address",
    ),
    mutation(
        "reservations ignored",
        ("cmd.valid.eq(enable & sink.valid & res_fifo.sink.ready)",
         "cmd.valid.eq(enable & sink.valid)"),
        ("sink.ready.eq(enable & cmd.ready & res_fifo.sink.ready)",
         "sink.ready.eq(enable & cmd.ready)"),
        breaks="no_overrun room_for_every_word words_in_order",
    ),
    mutation(
        "reservations of a deeper FIFO",
        ('stream.SyncFIFO([("dummy", 1)], fifo_depth)',
         'stream.SyncFIFO([("dummy", 1)], fifo_depth + 2)'),
        breaks="no_overrun room_for_every_word",
    ),
    mutation(
        "reservation for a command that waits",
        ("res_fifo.sink.valid.eq(cmd.valid & cmd.ready)", "res_fifo.sink.valid.eq(cmd.valid)"),
        breaks="command_offered_while_there_is_room",
    ),
    mutation(
        "reservation given up while its word waits",
        ("res_fifo.source.ready.eq(fifo.source.valid & fifo.source.ready)",
         "res_fifo.source.ready.eq(fifo.source.ready)"),
        breaks="no_word_is_kept_back",
    ),
    mutation(
        "reservation never given up",
        ("res_fifo.source.ready.eq(fifo.source.valid & fifo.source.ready)",
         "res_fifo.source.ready.eq(0)"),
        breaks="command_offered_while_there_is_room",
    ),
    mutation(
        "word dropped while its user waits",
        ("fifo.source.ready.eq(source.ready | ~enable)", "fifo.source.ready.eq(1)"),
        breaks="offer_stands words_in_order no_word_is_kept_back",
    ),
    mutation(
        "word delivered twice",
        ("fifo.source.ready.eq(source.ready | ~enable)",
         "fifo.source.ready.eq(source.ready & res_fifo.sink.ready)"),
        breaks="words_in_order",
    ),
    mutation(
        "valid without a word",
        ("source.valid.eq(fifo.source.valid)", "source.valid.eq(1)"),
        breaks="nothing_invented words_in_order",
    ),
    mutation(
        "offer only to a user who is ready",
        ("source.valid.eq(fifo.source.valid)", "source.valid.eq(fifo.source.valid & source.ready)"),
        breaks="no_word_is_kept_back",
    ),
    mutation(
        "command withdrawn",
        ("cmd.valid.eq(enable & sink.valid & res_fifo.sink.ready)",
         "cmd.valid.eq(enable & sink.valid & res_fifo.sink.ready & ~rdata.valid)"),
        breaks="command_stands",
    ),
    mutation(
        "write command", ("cmd.we.eq(0)", "cmd.we.eq(1)"), breaks="command_is_right",
    ),
]
