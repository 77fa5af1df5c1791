"""A board in Python at a real UDP port."""

import select
import socket
import threading
import time

from litelic.host.link.protocol import decode
from tests.host.link.fake_board import BoardModel


class RealClock:
    @property
    def now(self):
        return time.monotonic()


class Host:
    """Where a board's answers go."""

    def __init__(self, remote, address):
        self.remote, self.address = remote, address

    def deliver(self, frame):
        if not self.remote.lose():
            self.remote.socket.sendto(frame.encode(), self.address)


class UdpBoard:
    """`board` is its model, `lengths` are those of the datagrams that came.

    lose : whether the next datagram gets lost, either way.
    """

    def __init__(self, lose=lambda: False):
        self.board = BoardModel(RealClock())
        self.lose = lose
        self.lengths = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.url = f"udp://127.0.0.1:{self.socket.getsockname()[1]}"
        self.thread = threading.Thread(target=self.serve)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *exception):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stop:
            stop.sendto(b"stop", self.socket.getsockname())
        self.thread.join()
        self.socket.close()

    def serve(self):
        while True:
            due = self.board.next_event()
            wait = None if due is None else max(0, due - time.monotonic())
            if not select.select([self.socket], [], [], wait)[0]:
                self.board.happen()
                continue
            data, host = self.socket.recvfrom(1 << 16)
            if data == b"stop":
                return
            self.lengths.append(len(data))
            frame, size = decode(data)
            if frame and size > 0 and not self.lose():
                self.board.lines.setdefault(host, Host(self, host))
                self.board.serve(frame, host)
