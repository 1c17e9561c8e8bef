// SPDX-License-Identifier: BSD-2-Clause
// SharedDevices: the emulated devices that this process has open, so that openings of one device share it.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "emulator/device.hpp"

namespace lightnvm::backends::emu {

/// Thread-safe. A device lives as long as its openings.
class SharedDevices {
 public:
  /// The process's own.
  static SharedDevices& instance();

  /// The device in the image at `path`. Exclusive openings share one device, and looks that come later share it, too; a
  /// look without one is a device of its own, which keeps what it saw. An opening that says how the device conducts
  /// itself is the first one, or says the same as that (EINVAL); none joins a device without power (ENODEV).
  Result<std::shared_ptr<emulator::Device>> file(const std::string& path, emulator::ImageAccess access,
                                                 const emulator::Conduct& conduct = {});
  /// Whether the image at `path` is open for writing here.
  bool has(const std::string& path);
  /// Which device of a name an opening joins.
  enum class Joining : std::uint8_t { any, same };
  /// A device in memory: a new one, or with a name the one of that name. EINVAL, and in which option, if that must be
  /// the same as `config` and is not.
  Result<std::shared_ptr<emulator::Device>> memory(const std::string& name, const emulator::Config& config,
                                                   Joining joining, const emulator::Conduct& conduct = {});

 private:
  struct Key {
    std::pair<std::uint64_t, std::uint64_t> file;  ///< device and inode
    std::string name;
    bool exclusive = true;
    auto operator<=>(const Key&) const = default;
  };
  std::shared_ptr<emulator::Device> find(const Key& key);
  static Status check_joining(const emulator::Device& device, const emulator::Conduct& conduct);
  std::shared_ptr<emulator::Device> add(Key key, std::shared_ptr<emulator::Device> device);

  std::mutex mutex_;
  std::map<Key, std::weak_ptr<emulator::Device>> devices_;
};

/// Whether the file at `path` begins as an image does; ENOENT, EACCES and the like where it cannot be read.
Result<bool> looks_like_image(const std::string& path);

}  // namespace lightnvm::backends::emu
