// SPDX-License-Identifier: BSD-2-Clause
// The helpers that the tests of image files share.
#include "image_support.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <stdexcept>

#include "base/crc32c.hpp"
#include "spec/build.hpp"

// Present where the program was built with that sanitizer.
extern "C" [[gnu::weak]] void __asan_init();
extern "C" [[gnu::weak]] void __tsan_init();

namespace lightnvm::emulator::image_test {
namespace {

constexpr int kExpectationFailed = 101;
constexpr unsigned kChildSeconds = 20;

os::Fd must_open(const std::string& path, int flags) {
  auto fd = os::open(path, flags, 0644);
  if (!fd) throw std::runtime_error(fmt::format("{}: {}", path, fd.error().message()));
  return std::move(*fd);
}

void must(Status status, const std::string& path) {
  if (!status) throw std::runtime_error(fmt::format("{}: {}", path, status.message()));
}

std::uint64_t mix(std::uint64_t x) noexcept {
  x += 0x9E3779B97F4A7C15;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
  return x ^ (x >> 31);
}

}  // namespace

Directory::Directory() {
  path_ = testing::TempDir() + "lightnvm-image-XXXXXX";
  if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error(path_ + ": cannot be made");
}

Directory::~Directory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::vector<std::string> Directory::names() const {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(path_)) names.push_back(entry.path().filename());
  std::ranges::sort(names);
  return names;
}

SmallFileSystem::SmallFileSystem(std::string path, std::uint64_t bytes) : path_(std::move(path)) {
  const std::string options = fmt::format("size={}", bytes);
  if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::mount("tmpfs", path_.c_str(), "tmpfs", 0, options.c_str()) != 0) {
    why_ = fmt::format("a small file system cannot be mounted here: {}", std::strerror(errno));
  }
}

SmallFileSystem::~SmallFileSystem() {
  if (mounted()) ::umount2(path_.c_str(), MNT_DETACH);
}

std::uint64_t SmallFileSystem::free_bytes() const {
  struct statvfs s{};
  (void)::statvfs(path_.c_str(), &s);
  return static_cast<std::uint64_t>(s.f_bavail) * s.f_bsize;
}

void SmallFileSystem::fill_but(std::uint64_t bytes) const {
  const Bytes block(4096, std::byte{0xF1});
  const os::Fd fd = must_open(path_ + "/filler", O_RDWR | O_CREAT);
  for (std::uint64_t at = 0; free_bytes() > bytes; at += block.size()) {
    must(os::write_at(fd.get(), block.data(), block.size(), at), "filler");
  }
}

void SmallFileSystem::remove_filler() const { ::unlink((path_ + "/filler").c_str()); }

Config small_config() {
  Config c;
  c.overrides.clear();
  c.geometry.groups = 2;
  c.geometry.units = 2;
  c.geometry.chunks = 6;
  c.geometry.sectors = 64;
  c.geometry.ws_min = 4;
  c.geometry.ws_opt = 8;
  c.geometry.mw_cunits = 8;
  return c;
}

ChunkOverride override_of(Address address, ChunkState state, std::optional<std::uint32_t> write_pointer) {
  ChunkOverride o;
  o.address = address;
  o.state = state;
  o.write_pointer = write_pointer;
  return o;
}

Host::Host(std::shared_ptr<Device> device) : device_(std::move(device)) {
  controller_ = std::make_unique<Controller>(device_, 1);
  queue_ = std::make_unique<Queue>(*controller_, 1, 1);
}

Host::Host(const std::string& path, ImageAccess access)
    : Host([&] {
        auto device = Device::from_file(path, access);
        if (!device) throw std::runtime_error(last_error());
        return std::move(*device);
      }()) {}

Chunk Host::chunk(Address address) {
  return device_->machine().describe(static_cast<std::uint32_t>(device_->geometry().chunk_index(address)));
}

Completion Host::run(const spec::Command& command, const Payload& payload) {
  queue_->start(command, payload, 0);
  Done done;
  while (queue_->poll({&done, 1}) == 0) {
  }
  return done.completion;
}

Completion Host::write(Address first, Bytes& data, Bytes& metadata) {
  const Segment memory[2] = {{data.data(), data.size()}, {metadata.data(), metadata.size()}};
  Payload payload;
  payload.data = {&memory[0], 1};
  payload.metadata = {&memory[1], metadata.empty() ? 0U : 1U};
  const auto count = static_cast<std::uint32_t>(data.size() / device_->geometry().sector_bytes);
  return run(spec::build::transfer(spec::IoOpcode::write, 1, device_->format().pack(first), count), payload);
}

Completion Host::write(Address first, std::uint32_t count, std::uint64_t seed) {
  Bytes data = pattern(first, count, device_->geometry().sector_bytes, seed);
  Bytes metadata = pattern(first, count, device_->geometry().oob_bytes, seed + 1);
  return write(first, data, metadata);
}

Completion Host::read(Address first, std::uint32_t count, Bytes& data, Bytes& metadata) {
  data.assign(static_cast<std::size_t>(count) * device_->geometry().sector_bytes, std::byte{0xEE});
  metadata.assign(static_cast<std::size_t>(count) * device_->geometry().oob_bytes, std::byte{0xEE});
  const Segment memory[2] = {{data.data(), data.size()}, {metadata.data(), metadata.size()}};
  Payload payload;
  payload.data = {&memory[0], 1};
  payload.metadata = {&memory[1], metadata.empty() ? 0U : 1U};
  return run(spec::build::transfer(spec::IoOpcode::read, 1, device_->format().pack(first), count), payload);
}

Completion Host::reset(Address chunk) {
  const std::uint64_t list[1] = {device_->format().pack(chunk.at_sector(0))};
  Payload payload;
  payload.list = list;
  return run(spec::build::vector(spec::IoOpcode::vector_reset, 1, 1), payload);
}

Completion Host::flush() { return run(spec::build::flush(1), {}); }

Bytes pattern(Address first, std::uint32_t count, std::uint32_t bytes_each, std::uint64_t seed) {
  Bytes out(static_cast<std::size_t>(count) * bytes_each);
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint64_t base = mix(first.plus(i).value ^ mix(seed));
    std::byte* sector = out.data() + static_cast<std::size_t>(i) * bytes_each;
    for (std::uint32_t at = 0; at < bytes_each; at += 8) {
      const std::uint64_t word = base + at;
      std::memcpy(sector + at, &word, std::min<std::size_t>(8, bytes_each - at));
    }
  }
  return out;
}

testing::AssertionResult holds(Host& host, Address first, std::uint32_t count, std::uint64_t seed) {
  const Geometry& g = host.device().geometry();
  Bytes data;
  Bytes metadata;
  const Completion done = host.read(first, count, data, metadata);
  if (!done) return testing::AssertionFailure() << "read: " << done.status.message();
  if (data != pattern(first, count, g.sector_bytes, seed)) return testing::AssertionFailure() << "other data";
  if (metadata != pattern(first, count, g.oob_bytes, seed + 1)) return testing::AssertionFailure() << "other metadata";
  return testing::AssertionSuccess();
}

testing::AssertionResult fill_chunk(Host& host, Address chunk, std::uint64_t seed) {
  const Geometry& g = host.device().geometry();
  const std::uint32_t sectors = host.chunk(chunk).sectors;
  for (std::uint32_t at = 0; at < sectors; at += g.ws_opt) {
    const Completion done = host.write(chunk.at_sector(at), std::min(g.ws_opt, sectors - at), seed);
    if (!done) return testing::AssertionFailure() << "sector " << at << ": " << done.status.message();
  }
  return testing::AssertionSuccess();
}

void make_image(const std::string& path, const Config& config, const CreateOptions& options) {
  const Status status = create(path, config, options);
  ASSERT_TRUE(status.ok()) << last_error();
}

std::array<Superblock, 2> superblocks(const std::string& path) {
  std::array<Superblock, 2> copies{};
  const Bytes bytes = read_file(path, 0, sizeof copies);
  std::memcpy(copies.data(), bytes.data(), sizeof copies);
  return copies;
}

void write_superblocks(const std::string& path, std::array<Superblock, 2> copies, Checksums checksums) {
  if (checksums == Checksums::recomputed) {
    for (Superblock& s : copies) {
      s.crc = 0;
      s.crc = crc32c(std::as_bytes(std::span(&s, 1)));
    }
  }
  write_file(path, 0, std::as_bytes(std::span(copies)));
}

void damage(const std::string& path, const std::function<void(Superblock&)>& change, Checksums checksums) {
  std::array<Superblock, 2> copies = superblocks(path);
  for (Superblock& s : copies) change(s);
  write_superblocks(path, copies, checksums);
}

Superblock superblock(const std::string& path) {
  const auto copies = superblocks(path);
  return copies[copies[1].sequence > copies[0].sequence ? 1 : 0];
}

DiskRecord read_record(const std::string& path, std::uint32_t chunk) {
  DiskRecord record{};
  const Bytes bytes = read_file(path, superblock(path).table_offset + chunk * sizeof record, sizeof record);
  std::memcpy(&record, bytes.data(), sizeof record);
  return record;
}

void write_record(const std::string& path, std::uint32_t chunk, const DiskRecord& record) {
  write_file(path, superblock(path).table_offset + chunk * sizeof record, std::as_bytes(std::span(&record, 1)));
}

void write_file(const std::string& path, std::uint64_t offset, std::span<const std::byte> bytes) {
  const os::Fd fd = must_open(path, O_RDWR | O_CREAT);
  must(os::write_at(fd.get(), bytes.data(), bytes.size(), offset), path);
}

void write_file(const std::string& path, std::string_view text) {
  write_file(path, 0, std::as_bytes(std::span(text.data(), text.size())));
}

Bytes read_file(const std::string& path, std::uint64_t offset, std::size_t bytes) {
  const os::Fd fd = must_open(path, O_RDONLY);
  Bytes out(bytes);
  must(os::read_at(fd.get(), out.data(), bytes, offset), path);
  return out;
}

std::uint64_t file_size(const std::string& path) { return std::filesystem::file_size(path); }

std::uint64_t blocks_of(const std::string& path) {
  struct stat st{};
  return ::stat(path.c_str(), &st) == 0 ? static_cast<std::uint64_t>(st.st_blocks) : 0;
}

void resize(const std::string& path, std::uint64_t bytes) {
  must(os::truncate(must_open(path, O_RDWR).get(), bytes), path);
}

Refusal open_refusal(const std::string& path, ImageAccess access) {
  const auto device = Device::from_file(path, access);
  return device ? Refusal{} : Refusal{device.error(), last_error()};
}

Refusal create_refusal(const std::string& path, const Config& config, const CreateOptions& options) {
  const Status status = create(path, config, options);
  return status ? Refusal{} : Refusal{status, last_error()};
}

int in_child(const std::function<int()>& body) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(kChildSeconds);
    int code = kExpectationFailed;
    try {
      code = body();
    } catch (const std::exception& e) {
      ADD_FAILURE() << e.what();
    }
    ::_exit(testing::Test::HasFailure() ? kExpectationFailed : code);
  }
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child) throw std::runtime_error("no child process");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Holder::Holder(const std::string& path, const std::function<void(Host&)>& work) {
  int down[2];
  int up[2];
  if (::pipe2(down, O_CLOEXEC) != 0 || ::pipe2(up, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  child_ = ::fork();
  if (child_ == 0) {
    ::alarm(kChildSeconds);
    ::close(down[1]);
    {
      Host host(path);
      if (work) work(host);
      (void)!::write(up[1], "r", 1);
      char c = 0;
      (void)!::read(down[0], &c, 1);
    }
    ::_exit(testing::Test::HasFailure() ? kExpectationFailed : 0);
  }
  ::close(down[0]);
  ::close(up[1]);
  to_child_ = down[1];
  char ready = 0;
  EXPECT_EQ(::read(up[0], &ready, 1), 1) << "the child could not open " << path;
  ::close(up[0]);
}

Holder::~Holder() { release(); }

void Holder::release() {
  if (to_child_ >= 0) ::close(std::exchange(to_child_, -1));
  reap();
}

void Holder::kill() {
  if (child_ > 0) ::kill(child_, SIGKILL);
  reap();
}

void Holder::reap() {
  if (child_ <= 0) return;
  int status = 0;
  (void)::waitpid(std::exchange(child_, -1), &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 0) << "the child failed";
}

bool sanitized() noexcept { return &__asan_init != nullptr || &__tsan_init != nullptr; }

}  // namespace lightnvm::emulator::image_test
