// SPDX-License-Identifier: BSD-2-Clause
// Processes that are killed while several threads of theirs write to a device.
#include "kill_run.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <random>
#include <stdexcept>
#include <thread>

#include "base/error.hpp"
#include "emulator/queue.hpp"
#include "spec/build.hpp"

namespace lightnvm::emulator::durability {
namespace {

using Bytes = std::vector<std::byte>;

constexpr std::uint32_t kThreads = 3;

struct Wrong : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// What a thread says of one of its chunks, before and after each command.
struct Word {
  std::uint32_t chunk = 0;
  std::uint32_t life = 0;       ///< resets that completed
  std::uint32_t written = 0;    ///< sectors that completed
  std::uint32_t attempted = 0;  ///< sectors that may be there
  std::uint32_t resetting = 0;  ///< 1: the next life may have begun
};
static_assert(sizeof(Word) <= 512, "written to a pipe at once");

// What a sector of a chunk holds in one of its lives.
void fill(std::span<std::byte> out, std::uint64_t seed, std::uint32_t chunk, std::uint32_t life, std::uint32_t sector) {
  std::mt19937_64 random(seed ^ (std::uint64_t{chunk} << 48) ^ (std::uint64_t{life} << 24) ^ sector);
  for (std::size_t at = 0; at < out.size(); at += 8) {
    const std::uint64_t word = random();
    std::memcpy(out.data() + at, &word, std::min<std::size_t>(8, out.size() - at));
  }
}

class Kills {
 public:
  Kills(std::uint64_t seed, const std::string& directory) : seed_(seed), random_(seed), path_(directory + "/kill.img") {
    config_.overrides.clear();
    Geometry& g = config_.geometry;
    g.groups = 1;
    g.units = 3;
    g.chunks = 4;
    g.sectors = 64;
    g.ws_min = 2;
    g.ws_opt = 4;
    g.mw_cunits = 0;
    g.early_reset = true;
    config_.pe_cycles = 60000;
    CreateOptions options;
    if (seed % 4 == 0) options.segment_bytes = 2 << 20;
    if (!create(path_, config_, options)) throw Wrong(std::string(last_error()));
    for (std::uint32_t c = 0; c < g.total_chunks(); ++c) known_.push_back({c, 0, 0, 0, 0});
  }

  void kill_one() {
    int pipe[2];
    if (::pipe(pipe) != 0) throw Wrong("no pipe");
    const std::uint64_t child_seed = random_();
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(pipe[0]);
      use(pipe[1], child_seed);
      ::_exit(1);
    }
    ::close(pipe[1]);
    std::jthread listener([&] { listen(pipe[0]); });
    std::this_thread::sleep_for(std::chrono::microseconds(random_() % (random_() % 4 == 0 ? 4000 : 30000)));
    ::kill(child, SIGKILL);
    int status = 0;
    (void)::waitpid(child, &status, 0);
    listener.join();
    ::close(pipe[0]);
    if (!WIFSIGNALED(status)) throw Wrong("the process ended by itself: a command failed");
    check();
  }

  std::uint64_t commands = 0;

 private:
  // Until it is killed.
  void use(int report, std::uint64_t seed) {
    auto device = Device::from_file(path_, ImageAccess::exclusive);
    if (!device) return;
    Controller controller(*device, 1);
    std::vector<std::jthread> threads;
    for (std::uint32_t t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        Queue queue(controller, 1, static_cast<std::uint16_t>(t + 1));
        work(queue, **device, report, t, seed + t);
        ::_exit(1);
      });
    }
  }

  // Each thread has chunks of its own.
  void work(Queue& queue, Device& device, int report, std::uint32_t thread, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    const auto run = [&](const spec::Command& command, const Payload& payload) {
      queue.start(command, payload, 0);
      Done done;
      while (queue.poll({&done, 1}) == 0) std::this_thread::yield();
      return done.completion.ok();
    };
    const Geometry& g = device.geometry();
    Bytes data(std::size_t{8} * g.sector_bytes);
    Bytes metadata(std::size_t{8} * g.oob_bytes);
    while (true) {
      Word& word = known_[thread * g.chunks + random() % g.chunks];
      const std::uint64_t lba = device.format().pack(g.chunk_address(word.chunk));
      const auto say = [&] { (void)!::write(report, &word, sizeof word); };
      if (random() % 64 == 0 && !run(spec::build::flush(1), {})) return;
      if (word.written == g.sectors || random() % 40 == 0) {
        word.resetting = 1;
        say();
        const std::uint64_t list[1] = {lba};
        Payload payload;
        payload.list = list;
        if (!run(spec::build::vector(spec::IoOpcode::vector_reset, 1, 1), payload)) return;
        word = {word.chunk, word.life + 1, 0, 0, 0};
        say();
        continue;
      }
      const std::uint32_t count =
          std::min(2 * (1 + static_cast<std::uint32_t>(random() % 4)), g.sectors - word.written);
      for (std::uint32_t i = 0; i < count; ++i) {
        fill(std::span(data).subspan(std::size_t{i} * g.sector_bytes, g.sector_bytes), seed_, word.chunk, word.life,
             word.written + i);
        fill(std::span(metadata).subspan(std::size_t{i} * g.oob_bytes, g.oob_bytes), ~seed_, word.chunk, word.life,
             word.written + i);
      }
      const Segment memory[2] = {{data.data(), std::size_t{count} * g.sector_bytes},
                                 {metadata.data(), std::size_t{count} * g.oob_bytes}};
      Payload payload;
      payload.data = {&memory[0], 1};
      payload.metadata = {&memory[1], 1};
      word.attempted = word.written + count;
      say();
      spec::Command command = spec::build::transfer(spec::IoOpcode::write, 1, lba + word.written, count);
      if (random() % 50 == 0) spec::Fua::set(command, 1);
      if (!run(command, payload)) return;
      word.written = word.attempted;
      say();
    }
  }

  void listen(int report) {
    Word word;
    while (::read(report, &word, sizeof word) == static_cast<ssize_t>(sizeof word)) {
      known_.at(word.chunk) = word;
      ++commands;
    }
  }

  void check() {
    auto device = Device::from_file(path_, ImageAccess::exclusive);
    if (!device) throw Wrong(fmt::format("cannot be opened: {}", last_error()));
    for (Word& word : known_) {
      const ChunkRecord record = (*device)->machine().record(word.chunk);
      const auto wp = record.write_pointer;
      const bool same =
          wp >= word.written && wp <= std::max(word.attempted, word.written) && record.cycles == word.life;
      const bool next = word.resetting == 1 && wp == 0 && record.cycles == word.life + 1;
      if (!same && !next) {
        throw Wrong(fmt::format("chunk {}: life {}, {} written, {} attempted{}; found life {}, {} written", word.chunk,
                                word.life, word.written, word.attempted, word.resetting == 1 ? ", resetting" : "",
                                record.cycles, wp));
      }
      word = {word.chunk, record.cycles, wp, wp, 0};
      check_sectors(**device, word);
    }
  }

  void check_sectors(Device& device, const Word& word) const {
    const Geometry& g = device.geometry();
    const auto channel = device.media().open_channel(1);
    Bytes data(g.sector_bytes), metadata(g.oob_bytes), expected(g.sector_bytes), tag(g.oob_bytes);
    const Segment memory[2] = {{data.data(), data.size()}, {metadata.data(), metadata.size()}};
    for (std::uint32_t i = 0; i < word.written; ++i) {
      MediaOp op;
      op.chunk = word.chunk;
      op.first = i;
      op.count = 1;
      op.data = {{&memory[0], 1}, 0, data.size()};
      op.metadata = {{&memory[1], 1}, 0, metadata.size()};
      channel->start(op);
      fill(expected, seed_, word.chunk, word.life, i);
      fill(tag, ~seed_, word.chunk, word.life, i);
      if (!op.status || data != expected || metadata != tag) {
        throw Wrong(fmt::format("chunk {}: sector {} of {} is not what was written", word.chunk, i, word.written));
      }
    }
  }

  std::uint64_t seed_;
  std::mt19937_64 random_;
  std::string path_;
  Config config_;
  std::vector<Word> known_;
};

}  // namespace

CutResult kill_run(std::uint64_t seed, std::uint32_t kills, const std::string& directory) {
  CutResult result;
  try {
    Kills run(seed, directory);
    for (; result.cuts < kills; ++result.cuts) run.kill_one();
    result.commands = run.commands / 2;
  } catch (const Wrong& e) {
    result.wrong = e.what();
  }
  return result;
}

}  // namespace lightnvm::emulator::durability
