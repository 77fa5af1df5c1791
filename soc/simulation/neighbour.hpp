// The only other station on the simulated board's Ethernet. It passes UDP between the board and
// sockets on the loopback: what comes for its socket goes to the board's UDP port, from the port of
// whoever sent it, and back. So any program on this machine talks to the board by way of its MAC, IP
// and UDP, and nobody needs to be root. It asks and answers by ARP, and can ping the board.

#pragma once

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <deque>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <unordered_set>
#include <utility>
#include <vector>

using Bytes = std::vector<uint8_t>;
using Mac = std::array<uint8_t, 6>;

class Neighbour {
public:
    static constexpr uint32_t OWN_IP = 0xC0A80164; // 192.168.1.100
    static constexpr Mac OWN_MAC = {0x02, 0, 0, 0, 0, 1};

    // On failure `error` says why, and nothing else may be used.
    Neighbour(uint32_t board_ip, uint16_t board_port, int port, unsigned pings)
        : board_ip(board_ip), board_port(board_port), pings(pings) {
        socket_ = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        sockaddr_in address = loopback(port);
        socklen_t size = sizeof address;
        const int wanted = 1 << 22;
        if (socket_ < 0 || bind(socket_, reinterpret_cast<sockaddr *>(&address), size) < 0) {
            error = "cannot use UDP port " + std::to_string(port) + ": " + std::strerror(errno);
            return;
        }
        setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &wanted, sizeof wanted);
        getsockname(socket_, reinterpret_cast<sockaddr *>(&address), &size);
        std::printf("udp 127.0.0.1:%d\n", ntohs(address.sin_port));
        std::fflush(stdout);
    }

    int descriptor() const { return socket_; }

    // Nothing is on the wire or waits for it, and nothing has been for a while.
    bool quiet() const {
        return frames.empty() && waiting.empty() && received.empty() && !unanswered() &&
               cycle - busy_at >= SETTLE_CYCLES;
    }

    // Take datagrams in, as long as there are not many of them.
    void poll() {
        uint8_t data[1 << 16];
        sockaddr_in from{};
        while (frames.size() + waiting.size() < QUEUE_FRAMES) {
            socklen_t size = sizeof from;
            const ssize_t count =
                recvfrom(socket_, data, sizeof data, 0, reinterpret_cast<sockaddr *>(&from), &size);
            if (count < 0) return;
            if (count > MAX_PAYLOAD) continue; // It would be fragments, which the board ignores.
            clients.insert(ntohs(from.sin_port));
            waiting.push_back(datagram(ntohs(from.sin_port), Bytes(data, data + count)));
        }
    }

    // An edge of the wire's clock, at which a byte goes each way. `board` has the pins of the PHY
    // (platform.py), `now` is in cycles of the system clock.
    template <class Board> void before_edge(Board &board, uint64_t now) {
        cycle = now;
        if (board.ethernet_to_wire_valid)
            received.push_back(board.ethernet_to_wire_data);
        else if (!received.empty())
            take(std::exchange(received, {}));
        if (board.ethernet_to_wire_valid || !frames.empty()) busy_at = now;
        work();
        board.ethernet_from_wire_valid = board.ethernet_from_wire_last = 0;
        if (frames.empty()) return;
        if (gap) {
            gap--;
            return;
        }
        const Bytes &frame = frames.front();
        board.ethernet_from_wire_valid = 1;
        board.ethernet_from_wire_data = frame[position++];
        if (position == frame.size()) {
            board.ethernet_from_wire_last = 1;
            frames.pop_front();
            position = 0;
            gap = GAP;
        }
    }

    std::string error;

private:
    static constexpr unsigned GAP = 12, MAX_PAYLOAD = 1472, QUEUE_FRAMES = 16;
    static constexpr uint64_t SETTLE_CYCLES = 20'000, ASK_CYCLES = 1'000'000, PING_CYCLES = 100'000;
    static constexpr Mac EVERYBODY = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};

    // Bytes ----------------------------------------------------------------------------------------

    static void put16(Bytes &to, unsigned value) {
        to.push_back(value >> 8);
        to.push_back(value);
    }
    static void put32(Bytes &to, uint32_t value) {
        put16(to, value >> 16);
        put16(to, value & 0xFFFF);
    }
    template <class Part> static void put(Bytes &to, const Part &part) {
        to.insert(to.end(), part.begin(), part.end());
    }
    static unsigned get16(const Bytes &from, size_t at) { return from[at] << 8 | from[at + 1]; }
    static uint32_t get32(const Bytes &from, size_t at) {
        return uint32_t(get16(from, at)) << 16 | get16(from, at + 2);
    }

    static unsigned checksum(const Bytes &data, size_t begin) {
        uint32_t total = 0;
        for (size_t n = begin; n < data.size(); n += 2)
            total += data[n] << 8 | (n + 1 < data.size() ? data[n + 1] : 0);
        while (total >> 16) total = (total & 0xFFFF) + (total >> 16);
        return ~total & 0xFFFF;
    }

    static uint32_t crc(const Bytes &data) {
        uint32_t value = ~0u;
        for (uint8_t byte : data) {
            value ^= byte;
            for (int n = 0; n < 8; n++) value = value >> 1 ^ (value & 1 ? 0xEDB88320 : 0);
        }
        return ~value;
    }

    static sockaddr_in loopback(unsigned port) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.sin_port = htons(port);
        return address;
    }

    // To the board ---------------------------------------------------------------------------------

    static Bytes ethernet(const Mac &to, unsigned type) {
        Bytes frame;
        put(frame, to);
        put(frame, OWN_MAC);
        put16(frame, type);
        return frame;
    }

    // The board's MAC is filled in when it is known.
    Bytes ip(unsigned protocol, const Bytes &payload) {
        Bytes frame = ethernet(EVERYBODY, 0x0800);
        const size_t header = frame.size();
        put16(frame, 0x4500);
        put16(frame, 20 + payload.size());
        put16(frame, ++identification);
        put16(frame, 0x4000); // not to be fragmented
        put16(frame, 64 << 8 | protocol);
        put16(frame, 0);
        put32(frame, OWN_IP);
        put32(frame, board_ip);
        const unsigned sum = checksum(frame, header);
        frame[header + 10] = sum >> 8;
        frame[header + 11] = sum;
        put(frame, payload);
        return frame;
    }

    Bytes datagram(unsigned source_port, const Bytes &data) {
        Bytes payload;
        put16(payload, source_port);
        put16(payload, board_port);
        put16(payload, 8 + data.size());
        put16(payload, 0); // no checksum
        put(payload, data);
        return ip(17, payload);
    }

    Bytes echo(unsigned number) {
        Bytes message = {8, 0, 0, 0, 0, 1};
        put16(message, number);
        for (int n = 0; n < 56; n++) message.push_back(n);
        const unsigned sum = checksum(message, 0);
        message[2] = sum >> 8;
        message[3] = sum;
        return ip(1, message);
    }

    Bytes arp(unsigned operation, const Mac &mac, uint32_t ip_address) {
        Bytes frame = ethernet(operation == 1 ? EVERYBODY : mac, 0x0806);
        put32(frame, 0x00010800);
        put16(frame, 0x0604);
        put16(frame, operation);
        put(frame, OWN_MAC);
        put32(frame, OWN_IP);
        put(frame, operation == 1 ? Mac{} : mac);
        put32(frame, ip_address);
        return frame;
    }

    void send(Bytes frame) {
        if (frame.size() < 60) frame.resize(60);
        const uint32_t sum = crc(frame);
        for (int n = 0; n < 4; n++) frame.push_back(sum >> 8 * n);
        Bytes bytes(7, 0x55);
        bytes.push_back(0xD5);
        put(bytes, frame);
        frames.push_back(std::move(bytes));
    }

    bool unanswered() const { return pinged < pings || pinged > answered; }

    void work() {
        if (unanswered() && cycle >= next_ping) {
            if (pinged > answered) { // The last one was lost.
                std::printf("ping %u: no answer\n", pinged);
                answered = pinged;
            }
            if (pinged < pings) {
                waiting.push_back(echo(++pinged));
                sent_at = cycle;
                next_ping = cycle + PING_CYCLES;
            }
            std::fflush(stdout);
        }
        if (waiting.empty()) return;
        if (!known) {
            if (cycle < next_question) return;
            send(arp(1, Mac{}, board_ip));
            next_question = cycle + ASK_CYCLES;
            return;
        }
        std::copy(board_mac.begin(), board_mac.end(), waiting.front().begin());
        send(std::move(waiting.front()));
        waiting.pop_front();
    }

    // From the board -------------------------------------------------------------------------------

    void take(const Bytes &bytes) {
        size_t start = 0;
        while (start < bytes.size() && bytes[start] == 0x55) start++;
        if (start == bytes.size() || bytes[start] != 0xD5) return;
        Bytes frame(bytes.begin() + start + 1, bytes.end());
        if (frame.size() < 64 || crc(frame) != RESIDUE) return;
        frame.resize(frame.size() - 4);
        if (get16(frame, 12) == 0x0806) take_arp(frame);
        else if (get16(frame, 12) == 0x0800) take_ip(frame);
    }

    void take_arp(const Bytes &frame) {
        const uint32_t from = get32(frame, 28), about = get32(frame, 38);
        Mac mac;
        std::copy(frame.begin() + 22, frame.begin() + 28, mac.begin());
        if (from == board_ip) {
            board_mac = mac;
            known = true;
        }
        if (get16(frame, 20) == 1 && about == OWN_IP) send(arp(2, mac, from));
    }

    void take_ip(const Bytes &frame) {
        const size_t end = 14 + get16(frame, 16);
        if (frame[14] != 0x45 || end > frame.size() || end < 42 || get32(frame, 30) != OWN_IP) return;
        if (frame[23] == 17) {
            const unsigned port = get16(frame, 36), length = get16(frame, 38);
            if (length < 8 || 34 + length > end || !clients.count(port)) return;
            const sockaddr_in to = loopback(port);
            sendto(socket_, frame.data() + 42, length - 8, 0,
                   reinterpret_cast<const sockaddr *>(&to), sizeof to);
        } else if (frame[23] == 1 && frame[34] == 0 && get16(frame, 40) == pinged &&
                   answered < pinged) {
            std::printf("ping %u: %llu cycles\n", pinged,
                        static_cast<unsigned long long>(cycle - sent_at));
            std::fflush(stdout);
            answered = pinged;
            next_ping = cycle;
        }
    }

    static constexpr uint32_t RESIDUE = 0x2144DF1C; // CRC of data followed by their CRC

    const uint32_t board_ip;
    const uint16_t board_port;
    const unsigned pings;
    int socket_ = -1;
    std::unordered_set<unsigned> clients; // ports that have sent something
    std::deque<Bytes> waiting;            // packets, until the board's MAC is known
    std::deque<Bytes> frames;             // as they are on the wire
    Bytes received;
    size_t position = 0;
    unsigned gap = 0, pinged = 0, answered = 0, identification = 0;
    uint64_t cycle = 0, busy_at = 0, next_question = 0, next_ping = 0, sent_at = 0;
    Mac board_mac{};
    bool known = false;
};
