"""Frames to and from a board: a serial port, TCP (`socket://host:port`), UDP (`udp://host`).

Every transport has

    name           : of the line, for people.
    window         : requests that may be on their way at once.
    first_patience : seconds that an answer may take before any has been timed.
    send(frame)    : the bytes of one frame.
    receive(t)     : the undamaged `Frame`s that are there, as soon as there are any; [] after t
                     seconds.
    outside        : the last bytes that belonged to no frame.
"""

import select
import socket
import time
from urllib.parse import urlsplit

from litelic.host.errors import LitelicError
from litelic.host.link.protocol import MAX_FRAME, UDP_PORT, Parser, decode

CONNECT_SECONDS = 5
SEND_SECONDS = 30
SERIAL_WINDOW = 8  # requests: more than a USB adapter's latency, not many seconds of a slow line
# A board keeps 16 frames, or 8 KB, until it has time for them, and 16 answers.
DATAGRAM_WINDOW = 24
FIRST_PATIENCE = 1.0  # seconds
BITS_A_BYTE = 10  # of a serial line
SOCKET_BUFFER_BYTES = 1 << 22  # asked for; what arrives while we do something else waits there
READ_BYTES = 1 << 16


class SocketTransport:
    """A TCP connection.

    pyserial has `socket://` too, but cannot say how many bytes wait, so it reads them singly.
    """

    window = SERIAL_WINDOW
    first_patience = FIRST_PATIENCE

    def __init__(self, url):
        self._parser = Parser()
        try:
            parts = urlsplit(url)
            self.address = (parts.hostname, parts.port)
        except ValueError:
            self.address = (None, None)
        if None in self.address:
            raise LitelicError(f"port {url!r}: write socket://host:port, with a number as port")
        try:
            self._socket = socket.create_connection(self.address, CONNECT_SECONDS)
        except ConnectionRefusedError:
            raise LitelicError(
                f"nothing is listening on {self.name}: is the simulator running? "
                "(--sim starts one)"
            ) from None
        except OSError as error:
            raise LitelicError(f"cannot connect to {self.name}: {error}") from None
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.settimeout(SEND_SECONDS)

    @property
    def name(self):
        return "{}:{}".format(*self.address)

    @property
    def outside(self):
        return self._parser.outside

    def send(self, frame):
        try:
            self._socket.sendall(frame)
        except OSError as error:
            raise self._lost(error) from None

    def receive(self, timeout):
        return _frames_within(self._read, self._parser, timeout)

    def _read(self, timeout):
        try:
            if not select.select([self._socket], [], [], timeout)[0]:
                return b""
            data = self._socket.recv(READ_BYTES)
        except OSError as error:
            raise self._lost(error) from None
        if not data:
            raise self._lost("closed by the other side")
        return data

    def close(self):
        self._socket.close()

    def _lost(self, reason):
        return LitelicError(f"the connection to {self.name} was lost: {reason}")


class UdpTransport:
    """Datagrams to and from the board at `udp://host` or `udp://host:port`, a frame in each."""

    window = DATAGRAM_WINDOW
    first_patience = FIRST_PATIENCE
    outside = b""

    def __init__(self, url):
        try:
            parts = urlsplit(url)
            self.address = (parts.hostname, UDP_PORT if parts.port is None else parts.port)
        except ValueError:
            self.address = (None, None)
        if None in self.address or parts.path not in ("", "/"):
            raise LitelicError(
                f"port {url!r}: write udp://host or udp://host:port, with a number as port "
                f"({UDP_PORT} when there is none)"
            )
        try:
            found = socket.getaddrinfo(*self.address, socket.AF_INET, socket.SOCK_DGRAM)
        except (OSError, UnicodeError) as error:
            raise LitelicError(
                f"{self.address[0]} has no IPv4 address: {error}. Check the name, or write the "
                "board's address in numbers, udp://192.168.1.50"
            ) from None
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BUFFER_BYTES)
            self._socket.settimeout(SEND_SECONDS)
            self._socket.connect(found[0][4])
        except OSError as error:
            self._socket.close()
            raise self._lost(error) from None

    @property
    def name(self):
        return "udp://{}:{}".format(*self.address)

    def send(self, frame):
        try:
            self._socket.send(frame)
        except OSError as error:
            raise self._lost(error) from None

    def receive(self, timeout):
        deadline = time.monotonic() + timeout
        frames = []
        try:
            while self._arrived(0 if frames else max(0, deadline - time.monotonic())):
                frame, size = decode(self._socket.recv(MAX_FRAME + 1))
                if frame and size > 0:
                    frames.append(frame)
                if len(frames) == self.window:
                    break
        except OSError as error:
            raise self._lost(error) from None
        return frames

    def close(self):
        self._socket.close()

    def _arrived(self, timeout):
        return bool(select.select([self._socket], [], [], timeout)[0])

    def _lost(self, error):
        if isinstance(error, ConnectionRefusedError):
            return LitelicError(
                f"nothing listens at {self.name}: that is another machine or another port than "
                f"the board's (which is {UDP_PORT})"
            )
        return LitelicError(
            f"cannot reach {self.name}: {error}. Is the board on, is the cable in, and has this "
            "computer an address in the board's network?"
        )


class SerialTransport:
    """A serial port, or any other URL that pyserial understands."""

    window = SERIAL_WINDOW

    def __init__(self, port, baudrate):
        import serial

        self.name = port
        self.first_patience = FIRST_PATIENCE + 2 * self.window * MAX_FRAME * BITS_A_BYTE / baudrate
        self._parser = Parser()
        self._error = serial.SerialException
        try:
            self._port = serial.serial_for_url(
                port, baudrate=baudrate, write_timeout=SEND_SECONDS
            )
        except (serial.SerialException, ValueError, OSError) as error:
            raise LitelicError(
                f"cannot open {port}: {error}. Give the board's serial port "
                "(/dev/ttyUSB1), udp://host or socket://host:port"
            ) from None

    @property
    def outside(self):
        return self._parser.outside

    def send(self, frame):
        try:
            self._port.write(frame)
        except (self._error, OSError) as error:
            raise self._lost(error) from None

    def receive(self, timeout):
        return _frames_within(self._read, self._parser, timeout)

    def _read(self, timeout):
        try:
            self._port.timeout = timeout
            data = self._port.read(1)
            return data + self._port.read(self._port.in_waiting) if data else b""
        except (self._error, OSError) as error:
            raise self._lost(error) from None

    def close(self):
        self._port.close()

    def _lost(self, reason):
        return LitelicError(f"the connection to {self.name} was lost: {reason}")


def _frames_within(read, parser, timeout):
    """Frames that `parser` finds in what `read(seconds)` returns, b"" for nothing in that time."""
    deadline = time.monotonic() + timeout
    while True:
        data = read(max(0, deadline - time.monotonic()))
        if not data:
            return []
        if (frames := parser.feed(data)) or time.monotonic() >= deadline:
            return frames


def open_transport(port, baudrate):
    """Open `port`; `baudrate` is for serial ports."""
    if port.startswith("socket://"):
        return SocketTransport(port)
    if port.startswith("udp://"):
        return UdpTransport(port)
    return SerialTransport(port, baudrate)
