// SPDX-License-Identifier: BSD-2-Clause
// One emulated device per image and process.
#include "backends/emu/shared_devices.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/error.hpp"
#include "emulator/losing_file.hpp"
#include "os/fd.hpp"

namespace lightnvm::backends::emu {

namespace {

bool cuts_power(const emulator::Conduct& conduct) {
  return conduct.faults && std::ranges::find(conduct.faults->rules, emulator::FaultKind::power_cut,
                                             &emulator::FaultRule::kind) != conduct.faults->rules.end();
}

}  // namespace

SharedDevices& SharedDevices::instance() {
  static SharedDevices devices;
  return devices;
}

std::shared_ptr<emulator::Device> SharedDevices::find(const Key& key) {
  const auto found = devices_.find(key);
  return found == devices_.end() ? nullptr : found->second.lock();
}

// The handle's end closes the image under the mutex: an opening at the same time finds it either shared or closed.
std::shared_ptr<emulator::Device> SharedDevices::add(Key key, std::shared_ptr<emulator::Device> device) {
  emulator::Device* raw = device.get();
  std::shared_ptr<emulator::Device> handle(raw, [this, key, owner = std::move(device)](emulator::Device*) mutable {
    const std::lock_guard lock(mutex_);
    owner.reset();
    const auto found = devices_.find(key);
    if (found != devices_.end() && found->second.expired()) devices_.erase(found);
  });
  devices_[key] = handle;
  return handle;
}

Status SharedDevices::check_joining(const emulator::Device& device, const emulator::Conduct& conduct) {
  if (!device.powered()) {
    return fail(Status::os(ENODEV),
                "the device's fault plan has cut its power; close all of its openings, then open it anew");
  }
  if (conduct == emulator::Conduct{} || conduct == device.conduct()) return {};
  return fail(Status::os(EINVAL),
              "the device is open already, with other faults or times; its first opening says them");
}

Result<std::shared_ptr<emulator::Device>> SharedDevices::file(const std::string& path, emulator::ImageAccess access,
                                                              const emulator::Conduct& conduct) {
  struct stat st{};
  if (::stat(path.c_str(), &st) != 0) return std::unexpected(Status::os(errno));
  Key key{{st.st_dev, st.st_ino}, {}, true};
  std::shared_ptr<emulator::Device> shared;  // outlives the lock: its end takes the mutex, too
  const std::lock_guard lock(mutex_);
  shared = find(key);
  if (shared) {
    if (const Status s = check_joining(*shared, conduct); !s) return std::unexpected(s);
    return shared;
  }
  key.exclusive = access == emulator::ImageAccess::exclusive;
  const emulator::MakeImageFile files = cuts_power(conduct) ? emulator::losing_files(conduct.faults->seed)
                                                            : emulator::MakeImageFile(emulator::plain_file);
  auto device = emulator::Device::from_file(path, access, files);
  if (!device) return std::unexpected(device.error());
  if (const Status s = (*device)->conduct(conduct); !s) return std::unexpected(s);
  return add(key, std::move(*device));
}

bool SharedDevices::has(const std::string& path) {
  struct stat st{};
  if (::stat(path.c_str(), &st) != 0) return false;
  const std::lock_guard lock(mutex_);
  const auto found = devices_.find(Key{{st.st_dev, st.st_ino}, {}, true});
  return found != devices_.end() && !found->second.expired();
}

Result<std::shared_ptr<emulator::Device>> SharedDevices::memory(const std::string& name, const emulator::Config& config,
                                                                Joining joining, const emulator::Conduct& conduct) {
  const auto make = [&]() -> Result<std::shared_ptr<emulator::Device>> {
    auto device = emulator::Device::in_memory(config);
    if (!device) return device;
    if (const Status s = (*device)->conduct(conduct); !s) return std::unexpected(s);
    return device;
  };
  if (name.empty()) return make();
  const Key key{{}, name, true};
  std::shared_ptr<emulator::Device> shared;
  const std::lock_guard lock(mutex_);
  shared = find(key);
  if (shared) {
    const std::string other = joining == Joining::any ? std::string() : emulator::difference(shared->config(), config);
    if (other.empty()) {
      if (const Status s = check_joining(*shared, conduct); !s) return std::unexpected(s);
      return shared;
    }
    return unexpected(Status::os(EINVAL),
                      fmt::format("the device in memory named '{}' is there already, and is another one: {}; its name "
                                  "without options joins it",
                                  name, other));
  }
  auto device = make();
  if (!device) return device;
  return add(key, std::move(*device));
}

Result<bool> looks_like_image(const std::string& path) {
  struct stat st{};
  if (::stat(path.c_str(), &st) != 0) return std::unexpected(Status::os(errno));
  if (!S_ISREG(st.st_mode)) return false;
  auto file = os::open(path, O_RDONLY);
  if (!file) return std::unexpected(file.error());
  std::array<char, sizeof(emulator::Superblock)> first{};
  std::array<char, sizeof(emulator::Superblock)> second{};
  const bool readable =
      os::read_at(file->get(), reinterpret_cast<std::byte*>(first.data()), first.size(), 0).ok() &&
      os::read_at(file->get(), reinterpret_cast<std::byte*>(second.data()), second.size(), first.size()).ok();
  const auto begins = [](const auto& block) {
    return std::equal(emulator::kImageMagic.begin(), emulator::kImageMagic.end(), block.begin());
  };
  return readable && (begins(first) || begins(second));
}

}  // namespace lightnvm::backends::emu
