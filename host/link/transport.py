"""Bytes to and from a board: a serial port, or a TCP connection (`socket://host:port`)."""

import select
import socket
from urllib.parse import urlsplit

from litelic.host.errors import LitelicError

CONNECT_SECONDS = 5
SEND_SECONDS = 30


class SocketTransport:
    """A TCP connection.

    pyserial has `socket://` too, but cannot say how many bytes wait, so it reads them singly.
    """

    def __init__(self, url):
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

    def write(self, data):
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise self._lost(error) from None

    def read(self, timeout):
        """Bytes that have arrived, as soon as there are any; b"" after `timeout` seconds."""
        try:
            if not select.select([self._socket], [], [], timeout)[0]:
                return b""
            data = self._socket.recv(1 << 16)
        except OSError as error:
            raise self._lost(error) from None
        if not data:
            raise self._lost("closed by the other side")
        return data

    def close(self):
        self._socket.close()

    def _lost(self, reason):
        return LitelicError(f"the connection to {self.name} was lost: {reason}")


class SerialTransport:
    """A serial port, or any other URL that pyserial understands."""

    def __init__(self, port, baudrate):
        import serial

        self.name = port
        self._error = serial.SerialException
        try:
            self._port = serial.serial_for_url(
                port, baudrate=baudrate, write_timeout=SEND_SECONDS
            )
        except (serial.SerialException, ValueError, OSError) as error:
            raise LitelicError(
                f"cannot open {port}: {error}. Give the board's serial port (/dev/ttyUSB1) "
                "or socket://host:port"
            ) from None

    def write(self, data):
        try:
            self._port.write(data)
        except (self._error, OSError) as error:
            raise self._lost(error) from None

    def read(self, timeout):
        """Bytes that have arrived, as soon as there are any; b"" after `timeout` seconds."""
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


def open_transport(port, baudrate):
    """Open `port`; `baudrate` is for serial ports."""
    if port.startswith("socket://"):
        return SocketTransport(port)
    return SerialTransport(port, baudrate)
