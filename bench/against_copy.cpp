// SPDX-License-Identifier: BSD-2-Clause
// The library against bare loops that move the same bytes between the same places: memcpy for a device in memory, pread
// for one in a file. Each figure is the median of pairs that ran one right after the other, with its 95 % interval;
// "itself" is the bare loop against itself in the same pairs, which shows what the machine does to such figures.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "lightnvm/device.hpp"
#include "lightnvm/emulator.hpp"

using namespace lightnvm;

namespace {

constexpr std::uint32_t kPairs = 15, kDepth = 32, kSector = 4096, kRun = 64;
// The 4th smallest and the 4th largest of 15 enclose the median in 96.5 of 100 cases, whatever the distribution.
constexpr std::uint32_t kOutside = 3;
constexpr const char* kGeometry = "groups=4&punits=4&chunks=16&sectors=1024&bad=none";

[[noreturn]] void fail(std::string_view what) {
  fmt::print(stderr, "{}: {}\n", what, last_error());
  std::exit(1);
}

template <typename F>
double seconds(F&& f) {
  const auto begin = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// Three positive figures that only mean something together: the median and what surrounds it.
struct Estimate {
  double low = 0, median = 0, high = 0;
};
Estimate estimate(std::array<double, kPairs> ratios) {
  std::ranges::sort(ratios);
  return {ratios[kOutside], ratios[kPairs / 2], ratios[kPairs - 1 - kOutside]};
}

class Random {
 public:
  explicit Random(std::uint64_t seed) noexcept : state_(seed * 2 + 88172645463325253ULL) {}
  std::uint32_t below(std::uint32_t n) noexcept {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return static_cast<std::uint32_t>(((state_ >> 32) * n) >> 32);
  }

 private:
  std::uint64_t state_;
};

/// What both sides move: where in the device, by number of the sector.
struct Places {
  std::vector<Address> addresses;
  std::vector<std::uint64_t> sectors;  ///< the same as offsets in a flat copy
};
Places random_places(const Geometry& g, std::uint32_t count, std::uint32_t run, std::uint64_t seed) {
  Places p;
  Random random(seed);
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto chunk = random.below(static_cast<std::uint32_t>(g.total_chunks()));
    const auto sector = random.below(g.sectors / run) * run;
    p.addresses.push_back(g.chunk_address(chunk).plus(sector));
    p.sectors.push_back(std::uint64_t{chunk} * g.sectors + sector);
  }
  return p;
}

/// Reads `places` through a queue, a buffer per slot. Scalar, or lists of consecutive addresses.
class Reader {
 public:
  Reader(Device& device, Places places, std::uint32_t run)
      : queue_(open(device)), places_(std::move(places)), run_(run), buffers_(std::size_t{kDepth} * run * kSector) {
    for (const Address first : places_.addresses) {
      for (std::uint32_t i = 0; run > 1 && i < run; ++i) lists_.push_back(first.plus(i));
    }
  }

  void read() {
    next_ = 0;
    for (std::uint32_t slot = 0; slot < kDepth; ++slot) submit(slot);
    while (queue_.in_flight() != 0) {
      if (!queue_.poke()) fail("poke");
    }
    if (failed_ != 0) fail("reads failed");
  }

  /// The same bytes, from `media` by memcpy.
  void copy(const std::byte* media) {
    std::uint32_t slot = 0;
    for (const std::uint64_t sector : places_.sectors) {
      std::memcpy(buffer(slot), media + sector * kSector, std::size_t{run_} * kSector);
      slot = (slot + 1) % kDepth;
    }
  }

  /// The same bytes, from a file.
  void pread(int fd) {
    std::uint32_t slot = 0;
    for (const std::uint64_t sector : places_.sectors) {
      const auto bytes = std::size_t{run_} * kSector;
      if (::pread(fd, buffer(slot), bytes, static_cast<off_t>(sector * kSector)) != static_cast<ssize_t>(bytes)) {
        fail("pread");
      }
      slot = (slot + 1) % kDepth;
    }
  }

  [[nodiscard]] double bytes() const { return static_cast<double>(places_.sectors.size()) * run_ * kSector; }
  [[nodiscard]] double commands() const { return static_cast<double>(places_.sectors.size()); }

 private:
  static Queue open(Device& device) {
    auto queue = device.open_queue(kDepth);
    if (!queue) fail("open_queue");
    return std::move(*queue);
  }
  [[nodiscard]] std::byte* buffer(std::uint32_t slot) { return buffers_.data() + std::size_t{slot} * run_ * kSector; }

  void submit(std::uint32_t slot) {
    if (next_ == places_.addresses.size()) return;
    const std::size_t i = next_++;
    const Sectors what = run_ == 1 ? Sectors(places_.addresses[i], 1) : Sectors({&lists_[i * run_], run_});
    const Status s =
        queue_.read(what, std::span(buffer(slot), std::size_t{run_} * kSector), [this, slot](const Completion& c) {
          failed_ += c ? 0 : 1;
          submit(slot);
        });
    failed_ += s ? 0 : 1;
  }

  Queue queue_;
  Places places_;
  std::uint32_t run_;
  std::vector<std::byte> buffers_;
  std::vector<Address> lists_;
  std::size_t next_ = 0;
  std::uint64_t failed_ = 0;
};

/// Memory as the device has it: mapped, with huge pages where the system gives them.
class Memory {
 public:
  explicit Memory(std::size_t bytes) : bytes_(bytes) {
    void* p = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) fail("mmap");
    data_ = static_cast<std::byte*>(p);
    ::madvise(p, bytes, MADV_HUGEPAGE);  // where there are none, both sides do without
  }
  ~Memory() { ::munmap(data_, bytes_); }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  [[nodiscard]] std::byte* data() const noexcept { return data_; }
  void forget() { ::madvise(data_, bytes_, MADV_DONTNEED); }

 private:
  std::size_t bytes_;
  std::byte* data_;
};

void write_all(Device& device, const std::byte* data) {
  const Geometry& g = device.geometry();
  auto queue = device.open_queue(1);
  if (!queue) fail("open_queue");
  for (std::uint64_t chunk = 0; chunk < g.total_chunks(); ++chunk) {
    for (std::uint32_t sector = 0; sector < g.sectors; sector += kRun) {
      const std::byte* from = data + (chunk * g.sectors + sector) * kSector;
      bool good = false;
      const Status s =
          queue->write({g.chunk_address(chunk).plus(sector), kRun}, std::span(from, std::size_t{kRun} * kSector),
                       [&good](const Completion& c) { good = bool(c); });
      if (!s || !queue->drain() || !good) fail("write");
    }
  }
}
void reset_all(Device& device) {
  const Geometry& g = device.geometry();
  for (std::uint64_t chunk = 0; chunk < g.total_chunks(); ++chunk) {
    if (!device.reset(Sectors(g.chunk_address(chunk), 1))) fail("reset");
  }
}

struct Row {
  std::string name;
  double bar;
  Estimate ours, itself;
  double per_second;
  std::string unit;
};

/// Interleaves ours, bare and bare again; ratios are of speeds.
Row pair(std::string name, double bar, double amount, std::string unit, const std::function<double()>& ours,
         const std::function<double()>& bare) {
  const bool shown = ::isatty(STDERR_FILENO) == 1;
  std::array<double, kPairs> ratio{}, itself{}, took{};
  ours();
  bare();
  for (std::uint32_t i = 0; i < kPairs; ++i) {
    if (shown) fmt::print(stderr, "\r{}: pair {} of {} ", name, i + 1, kPairs);
    // Who begins takes turns: the second of a pair may find the caches warmer.
    const double first = i % 2 == 0 ? ours() : bare();
    const double second = i % 2 == 0 ? bare() : ours();
    const double again = bare();
    took[i] = i % 2 == 0 ? first : second;
    const double other = i % 2 == 0 ? second : first;
    ratio[i] = other / took[i];
    itself[i] = other / again;
  }
  if (shown) fmt::print(stderr, "\r{:75}\r", "");
  return {std::move(name), bar, estimate(ratio), estimate(itself), amount / estimate(took).median, std::move(unit)};
}

template <typename F>
double on_two_threads(F&& f) {
  return seconds([&] {
    std::thread other([&] { f(1); });
    f(0);
    other.join();
  });
}

std::vector<Row> in_memory() {
  auto device = Device::open(fmt::format("emu:?{}", kGeometry));
  if (!device) fail("emu");
  const Geometry& g = device->geometry();
  const Memory media(static_cast<std::size_t>(g.total_chunks()) * g.chunk_bytes());
  std::memset(media.data(), 'x', static_cast<std::size_t>(g.total_chunks()) * g.chunk_bytes());
  write_all(*device, media.data());

  std::vector<Row> rows;
  Reader small(*device, random_places(g, 200'000, 1, 1), 1), large(*device, random_places(g, 4'000, kRun, 2), kRun);
  rows.push_back(pair(
      "4 KiB random reads, depth 32", 0.85, small.commands() / 1e6, "million/s",
      [&] { return seconds([&] { small.read(); }); }, [&] { return seconds([&] { small.copy(media.data()); }); }));
  rows.push_back(pair(
      "256 KiB vector reads, depth 32", 0.9, large.bytes() / 1e9, "GB/s",
      [&] { return seconds([&] { large.read(); }); }, [&] { return seconds([&] { large.copy(media.data()); }); }));

  // One thread's time over that of two which do twice as much is what the second thread gains.
  Reader second(*device, random_places(g, 200'000, 1, 3), 1);
  const std::array<Reader*, 2> readers{&small, &second};
  rows.push_back(pair(
      "4 KiB random reads, gain of a second thread", 0.9, 2 * small.commands() / 1e6, "million/s",
      [&] {
        const double one = seconds([&] { small.read(); });
        return on_two_threads([&](int i) { readers[static_cast<std::size_t>(i)]->read(); }) / one;
      },
      [&] {
        const double one = seconds([&] { small.copy(media.data()); });
        return on_two_threads([&](int i) { readers[static_cast<std::size_t>(i)]->copy(media.data()); }) / one;
      }));
  rows.back().per_second = 0;  // its times are ratios themselves

  // Both begin with memory that the system has to provide: a reset gives the device's back.
  Memory source(static_cast<std::size_t>(g.total_chunks()) * g.chunk_bytes());
  std::memset(source.data(), 'y', static_cast<std::size_t>(g.total_chunks()) * g.chunk_bytes());
  Memory target(static_cast<std::size_t>(g.total_chunks()) * g.chunk_bytes());
  const auto total = static_cast<std::size_t>(g.total_chunks()) * g.chunk_bytes();
  rows.push_back(pair(
      "256 KiB sequential writes", 0.9, static_cast<double>(total) / 1e9, "GB/s",
      [&] {
        reset_all(*device);
        return seconds([&] { write_all(*device, source.data()); });
      },
      [&] {
        target.forget();
        return seconds([&] {
          for (std::size_t at = 0; at < total; at += std::size_t{kRun} * kSector) {
            std::memcpy(target.data() + at, source.data() + at, std::size_t{kRun} * kSector);
          }
        });
      }));
  return rows;
}

std::vector<Row> in_file(const std::string& folder) {
  const std::string image = folder + "/against_copy.img", plain = folder + "/against_copy.raw";
  emulator::Config config;
  config.overrides.clear();
  config.geometry.groups = 4;
  config.geometry.units = 4;
  config.geometry.chunks = 4;
  config.geometry.sectors = 1024;
  if (!emulator::create(image, config, {.replace = true})) fail(image);
  std::vector<Row> rows;
  {
    auto device = Device::open(image);
    if (!device) fail(image);
    const Geometry& g = device->geometry();
    const auto bytes = static_cast<std::size_t>(g.total_chunks()) * g.chunk_bytes();
    const std::vector<std::byte> data(bytes, std::byte{'z'});
    write_all(*device, data.data());
    const int fd = ::open(plain.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || ::pwrite(fd, data.data(), bytes, 0) != static_cast<ssize_t>(bytes)) fail(plain);
    Reader reader(*device, random_places(g, 100'000, 1, 4), 1);
    rows.push_back(pair(
        "4 KiB random reads of a file in the page cache, depth 32", 0.9, reader.commands() / 1e6, "million/s",
        [&] { return seconds([&] { reader.read(); }); }, [&] { return seconds([&] { reader.pread(fd); }); }));
    ::close(fd);
  }
  ::unlink(image.c_str());
  ::unlink(plain.c_str());
  return rows;
}

}  // namespace

// Usage: bench_against_copy FOLDER
int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: {} FOLDER   (where a file of 256 MiB, twice, has room)\n", argv[0]);
    return 2;
  }
  std::vector<Row> rows = in_memory();
  for (Row& row : in_file(argv[1])) rows.push_back(std::move(row));
  fmt::print("speed over that of a bare loop: median of {} pairs [95 % interval]\n", kPairs);
  fmt::print("{:<57} {:>5} {:>20} {:>20}  {}\n", "", "bar", "library", "itself", "");
  bool all = true;
  for (const Row& r : rows) {
    const auto text = [](const Estimate& e) { return fmt::format("{:.2f} [{:.2f} {:.2f}]", e.median, e.low, e.high); };
    const bool reached = r.ours.high >= r.bar;
    all = all && reached;
    const std::string speed = r.per_second == 0 ? "" : fmt::format("{:.2f} {}", r.per_second, r.unit);
    fmt::print("{:<57} {:>5.2f} {:>20} {:>20}  {} {}\n", r.name, r.bar, text(r.ours), text(r.itself),
               reached ? "reached" : "MISSED ", speed);
  }
  return all ? 0 : 1;
}
