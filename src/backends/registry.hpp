// SPDX-License-Identifier: BSD-2-Clause
// Registry: which routes this build has, how each is asked to open a device, and why the others are absent.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backends/backend.hpp"
#include "lightnvm/found_device.hpp"

namespace lightnvm::backends {

/// A device's name taken apart: `[BACKEND:]LOCATOR[?key=value&flag...]`, with %XX escapes in values and locator.
struct Ident {
  std::string text;                            ///< as the user wrote it
  std::string backend;                         ///< the prefix, if it names a known backend
  std::string locator;                         ///< path, address, or empty
  std::map<std::string, std::string> options;  ///< without those that the core has taken (ro, trace)
  bool read_only = false;
};

/// Why a backend did not open a device. `mine == false`: the identifier cannot be this backend's at all, nothing was
/// touched. The sentence tells a person what to do; empty: not a word about this backend, it is only asked by its name.
struct Refusal {
  bool mine = false;
  Status status;
  std::string sentence;
};
using Opened = std::expected<std::unique_ptr<Backend>, Refusal>;

/// Opens the device that a backend stands on, already completed (layers/complete).
class Opener {
 public:
  virtual Opened open(const Ident& ident) = 0;

 protected:
  ~Opener() = default;
};

/// What a backend's folder exports: its one visible symbol.
struct Descriptor {
  /// Opens `ident`, or refuses without side effects. From any thread.
  Opened (*open)(const Ident& ident, Opener& opener);
  /// Optional: the devices that could be opened, and those that are seen but cannot. Looks alone: it locks, writes and
  /// wakes nothing. The caller fills `backend` and `backend_id`. A device that cannot be looked at is an entry with its
  /// trouble; an error is for what the caller asked, as a directory that is not there. From any thread.
  Result<std::vector<FoundDevice>> (*find)(const FindOptions& options) = nullptr;
};

/// One line of src/backends/CMakeLists.txt. Either built (descriptor) or absent with its reason.
struct Entry {
  std::string_view name;
  std::uint32_t id = 0;
  const Descriptor* descriptor = nullptr;
  std::string_view absent_because;
};
using Registry = std::span<const Entry>;

/// The routes of this build, in the order in which they are tried.
Registry default_registry() noexcept;

}  // namespace lightnvm::backends
