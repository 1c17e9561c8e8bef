// SPDX-License-Identifier: BSD-2-Clause
// A device as a command line and the environment ask for it, and the addresses that are named on it.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <lightnvm/device.hpp>
#include <lightnvm/format.hpp>
#include <span>
#include <string>
#include <vector>

#include "common.hpp"

namespace tools {

/// An opened device, and the original's variables NVM_CLI_* for it: what is wrong with one of them is a Failure with
/// its name.
struct Session {
  lightnvm::Device device;
  std::uint32_t command_options = lightnvm::format::kDefaultCommandOptions;  ///< CMD_OPTS
  lightnvm::format::BlockDefaults defaults;                                  ///< PMODE, META_MODE, *_NADDRS_MAX
  bool verify = true;                                                        ///< false: NOVERIFY
  bool print_metadata = false;                                               ///< META_PR

  [[nodiscard]] bool scalar() const noexcept { return (command_options & lightnvm::format::kScalar) != 0; }
  [[nodiscard]] lightnvm::PlaneMode plane_mode() const noexcept {
    return static_cast<lightnvm::PlaneMode>(defaults.plane_mode);
  }
  /// "SNGL", "DUAL", "QUAD".
  [[nodiscard]] std::string_view plane_mode_name() const noexcept {
    return lightnvm::format::plane_mode(defaults.plane_mode);
  }
};

enum class Access { read_only, read_write };
/// A device that can only be opened for a look is a Failure with Access::read_write.
Session open_session(const std::string& ident, Access access);

/// Addresses from their hexadecimal text; what the device does not have is a Failure, unless nobody wants to know.
std::vector<lightnvm::Address> parse_addresses(const Session& session, const std::vector<std::string>& texts);
/// The same of an address that was put together; `text` is how the user knows it.
void check_address(const Session& session, lightnvm::Address address, const std::string& text);
void check_address(const lightnvm::Geometry& geometry, lightnvm::Address address, const std::string& text);
/// The Failure "WHAT: there is no NOUN NUMBER: the device has 0 to COUNT - 1".
Failure beyond(const std::string& what, std::string_view noun, std::uint32_t number, std::uint32_t count);
/// 1 to 16 hexadecimal digits, or a Failure that calls `text` no `noun`.
std::uint64_t parse_hex_or_fail(const std::string& text, std::string_view noun);

/// "naddrs: ..." and its lines; with --json the member `name`.
void show_addresses(const Session& session, std::span<const lightnvm::Address> addresses, Output& out,
                    std::string_view name = "addrs");
/// Shows how a command ended that the device refused, and makes the Failure of it.
Failure refused(const std::string& call, const lightnvm::Completion& completion, Output& out);
/// Makes durable what was written: the close of the device could not say that it failed.
void flush(lightnvm::Device& device, const Output& out);

/// The argument that all sub-commands begin with.
void add_device(CLI::App* app, std::string& ident);

}  // namespace tools
