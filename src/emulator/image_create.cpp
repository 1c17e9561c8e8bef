// SPDX-License-Identifier: BSD-2-Clause
// Making an image file, looking at it, and checking it.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/crc32c.hpp"
#include "base/error.hpp"
#include "emulator/image.hpp"
#include "spec/ocssd20.hpp"

namespace lightnvm::emulator {
namespace {

constexpr std::uint64_t kAlign = 1ULL << 20;
constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kJournalBytes = 16ULL << 20;
constexpr std::uint64_t kMaxFile = 0x7FFFFFFFFFFFF000ULL;
constexpr std::uint64_t kSmallestSegment = 64ULL << 20;

constexpr std::uint64_t round_up(std::uint64_t n, std::uint64_t to) noexcept { return (n + to - 1) / to * to; }

Superblock layout(const Config& config) {
  const Geometry& g = config.geometry;
  Superblock s{};
  s.magic = kImageMagic;
  s.format = kImageFormat;
  s.table_offset = kAlign;
  s.table_bytes = round_up(g.total_chunks() * sizeof(DiskRecord), kAlign);
  s.journal_offset = s.table_offset + s.table_bytes;
  s.journal_bytes = kJournalBytes;
  s.metadata_offset = s.journal_offset + s.journal_bytes;
  s.metadata_stride = round_up(static_cast<std::uint64_t>(g.sectors) * g.oob_bytes, kPage);
  s.data_offset = round_up(s.metadata_offset + s.metadata_stride * g.total_chunks(), kAlign);
  s.data_stride = round_up(g.chunk_bytes(), kPage);
  s.total_bytes = s.data_offset + s.data_stride * g.total_chunks();
  s.groups = g.groups;
  s.units = g.units;
  s.chunks = g.chunks;
  s.sectors = g.sectors;
  s.sector_bytes = g.sector_bytes;
  s.oob_bytes = g.oob_bytes;
  s.ws_min = g.ws_min;
  s.ws_opt = g.ws_opt;
  s.mw_cunits = g.mw_cunits;
  s.max_open = g.max_open;
  s.max_open_unit = g.max_open_unit;
  s.wear_threshold = g.wear_threshold;
  s.mccap = (g.vector_copy ? spec::kMccapVectorCopy : 0) | (g.multiple_resets ? spec::kMccapMultipleResets : 0) |
            (g.early_reset ? spec::kMccapEarlyReset : 0);
  s.pe_cycles = config.pe_cycles;
  const std::uint32_t times[6] = {g.times.read,      g.times.read_max, g.times.write,
                                  g.times.write_max, g.times.reset,    g.times.reset_max};
  std::copy(std::begin(times), std::end(times), s.times);
  s.predefined = config.predefined;
  s.mdts = config.mdts;
  s.serial.fill(' ');
  std::copy(config.serial.begin(), config.serial.end(), s.serial.begin());
  (void)::getrandom(s.uuid.data(), s.uuid.size(), 0);
  return s;
}

// The total in 128 bits: whether a sparse file of that size has an offset for each of its bytes.
bool addressable(const Geometry& g) noexcept {
  const __uint128_t chunk = round_up(g.chunk_bytes(), kPage) +
                            round_up(static_cast<std::uint64_t>(g.sectors) * g.oob_bytes, kPage) + sizeof(DiskRecord);
  return chunk * g.total_chunks() < kMaxFile - 64 * kAlign;
}

std::string segment_path(const std::string& path, std::uint64_t i) {
  return i == 0 ? path : fmt::format("{}.{}", path, i);
}

// The largest power of two, from the file system's view, that a file of this directory may have.
Result<std::uint64_t> largest_segment(int fd, std::uint64_t total) {
  for (std::uint64_t size = std::bit_floor(total); size >= kSmallestSegment; size /= 2) {
    const Status s = os::truncate(fd, size);
    if (s) return size;
    if (!s.is_errno(EFBIG) && !s.is_errno(EINVAL)) return std::unexpected(s);
  }
  return std::unexpected(Status::os(EFBIG));
}

// Looks before it replaces: anything that is no image of ours stays.
Status replaceable(const std::string& path, bool replace) {
  struct stat st{};
  if (::lstat(path.c_str(), &st) != 0) {
    return errno == ENOENT ? Status()
                           : fail(Status::os(errno), fmt::format("{}: {}", path, Status::os(errno).message()));
  }
  if (!replace) {
    return fail(Status::os(EEXIST), fmt::format("{}: exists already; --force replaces an emulated device", path));
  }
  auto old = Image::open(path, ImageAccess::look);
  if (!old && old.error().is_errno(EINVAL) && st.st_size != 0) {
    return fail(Status::os(EEXIST), fmt::format("{}: is no emulated device, so it is left alone", path));
  }
  const auto held = info(path);
  if (held && held->in_use) return fail(Status::os(EBUSY), fmt::format("{}: a process has this device open", path));
  const std::uint32_t segments = old ? (*old)->segments() : 1;
  for (std::uint32_t i = 0; i < segments; ++i) (void)::unlink(segment_path(path, i).c_str());
  return {};
}

// Removes what it was told of unless the work was finished.
class Cleanup {
 public:
  ~Cleanup() {
    for (const std::string& path : paths_) (void)::unlink(path.c_str());
  }
  void add(std::string path) { paths_.push_back(std::move(path)); }
  void finished() { paths_.clear(); }

 private:
  std::vector<std::string> paths_;
};

}  // namespace

Status create(const std::string& path, const Config& config, const CreateOptions& options) {
  if (const Status s = validate(config); !s) return s;
  if (!addressable(config.geometry)) {
    return fail(Status::os(EFBIG), fmt::format("{}: such a device has more bytes than a file has offsets", path));
  }
  if (options.segment_bytes != 0 && (options.segment_bytes < 2 * kAlign || options.segment_bytes % kPage != 0)) {
    return fail(Status::os(EINVAL), "the segment size is a multiple of 4096 and at least 2 MiB");
  }
  if (const Status s = replaceable(path, options.replace); !s) return s;

  Image image;
  image.path_ = path;
  image.super_ = layout(config);
  Superblock& super = image.super_;
  Cleanup cleanup;
  const auto failed = [&](const std::string& file, Status s) {
    return fail(s, fmt::format("{}: {}", file, s.message()));
  };
  auto first = os::open(path, O_RDWR | O_CREAT | O_EXCL, 0644);
  if (!first) return failed(path, first.error());
  cleanup.add(path);
  image.files_.push_back(std::move(*first));

  super.segment_bytes = options.segment_bytes != 0 ? options.segment_bytes : round_up(super.total_bytes, kPage);
  Status sized = os::truncate(image.files_[0].get(), std::min(super.segment_bytes, super.total_bytes));
  if (options.segment_bytes == 0 && (sized.is_errno(EFBIG) || sized.is_errno(EINVAL))) {
    const auto largest = largest_segment(image.files_[0].get(), super.total_bytes);
    sized = largest ? Status() : largest.error();
    if (largest) super.segment_bytes = *largest;
  }
  if (!sized) return failed(path, sized);
  const std::uint64_t count = (super.total_bytes + super.segment_bytes - 1) / super.segment_bytes;
  for (std::uint64_t i = 1; i < count; ++i) {
    const std::string name = segment_path(path, i);
    auto file = os::open(name, O_RDWR | O_CREAT | O_EXCL, 0644);
    if (!file) return failed(name, file.error());
    cleanup.add(name);
    const std::uint64_t bytes = std::min(super.segment_bytes, super.total_bytes - i * super.segment_bytes);
    if (const Status s = os::truncate(file->get(), bytes); !s) return failed(name, s);
    image.files_.push_back(std::move(*file));
  }
  for (const auto& [chunk, record] : merge_overrides(config)) {
    if (const Status s = image.save(chunk, record); !s) return failed(path, s);
  }
  for (int copy = 0; copy < 2; ++copy) {
    if (const Status s = image.write_superblock(true); !s) return failed(path, s);
  }
  if (const Status s = image.sync(); !s) return failed(path, s);
  cleanup.finished();
  return {};
}

Result<ImageInfo> info(const std::string& path) {
  auto image = Image::open(path, ImageAccess::look);
  if (!image) return std::unexpected(image.error());
  ImageInfo out;
  out.format = (*image)->superblock().format;
  out.config = (*image)->config();
  out.logical_bytes = (*image)->superblock().total_bytes;
  out.used_bytes = (*image)->used_bytes();
  out.segments = (*image)->segments();
  auto probe = os::open(path, O_RDONLY);
  out.in_use = probe && ::flock(probe->get(), LOCK_SH | LOCK_NB) != 0;
  out.clean = out.in_use || (*image)->superblock().clean == 1;
  return out;
}

Result<std::vector<Finding>> check(const std::string& path,
                                   const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  auto image = Image::open(path, ImageAccess::look);
  if (!image) return std::unexpected(image.error());
  const Config config = (*image)->config();
  const Geometry& g = config.geometry;
  std::vector<Finding> findings;
  const auto name = [&](std::uint32_t chunk) {
    const Address a = g.chunk_address(chunk);
    return fmt::format("chunk ({},{},{})", a.group(), a.unit(), a.chunk());
  };
  const Status status = (*image)->load(
      [&](std::uint32_t chunk, const ChunkRecord& record) {
        std::string wrong = implausible(record, g);
        if (wrong.empty() && record.cycles > config.pe_cycles) wrong = "it has more cycles than the device endures";
        if (!wrong.empty()) findings.push_back({name(chunk), std::move(wrong)});
      },
      [&](std::uint32_t chunk) { findings.push_back({name(chunk), "its record is damaged (checksum)"}); }, progress);
  if (!status) return unexpected(status, fmt::format("{}: {}", path, status.message()));
  return findings;
}

}  // namespace lightnvm::emulator
