// Runs the simulated SoC: steps its clock, and carries the bytes of its link over TCP.
//
// Prints `listening on 127.0.0.1:PORT`, then serves one client at a time; another one that comes
// meanwhile is told so and sent away. The clock stands still while the SoC has nothing to do. A board
// with Ethernet is reached by UDP as well, at the port that is printed before (neighbour.hpp).

#include <arpa/inet.h>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <memory>
#include <netinet/tcp.h>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

#include <verilated.h>
#if VM_TRACE
#include <verilated_vcd_c.h>
#endif

#include "Vsim.h"
#if ETHERNET
#include "neighbour.hpp"
#endif

namespace {

constexpr int CYCLES_PER_POLL = 512;
constexpr int PHASES = 2 * ARRAY_CLK_RATIO; // Clock edges in a cycle of the system clock.
constexpr uint64_t CYCLE_TIME = 1'000'000;  // Of such a cycle, in units of the Ethernet's clock.
constexpr int END_MILLISECONDS = 10;
constexpr char BUSY_TEXT[] = "LITELIC BUSY another client is connected to this board\n";

volatile sig_atomic_t stopped = 0;

[[noreturn]] void fail(const std::string &text) {
    std::fprintf(stderr, "litelic simulator: %s\n", text.c_str());
    std::exit(1);
}

struct Options {
    int port = 0;
    uint64_t max_cycles = 0;      // 0: no limit
    bool report = false;          // print cycles and speed at the end
    bool sleep = true;            // while the SoC is idle; without: to measure speed
    bool exit_with_stdin = false; // stop when standard input is closed
    int udp_port = 0;
    double byte_cycles = 1;       // of the system clock that a byte takes on the Ethernet
    unsigned pings = 0;
    std::string trace;
};

int parse_number(const char *text, long lowest, long highest) {
    char *end;
    const long number = std::strtol(text, &end, 10);
    if (end == text || *end || number < lowest || number > highest)
        fail(std::string(text) + " is not a number from " + std::to_string(lowest) + " to " +
             std::to_string(highest));
    return static_cast<int>(number);
}

[[maybe_unused]] double parse_fraction(const char *text, double lowest, double highest) {
    char *end;
    const double number = std::strtod(text, &end);
    if (end == text || *end || !(number >= lowest && number <= highest))
        fail(std::string(text) + " is not a number from " + std::to_string(lowest) + " to " +
             std::to_string(highest));
    return number;
}

int parse_port(const char *text) { return parse_number(text, 0, 65535); }

Options parse(int argc, char **argv) {
    Options options;
    auto value = [&](int &n) -> const char * {
        if (n + 1 >= argc) fail(std::string(argv[n]) + " needs a value");
        return argv[++n];
    };
    for (int n = 1; n < argc; n++) {
        const std::string name = argv[n];
        if (name == "--port") options.port = parse_port(value(n));
        else if (name == "--max-cycles") options.max_cycles = std::strtoull(value(n), nullptr, 0);
        else if (name == "--cycles") options.report = true;
        else if (name == "--no-sleep") options.sleep = false;
        else if (name == "--exit-with-stdin") options.exit_with_stdin = true;
        else if (name == "--trace") options.trace = value(n);
#if ETHERNET
        else if (name == "--udp-port") options.udp_port = parse_port(value(n));
        else if (name == "--byte-cycles") options.byte_cycles = parse_fraction(value(n), 0.1, 1000);
        else if (name == "--ping") options.pings = parse_number(value(n), 1, 60000);
#endif
        else fail("unknown option " + name +
                  " (--port N, --max-cycles N, --cycles, --no-sleep, --exit-with-stdin, --trace FILE"
                  "; with Ethernet: --udp-port N, --byte-cycles N, --ping N)");
    }
    return options;
}

// A first-in first-out of bytes in one piece of memory, so that sockets read and write it directly.
class Buffer {
public:
    explicit Buffer(size_t capacity) : bytes(new uint8_t[capacity]), capacity(capacity) {}
    bool empty() const { return head == tail; }
    bool full() const { return tail == capacity; }
    uint8_t front() const { return bytes[head]; }
    void pop() { if (++head == tail) head = tail = 0; }
    void push(uint8_t byte) { bytes[tail++] = byte; }
    void clear() { head = tail = 0; }
    uint8_t *data() { return bytes.get() + head; }
    size_t size() const { return tail - head; }
    uint8_t *space() { return bytes.get() + tail; }
    size_t room() const { return capacity - tail; }
    void filled(size_t count) { tail += count; }
    void drop(size_t count) { head += count; if (head == tail) head = tail = 0; }

private:
    std::unique_ptr<uint8_t[]> bytes;
    size_t capacity;
    size_t head = 0, tail = 0;
};

// The TCP side of the link.
class Server {
public:
    explicit Server(int port) {
        listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (listener < 0) fail("no socket: " + std::string(std::strerror(errno)));
        const int yes = 1;
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.sin_port = htons(port);
        socklen_t size = sizeof address;
        if (bind(listener, reinterpret_cast<sockaddr *>(&address), size) < 0 ||
            listen(listener, 8) < 0)
            fail("cannot listen on port " + std::to_string(port) + ": " + std::strerror(errno));
        getsockname(listener, reinterpret_cast<sockaddr *>(&address), &size);
        std::printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
        std::fflush(stdout);
    }

    bool connected() const { return client >= 0; }

    // Move what can be moved. With `wait`, sleep until there is something to do, here or at `other`.
    void poll(bool wait, bool watch_stdin, int other) {
        pollfd entries[] = {{listener, POLLIN, 0}, {client, 0, 0}, {-1, POLLIN, 0}, {-1, POLLIN, 0}};
        if (connected()) {
            entries[1].events = (incoming.room() ? POLLIN : 0) | (outgoing.empty() ? 0 : POLLOUT);
        }
        if (watch_stdin) entries[2].fd = STDIN_FILENO;
        if (wait) entries[3].fd = other;
        if (::poll(entries, 4, wait ? 1000 : 0) <= 0) return;
        if (entries[2].revents) {
            char ignored[256];
            if (read(STDIN_FILENO, ignored, sizeof ignored) <= 0) stopped = 1;
        }
        if (connected() && entries[1].revents & (POLLIN | POLLHUP | POLLERR)) receive();
        if (connected() && entries[1].revents & POLLOUT) send();
        if (entries[0].revents & POLLIN) accept();
    }

    // Large enough to take in all that a client has on its way when it leaves.
    Buffer incoming{16 << 20}, outgoing{1 << 16};

private:
    void accept() {
        const int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0) return;
        // The end of a client that has left stands behind the last byte that it sent.
        pollfd entry{client, POLLIN, 0};
        while (connected() && incoming.room() && ::poll(&entry, 1, END_MILLISECONDS) > 0) receive();
        if (connected()) {
            ::send(fd, BUSY_TEXT, sizeof BUSY_TEXT - 1, MSG_NOSIGNAL);
            // Closing with unread bytes would reset the connection, and the text might be lost.
            shutdown(fd, SHUT_WR);
            char ignored[4096];
            while (recv(fd, ignored, sizeof ignored, 0) > 0) {}
            close(fd);
            return;
        }
        const int yes = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        client = fd;
        incoming.clear(); // What the last one sent is served while nobody else wants to be.
    }

    void receive() {
        if (!incoming.room()) return;
        const ssize_t count = recv(client, incoming.space(), incoming.room(), 0);
        if (count > 0) incoming.filled(count);
        else if (count == 0 || (errno != EAGAIN && errno != EINTR)) disconnect();
    }

    void send() {
        const ssize_t count = ::send(client, outgoing.data(), outgoing.size(), MSG_NOSIGNAL);
        if (count > 0) outgoing.drop(count);
        else if (errno != EAGAIN && errno != EINTR) disconnect();
    }

    void disconnect() {
        close(client);
        client = -1;
        outgoing.clear();
    }

    int listener = -1, client = -1;
};

double seconds() {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec + 1e-9 * now.tv_nsec;
}

} // namespace

int main(int argc, char **argv) {
    const Options options = parse(argc, argv);

    std::signal(SIGTERM, [](int) { stopped = 1; });
    std::signal(SIGINT, [](int) { stopped = 1; });
    std::signal(SIGPIPE, SIG_IGN);

    // The files that initialise the memories lie beside the program.
    char path[4096];
    const ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    if (length > 0) {
        path[length] = 0;
        *std::strrchr(path, '/') = 0;
        if (chdir(path) < 0) fail("cannot enter " + std::string(path));
    }

    VerilatedContext context;
#if VM_TRACE
    context.traceEverOn(true);
#else
    if (!options.trace.empty()) fail("built without waveforms: build with --trace");
#endif
    Vsim top(&context);
#if VM_TRACE
    VerilatedVcdC trace;
    if (!options.trace.empty()) {
        top.trace(&trace, 99);
        trace.open(options.trace.c_str());
    }
#endif

#if ETHERNET
    Neighbour neighbour(BOARD_IP, BOARD_PORT, options.udp_port, options.pings);
    if (!neighbour.error.empty()) fail(neighbour.error);
    const int ethernet = neighbour.descriptor();
    auto wire_quiet = [&] { return top.ethernet_idle && neighbour.quiet(); };
    const uint64_t half_byte = options.byte_cycles * CYCLE_TIME / 2;
    uint64_t next_edge = 0; // of the wire's clock
    top.ethernet_to_wire_ready = 1;
#else
    constexpr int ethernet = -1;
    auto wire_quiet = [] { return true; };
#endif
    Server server(options.port);
    auto idle = [&] { return top.link_idle && server.incoming.empty() && wire_quiet(); };
    uint64_t cycles = 0;
    double running = 0, since = seconds();

    while (!stopped && (!options.max_cycles || cycles < options.max_cycles)) {
        const bool asleep = options.sleep && idle();
        if (asleep) running += seconds() - since;
        server.poll(asleep, options.exit_with_stdin, ethernet);
#if ETHERNET
        neighbour.poll();
#endif
        if (asleep) since = seconds();
        if (asleep && idle()) continue;

        for (int n = 0; n < CYCLES_PER_POLL; n++) {
            // What the pins show now is what the clock edge will see.
            const bool offered = !server.incoming.empty();
            const bool room = !server.outgoing.full() || !server.connected();
            top.link_from_host_valid = offered;
            if (offered) top.link_from_host_data = server.incoming.front();
            top.link_to_host_ready = room;
            const bool taken = offered && top.link_from_host_ready;
            const bool given = room && top.link_to_host_valid;
            const uint8_t byte = top.link_to_host_data;

            for (int phase = 0; phase < PHASES; phase++) {
#if ETHERNET
                // Edges of both clocks at the same time are one step, as those of one clock are.
                const uint64_t now = CYCLE_TIME * cycles + CYCLE_TIME * phase / PHASES;
                while (next_edge <= now) {
                    if (!top.ethernet_clk) neighbour.before_edge(top, cycles);
                    top.ethernet_clk = !top.ethernet_clk;
                    const bool before = next_edge < now;
                    next_edge += half_byte;
                    if (before) top.eval();
                    else break;
                }
#endif
                top.sys_clk = phase < PHASES / 2;
#if ARRAY_CLK_RATIO > 1
                top.array_clk = phase % 2 == 0;
#endif
                top.eval();
#if VM_TRACE
                if (trace.isOpen()) trace.dump(PHASES * cycles + phase);
#endif
            }
            cycles++;
            if (taken) server.incoming.pop();
            if (given && server.connected()) server.outgoing.push(byte);
            if (options.sleep && idle()) break;
        }
    }
    running += seconds() - since;

    if (options.report)
        std::fprintf(stderr, "%llu cycles in %.3f s running, %.3f million cycles/s\n",
                     static_cast<unsigned long long>(cycles), running, cycles / running * 1e-6);
#if VM_TRACE
    if (trace.isOpen()) trace.close();
#endif
    // The model's memory is large: leave it to the system.
    std::fflush(nullptr);
    std::_Exit(0);
}
