// SPDX-License-Identifier: BSD-2-Clause
// A 15 TiB device with a million chunks: how long creating, opening and reporting takes, and in how much memory.
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <string>

#include "lightnvm/device.hpp"
#include "lightnvm/emulator.hpp"

using namespace lightnvm;

namespace {

template <typename F>
double seconds(F&& f) {
  const auto begin = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double peak_mib() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

emulator::Config million_chunks() {
  emulator::Config config;
  config.overrides.clear();
  config.geometry.groups = 16;
  config.geometry.units = 8;
  config.geometry.chunks = 8192;
  config.geometry.sectors = 3840;
  return config;
}

// Each chunk with a record of its own: the most that opening has to read.
void use_all(emulator::Config& config) {
  for (std::uint64_t i = 0; i < config.geometry.total_chunks(); ++i) {
    emulator::ChunkOverride o;
    o.address = config.geometry.chunk_address(i);
    o.state = ChunkState::closed;
    o.cycles = static_cast<std::uint32_t>(i % 100);
    config.overrides.push_back(o);
  }
}

// Made in a child, so that the peak of the measuring process is the opened device's.
bool create_in_child(const std::string& path, bool used, double& took) {
  const pid_t child = ::fork();
  if (child == 0) {
    emulator::Config config = million_chunks();
    if (used) use_all(config);
    const Status s = emulator::create(path, config, {.replace = true});
    if (!s) std::fprintf(stderr, "%s\n", last_error().c_str());
    ::_exit(s ? 0 : 1);
  }
  int status = 1;
  took = seconds([&] { (void)::waitpid(child, &status, 0); });
  return child > 0 && status == 0;
}

bool measure(const std::string& path, const char* what, bool used) {
  double create = 0;
  if (!create_in_child(path, used, create)) return false;
  Result<Device> device = std::unexpected(Status());
  const double open = seconds([&] { device = Device::open(path); });
  if (!device) {
    std::fprintf(stderr, "%s\n", last_error().c_str());
    return false;
  }
  Result<std::vector<Chunk>> chunks = std::unexpected(Status());
  const double report = seconds([&] { chunks = device->chunks(); });
  const bool whole = chunks && chunks->size() == device->geometry().total_chunks();
  fmt::print("{:<24} {:>9.1f} ms {:>9.1f} ms {:>9.1f} ms {:>9.1f} MiB\n", what, create * 1e3, open * 1e3, report * 1e3,
             peak_mib());
  std::fflush(stdout);
  device = std::unexpected(Status());
  ::unlink(path.c_str());
  return whole;
}

}  // namespace

// Usage: bench_scale FILE; the file is made sparse, replaced if it is an emulated device, and removed.
int main(int argc, char** argv) {
  const std::string path = argc > 1 ? argv[1] : "bench_scale.img";
  const emulator::Config config = million_chunks();
  fmt::print("device of {:.2f} TiB, {} chunks\n", static_cast<double>(config.geometry.total_bytes()) / (1ULL << 40),
             config.geometry.total_chunks());
  fmt::print("{:<24} {:>12} {:>12} {:>12} {:>13}\n", "chunks", "create", "open", "report", "peak memory");
  std::fflush(stdout);
  return measure(path, "all new", false) && measure(path, "each with a record", true) ? 0 : 1;
}
