"""A board at a UDP port of this machine: the real firmware, on a model of its hardware."""

import select
import subprocess
import tempfile

from tests.firmware.build import SANITIZED, build

START_SECONDS = 60


class VirtualBoard:
    """`with VirtualBoard() as virtual: Board.open(virtual.url)`.

    Its accelerator checks that descriptors are some, and computes nothing.
    """

    def __init__(self, variant=SANITIZED):
        self._program = build("virtual_board", variant)
        self.url = None

    def __enter__(self):
        self._errors = tempfile.TemporaryFile()
        # It ends when its standard input does, so it cannot outlive us.
        self._process = subprocess.Popen(
            [self._program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors,
            start_new_session=True)
        ready = select.select([self._process.stdout], [], [], START_SECONDS)[0]
        line = self._process.stdout.readline().decode() if ready else ""
        if not line.startswith("udp "):
            self._stop()
            raise AssertionError(f"the virtual board did not start:\n{self._complaint()}")
        self.url = f"udp://{line.removeprefix('udp ').strip()}"
        return self

    def __exit__(self, *exception):
        code = self._stop()
        assert code == 0, self._complaint()

    def _stop(self):
        self._process.stdin.close()
        code = self._process.wait()
        self._process.stdout.close()
        return code

    def _complaint(self):
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace")[-6000:]
