// Drives a board with Ethernet as its PHY and a serial line do. Commands come on stdin:
//
//   F gap frame     put a frame on the wire, `gap` byte times after the one before
//   A gap frame     the same, before all that wait
//   W bytes         bytes for `sink`
//   P density       in how many of 255 cycles `take` is up
//   R cycles        run so many cycles of the system clock; answers with what came out
//
// Each is a letter, the length of the rest, and the rest; numbers are little-endian, of 32 bits.
// The answer to R: idle, faults of the transmitted frames, then the frames as lists of bytes, each
// with its length before it.
//
// A transmitted frame ends where `valid` falls, as in an RGMII PHY.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <random>
#include <vector>

#include "Vethernet.h"
#include "verilated.h"

using Bytes = std::vector<uint8_t>;

static const unsigned kGap = 12;  // byte times between frames

static uint32_t number(const uint8_t *bytes) {
    return bytes[0] | bytes[1] << 8 | bytes[2] << 16 | uint32_t(bytes[3]) << 24;
}

static void put(Bytes &to, uint32_t value) {
    for (int n = 0; n < 4; n++) to.push_back(value >> 8 * n);
}

static void put(Bytes &to, const Bytes &bytes) {
    put(to, bytes.size());
    to.insert(to.end(), bytes.begin(), bytes.end());
}

struct Clock {
    uint8_t &pin;
    uint64_t half, next;
};

struct Bench {
    Vethernet dut;
    std::mt19937 random;
    unsigned spacing;  // cycles of the Ethernet clocks a byte
    unsigned density = 255;

    struct Frame {
        unsigned gap;
        Bytes bytes;
    };
    std::deque<Frame> to_receive;
    size_t position = 0;
    unsigned wait = 0, receive_phase = 0;

    Bytes transmitting;
    std::deque<Bytes> transmitted;
    unsigned silence = kGap, transmit_phase = 0, faults = 0;
    bool ended = true;

    std::deque<uint8_t> to_send;

    void receive_clock() {
        bool now = ++receive_phase % spacing == 0;
        dut.rx_valid = dut.rx_last = 0;
        dut.rx_data = random();
        if (!now || to_receive.empty()) return;
        Frame &frame = to_receive.front();
        if (wait < frame.gap) {
            wait++;
            return;
        }
        dut.rx_valid = 1;
        dut.rx_data = frame.bytes[position++];
        if (position == frame.bytes.size()) {
            dut.rx_last = 1;
            to_receive.pop_front();
            position = wait = 0;
        }
    }

    void sample_transmit() {
        if (!dut.tx_valid) {
            if (dut.tx_ready) {
                if (!ended) faults++;  // The frame stopped before its last byte.
                if (!transmitting.empty()) transmitted.push_back(transmitting);
                transmitting.clear();
                ended = true;
                silence++;
            }
        } else if (dut.tx_ready) {
            if (transmitting.empty() && silence < kGap) faults++;
            if (ended && !transmitting.empty()) faults++;  // Two frames without a gap.
            transmitting.push_back(dut.tx_data);
            ended = dut.tx_last;
            silence = 0;
        }
    }

    void sample_system() {
        if (dut.sink_valid && dut.sink_ready) to_send.pop_front();
    }

    void system_clock() {
        dut.take = random() % 255 < density;
        dut.sink_valid = !to_send.empty();
        dut.sink_data = dut.sink_valid ? to_send.front() : random();
    }

    Clock clocks[3];

    Bench(uint64_t seed, unsigned system, unsigned ethernet, unsigned spacing)
        : random(seed), spacing(spacing),
          clocks{{dut.sys_clk, system / 2, 0}, {dut.eth_rx_clk, ethernet / 2, 1},
                 {dut.eth_tx_clk, ethernet / 2, ethernet / 3}} {
        dut.sys_rst = dut.eth_rx_rst = dut.eth_tx_rst = 1;
        dut.tx_ready = 1;
        run(10);
        dut.sys_rst = dut.eth_rx_rst = dut.eth_tx_rst = 0;
        silence = kGap;
    }

    void run(uint64_t cycles) {
        while (cycles) {
            uint64_t now = std::min({clocks[0].next, clocks[1].next, clocks[2].next});
            bool due[3], rises[3];
            for (int n = 0; n < 3; n++) {
                due[n] = clocks[n].next == now;
                rises[n] = due[n] && !clocks[n].pin;
            }
            if (rises[0]) sample_system();
            if (rises[2]) sample_transmit();
            for (int n = 0; n < 3; n++) {
                if (!due[n]) continue;
                clocks[n].pin ^= 1;
                clocks[n].next += clocks[n].half;
            }
            dut.eval();
            if (rises[0]) system_clock();
            if (rises[1]) receive_clock();
            if (rises[2]) dut.tx_ready = ++transmit_phase % spacing == 0;
            dut.eval();
            cycles -= rises[0];
        }
    }
};

static bool read(void *to, size_t size) { return std::fread(to, 1, size, stdin) == size; }

int main(int argc, char **argv) {
    if (argc != 5) return 2;
    auto argument = [&](int n) { return std::strtoul(argv[n], nullptr, 0); };
    Bench bench(argument(1), argument(2), argument(3), argument(4));
    uint8_t head[5];
    while (read(head, sizeof head)) {
        Bytes rest(number(head + 1));
        if (!read(rest.data(), rest.size())) return 2;
        if (head[0] == 'F') {
            bench.to_receive.push_back({number(rest.data()), Bytes(rest.begin() + 4, rest.end())});
        } else if (head[0] == 'A') {
            auto &queue = bench.to_receive;
            queue.insert(queue.begin() + (bench.position != 0),
                         {number(rest.data()), Bytes(rest.begin() + 4, rest.end())});
        } else if (head[0] == 'W') {
            bench.to_send.insert(bench.to_send.end(), rest.begin(), rest.end());
        } else if (head[0] == 'P') {
            bench.density = number(rest.data());
        } else if (head[0] == 'R') {
            bench.run(number(rest.data()));
            Bytes answer;
            put(answer, bench.dut.idle);
            put(answer, bench.faults);
            for (const Bytes &frame : bench.transmitted) put(answer, frame);
            bench.transmitted.clear();
            Bytes length;
            put(length, answer.size());
            std::fwrite(length.data(), 1, length.size(), stdout);
            std::fwrite(answer.data(), 1, answer.size(), stdout);
            std::fflush(stdout);
        } else {
            return 2;
        }
    }
}
