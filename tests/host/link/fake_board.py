"""A board in Python behind the transport's interface, whose line can be made bad."""

from litelic.host.link.protocol import (
    RESPONSE,
    RESPONSE_ERROR,
    ErrorCode,
    Frame,
    Parser,
    Request,
    RunState,
)

INFO = (
    "protocol=1\nfirmware=1.2\ngateware=3.4\ntarget=fake\narray=reduction=4,outputs=2\n"
    "clock=100000000\ndram=65536\ndram_ok=1\nprogram={program}\nframes=7\nfuture=words\n"
)


class FakeBoard:
    """`spoil(frame, data)` may change the bytes of an answer, or drop them by returning b"".

    `lose(frame)` says whether a request is lost on its way.
    """

    name = "fake"
    window = 8

    def __init__(self, spoil=None, lose=None, version=1):
        self.memory = bytearray(65536)
        self.program = bytes(32)
        self.requests = []
        self.runs = 0
        self.run = None
        self.spoil = spoil or (lambda frame, data: data)
        self.lose = lose or (lambda frame: False)
        self.version = version
        self.parser = Parser()
        self.to_host = bytearray(b"LiteLIC boot text\r\n")
        self.closed = False

    def write(self, data):
        for frame in self.parser.feed(data):
            if self.lose(frame):
                continue
            self.requests.append(frame)
            if frame.payload is None:
                self.error(frame, ErrorCode.PAYLOAD_CRC, "damaged")
            else:
                getattr(self, f"serve_{Request(frame.type).name.lower()}")(frame)

    def read(self, timeout):
        data, self.to_host = bytes(self.to_host), bytearray()
        return data

    def close(self):
        self.closed = True

    # Answers --------------------------------------------------------------------------------------

    def answer(self, request, address=0, argument=0, payload=b""):
        frame = Frame(
            request.type | RESPONSE, request.sequence, address, argument, payload, self.version
        )
        self.to_host += self.spoil(frame, frame.encode())

    def error(self, request, code, words):
        frame = Frame(RESPONSE_ERROR, request.sequence, code, 0, words.encode())
        self.to_host += self.spoil(frame, frame.encode())

    def serve_hello(self, request):
        text = INFO.format(program=self.program.hex())
        self.answer(request, request.argument, 0, text.encode())

    def serve_ping(self, request):
        state = RunState.DONE << 16 | self.run.sequence if self.run else 0
        self.answer(request, state)

    def inside(self, request, length):
        if request.address + length <= len(self.memory):
            return True
        self.error(request, ErrorCode.ADDRESS, "outside")
        return False

    def serve_write(self, request):
        if self.inside(request, len(request.payload)):
            end = request.address + len(request.payload)
            self.memory[request.address : end] = request.payload
            self.answer(request, request.address, len(request.payload))

    def serve_read(self, request):
        if self.inside(request, request.argument):
            end = request.address + request.argument
            self.answer(request, request.address, request.argument,
                        bytes(self.memory[request.address : end]))

    def serve_program(self, request):
        self.program = request.payload
        self.answer(request)

    def serve_run(self, request):
        if self.run != request:
            self.run = request
            self.runs += 1
        self.answer(request, request.address, request.argument, (12345).to_bytes(8, "little"))
