// Drives the engine alone: a DRAM with LiteDRAM's port timing, random latency and back-pressure.
//
// As LiteDRAM's controller does, it returns read data without looking at `ready`, and takes write
// data without looking at `valid`: both are errors of the engine and stop the run.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <fstream>
#include <iterator>
#include <random>
#include <type_traits>
#include <vector>

#include "Vengine.h"
#include "verilated.h"

static const int kPort = PORT_BYTES;
using Data = VlWide<kPort / 4>;
using Mask = std::conditional_t<kPort == 16, SData, std::conditional_t<kPort == 32, IData, QData>>;

static std::vector<uint8_t> read_file(const char *path) {
    std::ifstream file(path, std::ios::binary);
    return std::vector<uint8_t>(std::istreambuf_iterator<char>(file), {});
}

[[noreturn]] static void fail(const char *what, uint64_t cycle) {
    std::fprintf(stderr, "%s at cycle %llu\n", what, (unsigned long long)cycle);
    std::exit(1);
}

struct Pending {
    uint64_t due;
    uint8_t data[kPort];
    uint32_t address;
};

struct Noise {
    std::mt19937 random;
    unsigned stall;
    unsigned latency;
    bool busy() { return stall && random() % 256 < stall; }
    unsigned delay() { return stall ? 4 + random() % (2 * latency) : latency; }
};

struct ReadPort {
    CData &cmd_valid, &cmd_ready, &rdata_valid, &rdata_ready;
    IData &addr;
    Data &data;
    std::deque<Pending> pending;

    void before(std::vector<uint8_t> &, Noise &noise, uint64_t cycle) {
        cmd_ready = !noise.busy();
        rdata_valid = !pending.empty() && pending.front().due <= cycle && !noise.busy();
        if (rdata_valid) std::memcpy(data.data(), pending.front().data, kPort);
    }
    void after(std::vector<uint8_t> &memory, Noise &noise, uint64_t cycle) {
        if (rdata_valid) {
            if (!rdata_ready) fail("read data without room", cycle);
            pending.pop_front();
        }
        if (cmd_valid && cmd_ready) {
            uint64_t place = uint64_t(addr) * kPort;
            if (place + kPort > memory.size()) fail("read outside the memory", cycle);
            Pending read{cycle + noise.delay(), {}, addr};
            std::memcpy(read.data, &memory[place], kPort);
            pending.push_back(read);
        }
    }
};

struct WritePort {
    CData &cmd_valid, &cmd_ready, &wdata_valid, &wdata_ready;
    IData &addr;
    Data &data;
    Mask &we;
    std::deque<Pending> pending;

    void before(std::vector<uint8_t> &, Noise &noise, uint64_t cycle) {
        cmd_ready = !noise.busy();
        wdata_ready = !pending.empty() && pending.front().due <= cycle && !noise.busy();
    }
    void after(std::vector<uint8_t> &memory, Noise &noise, uint64_t cycle) {
        if (wdata_ready) {
            if (!wdata_valid) fail("write command without data", cycle);
            uint64_t place = uint64_t(pending.front().address) * kPort;
            const uint8_t *bytes = reinterpret_cast<const uint8_t *>(data.data());
            for (int i = 0; i < kPort; i++)
                if (we >> i & 1) memory[place + i] = bytes[i];
            pending.pop_front();
        }
        if (cmd_valid && cmd_ready) {
            if ((uint64_t(addr) + 1) * kPort > memory.size()) fail("write outside the memory", cycle);
            pending.push_back(Pending{cycle + 2 + noise.delay() / 4, {}, addr});
        }
    }
};

static bool done(const Vengine &t, uint64_t cycle, size_t count) {
    return cycle > 8 && t.completed == count;
}

int main(int argc, char **argv) {
    if (argc != 9)
        fail("usage: engine DRAM DESCRIPTORS SEED STALL LATENCY MAX_CYCLES BUS_PERIOD ARRAY_PERIOD", 0);
    auto memory = read_file(argv[1]);
    auto raw = read_file(argv[2]);
    std::vector<uint32_t> descriptors(raw.size() / 4);
    std::memcpy(descriptors.data(), raw.data(), raw.size());
    Noise noise{std::mt19937(std::atoi(argv[3])), unsigned(std::atoi(argv[4])),
                unsigned(std::atoi(argv[5]))};
    uint64_t limit = std::strtoull(argv[6], nullptr, 10);

    Vengine top;
    auto &t = top;
    ReadPort reads[] = {
        {t.descriptors_cmd_valid, t.descriptors_cmd_ready, t.descriptors_rdata_valid,
         t.descriptors_rdata_ready, t.descriptors_cmd_addr, t.descriptors_rdata_data, {}},
        {t.operands_cmd_valid, t.operands_cmd_ready, t.operands_rdata_valid,
         t.operands_rdata_ready, t.operands_cmd_addr, t.operands_rdata_data, {}},
        {t.weights_cmd_valid, t.weights_cmd_ready, t.weights_rdata_valid, t.weights_rdata_ready,
         t.weights_cmd_addr, t.weights_rdata_data, {}},
    };
    WritePort store{t.store_cmd_valid,   t.store_cmd_ready,  t.store_wdata_valid,
                    t.store_wdata_ready, t.store_cmd_addr,   t.store_wdata_data,
                    t.store_wdata_we,    {}};

    // In half periods: the two clocks rise together now and then, or never at the same time.
    const uint64_t bus_half = std::atoi(argv[7]), array_half = std::atoi(argv[8]);
    size_t queued = 0;
    uint64_t cycle = 0;
    for (uint64_t time = 0; !done(t, cycle, descriptors.size()); time++) {
        if (cycle > limit) fail("not complete", cycle);
        const bool bus_edge = time % bus_half == 0, bus_rises = time % (2 * bus_half) == 0;
#if TWO_CLOCKS
        if (time % array_half == 0) {
            t.array_rst = cycle < 4;
            t.array_clk = time % (2 * array_half) == 0;
        }
#else
        if (!bus_edge) continue;
#endif
        if (bus_rises) {
            for (auto &port : reads) port.after(memory, noise, cycle);
            store.after(memory, noise, cycle);
            if (t.queue_valid && t.queue_ready) queued++;
        }
        if (bus_edge) t.sys_clk = bus_rises;
        t.eval();
        if (t.malformed) fail("malformed descriptor", cycle);
        if (bus_rises) {
            cycle++;
            t.sys_rst = cycle < 4;
            for (auto &port : reads) port.before(memory, noise, cycle);
            store.before(memory, noise, cycle);
            t.queue_valid = cycle > 8 && queued < descriptors.size();
            if (t.queue_valid) t.queue_address = descriptors[queued];
            t.eval();
        }
    }
    std::ofstream(argv[1], std::ios::binary)
        .write(reinterpret_cast<char *>(memory.data()), memory.size());
    return 0;
}
