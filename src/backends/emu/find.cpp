// SPDX-License-Identifier: BSD-2-Clause
// Looks for images without touching them.
#include "backends/emu/find.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "backends/emu/shared_devices.hpp"
#include "base/error.hpp"
#include "lightnvm/emulator.hpp"

namespace lightnvm::backends::emu {
namespace {

namespace fs = std::filesystem;

std::string counted(std::uint32_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string shape(const Geometry& g) {
  const std::string bytes = fmt::format("of {}+{} bytes", g.sector_bytes, g.oob_bytes);
  if (!g.has_planes()) {
    return fmt::format("{} x {} x {} x {} {}", counted(g.groups, "group"), counted(g.units, "unit"),
                       counted(g.chunks, "chunk"), counted(g.sectors, "sector"), bytes);
  }
  return fmt::format("{} x {} x {} x {} x {} x {} {}", counted(g.groups, "channel"), counted(g.units, "LUN"),
                     counted(g.planes, "plane"), counted(g.chunks, "block"), counted(g.pages, "page"),
                     counted(g.page_sectors, "sector"), bytes);
}

FoundDevice describe(const std::string& path) {
  FoundDevice device;
  device.ident = as_locator(path);
  const auto info = emulator::info(path);
  if (info) {
    device.version = info->config.spec();
    device.bytes = info->config.geometry.total_bytes();
    device.in_use = info->in_use && !SharedDevices::instance().has(path);
    device.description = shape(info->config.geometry);
    return device;
  }
  device.trouble = info.error();
  device.description = last_error();
  // The identifier stands beside it.
  if (const std::string name = path + ": "; device.description.starts_with(name)) {
    device.description.erase(0, name.size());
  }
  return device;
}

Result<std::vector<std::string>> regular_files(const std::string& directory) {
  std::error_code error;
  std::vector<std::string> paths;
  for (fs::directory_iterator at(directory, error); !error && at != fs::directory_iterator(); at.increment(error)) {
    std::error_code gone;
    if (at->symlink_status(gone).type() != fs::file_type::regular) continue;
    paths.push_back(directory == "." ? at->path().filename().string() : at->path().string());
  }
  if (error) {
    const Status why = Status::os(error.value());
    return unexpected(why, fmt::format("{}: {}", directory, why.message()));
  }
  std::ranges::sort(paths);
  return paths;
}

}  // namespace

Result<std::vector<FoundDevice>> find(const FindOptions& options) {
  std::vector<FoundDevice> found;
  for (const std::string& directory : options.directories) {
    const auto paths = regular_files(directory);
    if (!paths) return std::unexpected(paths.error());
    for (const std::string& path : *paths) {
      if (looks_like_image(path).value_or(false)) found.push_back(describe(path));
    }
  }
  return found;
}

}  // namespace lightnvm::backends::emu
