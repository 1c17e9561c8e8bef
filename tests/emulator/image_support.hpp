// SPDX-License-Identifier: BSD-2-Clause
// What the tests of image files share: a directory of their own, a host that does I/O, surgery on files, processes.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/controller.hpp"
#include "emulator/device.hpp"
#include "emulator/image.hpp"
#include "emulator/queue.hpp"
#include "lightnvm/completion.hpp"
#include "lightnvm/emulator.hpp"

namespace lightnvm::emulator::image_test {

using Bytes = std::vector<std::byte>;

/// A directory that goes with all that is in it.
class Directory {
 public:
  Directory();
  ~Directory();
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] std::string file(std::string_view name = "device.img") const { return path_ + "/" + std::string(name); }
  /// The names in it, sorted.
  [[nodiscard]] std::vector<std::string> names() const;

 private:
  std::string path_;
};

/// A small file system of memory, seen by this process alone. Needs the right to mount.
class SmallFileSystem {
 public:
  /// `bytes` of room, mounted at `path`; `why` says what is missing where that did not work.
  SmallFileSystem(std::string path, std::uint64_t bytes);
  ~SmallFileSystem();
  SmallFileSystem(const SmallFileSystem&) = delete;
  SmallFileSystem& operator=(const SmallFileSystem&) = delete;

  [[nodiscard]] bool mounted() const noexcept { return why_.empty(); }
  [[nodiscard]] const std::string& why() const noexcept { return why_; }
  [[nodiscard]] std::uint64_t free_bytes() const;
  /// Leaves `bytes` of room, by a file named "filler".
  void fill_but(std::uint64_t bytes) const;
  void remove_filler() const;

 private:
  std::string path_;
  std::string why_;
};

/// 2 groups x 2 units x 6 chunks of 64 sectors of 4096 + 16 bytes, ws_min 4, mw_cunits 8; no bad chunks.
Config small_config();
ChunkOverride override_of(Address address, ChunkState state, std::optional<std::uint32_t> write_pointer = {});

/// An emulated device and one queue to it.
class Host {
 public:
  explicit Host(std::shared_ptr<Device> device);
  /// Opens the image; a failure fails the test and throws.
  explicit Host(const std::string& path, ImageAccess access = ImageAccess::exclusive);

  [[nodiscard]] Device& device() noexcept { return *device_; }
  [[nodiscard]] Chunk chunk(Address address);
  /// Sends `count` sectors of pattern(first, count, seed) and their metadata.
  Completion write(Address first, std::uint32_t count, std::uint64_t seed = 0);
  Completion write(Address first, Bytes& data, Bytes& metadata);
  /// `data` and `metadata` become as large as they must be; other bytes than zero until they are read.
  Completion read(Address first, std::uint32_t count, Bytes& data, Bytes& metadata);
  Completion reset(Address chunk);
  Completion flush();

 private:
  Completion run(const spec::Command& command, const Payload& payload);

  std::shared_ptr<Device> device_;
  std::unique_ptr<Controller> controller_;
  std::unique_ptr<Queue> queue_;
};

/// Bytes that depend on each sector's place and on `seed`.
Bytes pattern(Address first, std::uint32_t count, std::uint32_t bytes_each, std::uint64_t seed);
/// Whether the device holds what Host::write(first, count, seed) wrote.
testing::AssertionResult holds(Host& host, Address first, std::uint32_t count, std::uint64_t seed = 0);
/// Writes `chunk` to its end, in pieces that every device of these tests takes.
testing::AssertionResult fill_chunk(Host& host, Address chunk, std::uint64_t seed = 0);

/// Creates an image; a failure fails the test.
void make_image(const std::string& path, const Config& config, const CreateOptions& options = {});

enum class Checksums : std::uint8_t { recomputed, left };
/// Both copies of the superblock as they lie in the file.
std::array<Superblock, 2> superblocks(const std::string& path);
void write_superblocks(const std::string& path, std::array<Superblock, 2> copies, Checksums checksums);
/// Changes both copies.
void damage(const std::string& path, const std::function<void(Superblock&)>& change, Checksums checksums);
/// The copy that counts.
Superblock superblock(const std::string& path);
DiskRecord read_record(const std::string& path, std::uint32_t chunk);
void write_record(const std::string& path, std::uint32_t chunk, const DiskRecord& record);

void write_file(const std::string& path, std::uint64_t offset, std::span<const std::byte> bytes);
void write_file(const std::string& path, std::string_view text);
Bytes read_file(const std::string& path, std::uint64_t offset, std::size_t bytes);
std::uint64_t file_size(const std::string& path);
std::uint64_t blocks_of(const std::string& path);
void resize(const std::string& path, std::uint64_t bytes);

/// How an image was refused.
struct Refusal {
  Status status;
  std::string sentence;
};
/// Opens the image as a device; ok where that succeeds.
Refusal open_refusal(const std::string& path, ImageAccess access = ImageAccess::exclusive);
Refusal create_refusal(const std::string& path, const Config& config, const CreateOptions& options = {});

/// Runs `body` in a child process, for 20 seconds at most. Returns what it returned (0 to 100), 128 + n after signal n,
/// 101 where one of its expectations failed.
int in_child(const std::function<int()>& body);

/// A child process that has an image open.
class Holder {
 public:
  /// Opens `path` exclusively in a child, does `work` there, and returns when that is done.
  Holder(const std::string& path, const std::function<void(Host&)>& work = {});
  ~Holder();
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;

  /// Lets the child close the image, and waits for its end.
  void release();
  /// Ends the child as a crash would.
  void kill();

 private:
  void reap();
  int child_ = -1;
  int to_child_ = -1;
};

/// Whether a sanitizer makes everything slower here.
bool sanitized() noexcept;

}  // namespace lightnvm::emulator::image_test
