// SPDX-License-Identifier: BSD-2-Clause
// Looking at an image file, checking it, and repairing what can be without loss.
#include <fmt/format.h>

#include "base/error.hpp"
#include "emulator/device.hpp"
#include "emulator/plane_blocks.hpp"

namespace lightnvm::emulator {

Result<ImageInfo> info(const std::string& path) {
  auto image = Image::open(path, ImageAccess::look);
  if (!image) return std::unexpected(image.error());
  ImageInfo out;
  out.format = (*image)->superblock().format;
  out.config = (*image)->config();
  out.logical_bytes = (*image)->superblock().total_bytes;
  out.used_bytes = (*image)->used_bytes();
  out.segments = (*image)->segments();
  out.in_use = (*image)->held_by_another();
  out.clean = out.in_use || (*image)->superblock().clean == 1;
  return out;
}

namespace {

/// What is wrong with the chunks of an image.
class Inspection {
 public:
  Inspection(const Image& image, std::vector<Finding>& findings)
      : image_(image),
        config_(image.config()),
        findings_(findings),
        prove_(image.needs_proof() && !image.held_by_another()) {}

  Status run(const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
    return image_.load(
        [&](std::uint32_t chunk, const ChunkRecord& record, const Proof& proof) { inspect(chunk, record, proof); },
        [&](std::uint32_t chunk) { found(chunk, "its record is damaged (checksum)"); }, progress);
  }

 private:
  void found(std::uint32_t chunk, std::string what, bool repairable = false) {
    const Geometry& g = config_.geometry;
    findings_.push_back({chunk_name(g, device_address(g, chunk)), std::move(what), repairable});
  }
  void inspect(std::uint32_t chunk, const ChunkRecord& record, const Proof& proof) {
    std::string wrong = implausible(record, proof, config_.geometry);
    if (wrong.empty() && record.cycles > config_.pe_cycles) wrong = "it has more cycles than the device endures";
    if (!wrong.empty()) return found(chunk, std::move(wrong));
    if (!prove_ || !unproven(record, proof)) return;
    const auto proven = image_.proven(chunk, record, proof);
    if (!proven) return found(chunk, fmt::format("its sectors cannot be read: {}", proven.error().message()));
    if (*proven == record.write_pointer) return;
    found(chunk,
          fmt::format("sectors {} to {} never reached the disk, nor had they been flushed; it ends at {}", *proven,
                      record.write_pointer - 1, *proven),
          true);
  }

  const Image& image_;
  Config config_;
  std::vector<Finding>& findings_;
  bool prove_;
};

}  // namespace

Result<std::vector<Finding>> check(const std::string& path,
                                   const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  auto image = Image::open(path, ImageAccess::look);
  if (!image) return std::unexpected(image.error());
  std::vector<Finding> findings;
  if (const auto copy = (*image)->damaged_copy()) {
    findings.push_back(
        {"superblock", fmt::format("copy {} is damaged (checksum); the other one is used", *copy), true});
  }
  if (const Status s = Inspection(**image, findings).run(progress); !s) {
    return unexpected(s, fmt::format("{}: {}", path, s.message()));
  }
  return findings;
}

// What opening for writing does anyway: it goes back to what the disk has, and writes the copy of the superblock anew.
Status repair(const std::string& path) {
  for (int copy = 0; copy < 2; ++copy) {
    const auto device = Device::from_file(path, ImageAccess::exclusive);
    if (!device) return device.error();
  }
  return {};
}

}  // namespace lightnvm::emulator
