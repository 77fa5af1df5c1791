"""Lines of text, and text about the board."""

import pytest

from litelic.host.link.protocol import RESPONSE_TEXT, UDP_PORT
from tests.firmware.bench import ALICE, LINES, Firmware
from tests.firmware.build import BARE


def lines(answers):
    """The text of each line; all go to everybody, on every line there is."""
    everybody = [line << 48 | UDP_PORT << 32 | 0xFFFFFFFF for line in range(LINES)]
    groups = [answers[n : n + LINES] for n in range(0, len(answers), LINES)]
    for group in groups:
        assert [answer.way for answer in group] == everybody
        assert {answer.frame.payload for answer in group} == {group[0].frame.payload}
        frame = group[0].frame
        assert (frame.type, frame.sequence, frame.address, frame.key) == (RESPONSE_TEXT, 0, 0, 0)
    return [group[0].frame.payload for group in groups]


def test_text_goes_to_everybody(firmware):
    assert lines(firmware.print("hello\n")) == [b"hello\r\n"]
    assert lines(firmware.print("\na\nb\n")) == [b"\r\n", b"a\r\n", b"b\r\n"]


def test_text_waits_for_the_end_of_its_line(firmware):
    assert firmware.print("one ") == []
    assert lines(firmware.print("line\ntwo")) == [b"one line\r\n"]


@pytest.mark.parametrize("length", [1, 94, 95, 96, 97, 98, 191, 192, 193, 1000])
def test_long_lines(firmware, length):
    text = "".join(chr(48 + n % 75) for n in range(length))
    told = lines(firmware.print(text + "\n"))
    assert all(len(line) <= 98 and line.endswith(b"\r\n") for line in told)
    assert b"".join(line[:-2] for line in told) == text.encode()


def test_the_info_of_a_board_that_knows_too_much_is_cut():
    with Firmware(BARE) as firmware:
        payload = firmware.ask_hello(ALICE, 1).frame.payload
    assert len(payload) == 1023 and b"\nmore=0123456789\n" in payload
