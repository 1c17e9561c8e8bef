// SPDX-License-Identifier: BSD-2-Clause
// Opening an image, and its sectors and records as media.
#include "emulator/image.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "base/crc32c.hpp"
#include "base/error.hpp"
#include "emulator/plane_blocks.hpp"
#include "model/capabilities.hpp"

namespace lightnvm::emulator {
namespace {

constexpr std::uint64_t kBlock = sizeof(Superblock);
constexpr std::uint64_t kLoadRows = 65536;

// Whether a superblock of a 1.2 device has the counts of whole pages on whole planes.
bool whole_planes(const Superblock& s) noexcept {
  return s.planes != 0 && s.chunks % s.planes == 0 && s.ws_min != 0 && s.sectors % s.ws_min == 0;
}

constexpr bool known(std::uint32_t format) noexcept { return format >= kOldImageFormat && format <= kImageFormat12; }
constexpr bool is_old(const Superblock& s) noexcept { return s.format <= kOldImageFormat12; }
constexpr bool has_planes(const Superblock& s) noexcept {
  return s.format == kImageFormat12 || s.format == kOldImageFormat12;
}
constexpr std::uint64_t row_size(const Superblock& s) noexcept {
  return is_old(s) ? sizeof(OldDiskRecord) : sizeof(DiskRecord);
}

std::uint32_t checksum(Superblock block) noexcept {
  block.crc = 0;
  return crc32c(std::as_bytes(std::span(&block, 1)));
}

bool valid(const Superblock& s) noexcept { return s.magic == kImageMagic && s.crc == checksum(s); }

// Arithmetic on numbers from a file: whether [offset, offset + bytes) lies inside `total`.
bool inside(std::uint64_t offset, std::uint64_t bytes, std::uint64_t total) noexcept {
  return offset <= total && bytes <= total - offset;
}

// What a checksummed superblock still may get wrong; the file need not have been written by us.
std::string broken_layout(const Superblock& s, const Geometry& g) {
  constexpr std::uint64_t kMaxFile = 0x7FFFFFFFFFFFF000ULL;
  const std::uint64_t chunks = g.total_chunks();
  const std::uint64_t oob = static_cast<std::uint64_t>(g.sectors) * g.oob_bytes;
  if (s.segment_bytes < 2 * kBlock || s.segment_bytes % kBlock != 0 || s.segment_bytes > kMaxFile) {
    return "its segment size is impossible";
  }
  if (s.total_bytes > kMaxFile) return "its size is impossible";
  if ((s.total_bytes - 1) / s.segment_bytes >= kMaxSegments) return "it would have too many segments";
  if (s.data_stride < g.chunk_bytes() || s.metadata_stride < oob) return "its strides are smaller than a chunk";
  if ((s.mccap & ~7U) != 0) return "its mccap has unknown bits";
  const __uint128_t data = static_cast<__uint128_t>(s.data_stride) * chunks;
  const __uint128_t metadata = static_cast<__uint128_t>(s.metadata_stride) * chunks;
  if (s.table_bytes / row_size(s) < chunks) return "its chunk table does not fit";
  if (data > kMaxFile || metadata > kMaxFile) return "its sectors do not fit";
  // The regions in the order of the format, each behind the one before it.
  const struct {
    std::string_view name;
    std::uint64_t offset, bytes;
  } regions[] = {{"area of superblocks", 0, 2 * kBlock},
                 {"chunk table", s.table_offset, s.table_bytes},
                 {"journal", s.journal_offset, s.journal_bytes},
                 {"sectors' metadata", s.metadata_offset, static_cast<std::uint64_t>(metadata)},
                 {"area of sectors", s.data_offset, static_cast<std::uint64_t>(data)}};
  const auto* before = &regions[0];
  for (const auto& r : regions) {
    if (r.offset % kBlock != 0 || !inside(r.offset, r.bytes, s.total_bytes)) {
      return fmt::format("its {} is misplaced or does not fit", r.name);
    }
    if (&r != before && r.offset < before->offset + before->bytes) {
      return fmt::format("its {} reaches into its {}", before->name, r.name);
    }
    before = &r;
  }
  return {};
}

std::unexpected<Status> foreign(const std::string& path) {
  return unexpected(Status::os(EINVAL), fmt::format("{}: not an emulated device (nvm_emu create makes one)", path));
}

// The name that the other segments' names begin with: the first file's own, whatever symbolic links lead to it.
std::string resolved(const std::string& path) {
  struct stat st{};
  if (::lstat(path.c_str(), &st) != 0 || !S_ISLNK(st.st_mode)) return path;
  char* real = ::realpath(path.c_str(), nullptr);
  std::string out = real != nullptr ? real : path;
  std::free(real);
  return out;
}

// Why a segment could not be opened, and what can be done about it.
std::string segment_trouble(Status why, std::uint64_t number, std::uint64_t count) {
  if (why.is_errno(ENOENT)) return fmt::format("segment {} of the device is missing: {}", number, why.message());
  const std::string sentence = fmt::format("segment {} of the device cannot be opened: {}", number, why.message());
  if (!why.is_errno(EMFILE) && !why.is_errno(ENFILE)) return sentence;
  return fmt::format("{}; the device is {} files, and ulimit -n allows too few", sentence, count);
}

std::string refused(const std::string& path, ImageAccess access, Status why) {
  const bool not_for_writing = access == ImageAccess::exclusive && (why.is_errno(EACCES) || why.is_errno(EROFS));
  const bool readable = not_for_writing && ::access(path.c_str(), R_OK) == 0;
  return why.message() + (readable ? "; add ?ro for a look at it" : "");
}

std::uint64_t size_of(int fd) noexcept {
  struct stat st{};
  return ::fstat(fd, &st) == 0 ? static_cast<std::uint64_t>(st.st_size) : 0;
}

// A 1.2 device's chunks are those of the machine: the blocks of all planes, of whole pages.
void take_planes(const Superblock& s, Geometry& g) {
  g.planes = s.planes;
  g.chunks = s.planes == 0 ? 0 : s.chunks / s.planes;
  g.page_sectors = s.ws_min;
  g.pages = s.ws_min == 0 ? 0 : s.sectors / s.ws_min;
  g.page_bytes = g.page_sectors * g.sector_bytes;
  g.sectors = g.planes * g.pages * g.page_sectors;
  g.vector_copy = false;
  g.multiple_resets = g.early_reset = true;
  model::set_capabilities(g, s.mccap);
}

Config config_of(const Superblock& s) {
  Config c;
  c.overrides.clear();
  Geometry& g = c.geometry;
  g.groups = s.groups;
  g.units = s.units;
  g.chunks = s.chunks;
  g.sectors = s.sectors;
  g.sector_bytes = s.sector_bytes;
  g.oob_bytes = s.oob_bytes;
  g.ws_min = s.ws_min;
  g.ws_opt = s.ws_opt;
  g.mw_cunits = s.mw_cunits;
  g.max_open = s.max_open;
  g.max_open_unit = s.max_open_unit;
  g.wear_threshold = s.wear_threshold;
  model::set_capabilities(g, s.mccap);
  g.times = {s.times[0], s.times[1], s.times[2], s.times[3], s.times[4], s.times[5]};
  if (has_planes(s)) take_planes(s, g);
  c.pe_cycles = s.pe_cycles;
  c.predefined = s.predefined;
  c.mdts = s.mdts;
  std::string_view serial(s.serial.data(), s.serial.size());
  serial = serial.substr(0, serial.find_last_not_of(' ') + 1);
  c.serial = serial;
  return c;
}

}  // namespace

namespace {

template <typename Row>
std::uint32_t checksum(std::uint32_t chunk, const Row& row) noexcept {
  const std::uint32_t seed = crc32c(std::as_bytes(std::span(&chunk, 1)));
  return crc32c(std::as_bytes(std::span(&row, 1)).first(offsetof(Row, crc)), seed);
}

// What rows of all formats begin with.
template <typename Row>
Row begin_row(const ChunkRecord& r) noexcept {
  Row row{};
  row.write_pointer = r.write_pointer;
  row.missing = r.missing;
  row.cycles = r.cycles;
  row.state = r.state == ChunkState::free ? 0 : static_cast<std::uint8_t>(r.state);
  const unsigned type = r.type == ChunkType::sequential ? 0 : static_cast<unsigned>(r.type);
  row.type = static_cast<std::uint8_t>(type | static_cast<unsigned>(r.mark) << 4);
  return row;
}

template <typename Row>
ChunkRecord record_of(const Row& row) noexcept {
  ChunkRecord r;
  r.write_pointer = row.write_pointer;
  r.missing = row.missing;
  r.cycles = row.cycles;
  r.state = row.state == 0 ? ChunkState::free : static_cast<ChunkState>(row.state);
  r.type = (row.type & 0xF) == 0 ? ChunkType::sequential : static_cast<ChunkType>(row.type & 0xF);
  r.mark = static_cast<BlockState>(row.type >> 4);
  return r;
}

template <typename Row>
bool sound(const Row& row, const Row& expected) noexcept {
  static constexpr Row kZero{};
  return std::memcmp(&row, &kZero, sizeof row) == 0 || std::memcmp(&row, &expected, sizeof row) == 0;
}

}  // namespace

DiskRecord to_disk(std::uint32_t chunk, const ChunkRecord& r, const Proof& p) noexcept {
  auto row = begin_row<DiskRecord>(r);
  row.durable = p.durable;
  row.middle = p.middle;
  row.middle_sum = p.middle_sum;
  row.sum = p.sum;
  row.crc = checksum(chunk, row);
  return row;
}

OldDiskRecord to_old_disk(std::uint32_t chunk, const ChunkRecord& r) noexcept {
  auto row = begin_row<OldDiskRecord>(r);
  row.crc = checksum(chunk, row);
  return row;
}

bool from_disk(std::uint32_t chunk, const DiskRecord& row, ChunkRecord& r, Proof& p) noexcept {
  r = record_of(row);
  p = {row.durable, row.middle, row.middle_sum, row.sum};
  return sound(row, to_disk(chunk, r, p));
}

bool from_disk(std::uint32_t chunk, const OldDiskRecord& row, ChunkRecord& r, Proof& p) noexcept {
  r = record_of(row);
  p = proof_of(r);
  return sound(row, to_old_disk(chunk, r));
}

std::string chunk_name(const Geometry& g, Address a) {
  if (!g.has_planes()) return fmt::format("chunk ({},{},{})", a.group(), a.unit(), a.chunk());
  return fmt::format("block ({},{},{},{})", a.group(), a.unit(), a.chunk(), a.plane());
}

std::string implausible(const ChunkRecord& r, const Geometry& device) {
  using enum ChunkState;
  const Geometry g = machine_geometry(device);
  if (device.has_planes()) {
    if (r.mark > BlockState::host_reserved || std::popcount(static_cast<unsigned>(r.mark)) > 1) {
      return "its mark is unknown";
    }
    if (r.type != ChunkType::sequential || r.state == offline || r.missing != 0) return "it is no block of NAND";
    if (r.state == closed && r.write_pointer != g.sectors)
      return "it is closed but its write pointer is not at its end";
  } else if (r.mark != BlockState::good) {
    return "its type is unknown";
  }
  if (r.state != free && r.state != open && r.state != closed && r.state != offline) return "its state is unknown";
  if (r.type != ChunkType::sequential && r.type != ChunkType::random) return "its type is unknown";
  if (r.missing >= g.sectors) return "it has no sectors";
  const std::uint32_t sectors = g.sectors - r.missing;
  if (r.type == ChunkType::random || r.state == offline) return {};
  if (sectors % g.ws_min != 0) return "its size is no multiple of ws_min, so that it cannot be filled";
  if (r.state == free && r.write_pointer != 0) return "it is free but has a write pointer";
  if (r.write_pointer > sectors) return "its write pointer is past its end";
  if (r.state == open && (r.write_pointer == 0 || r.write_pointer >= sectors)) {
    return "it is open but its write pointer is not within it";
  }
  if (r.state == open && r.write_pointer % g.ws_min != 0) return "its write pointer is no multiple of ws_min";
  return {};
}

std::string implausible(const ChunkRecord& r, const Proof& p, const Geometry& device) {
  std::string wrong = implausible(r, device);
  if (!wrong.empty()) return wrong;
  if (p.durable > p.middle || p.middle > r.write_pointer) return "more of it is said to be durable than was written";
  const std::uint32_t unit = machine_geometry(device).ws_min;
  if (r.type == ChunkType::sequential && r.state != ChunkState::offline && (p.durable % unit | p.middle % unit) != 0) {
    return "what is said to be durable is no multiple of ws_min";
  }
  return {};
}

Status Image::read(std::byte* memory, std::uint64_t bytes, std::uint64_t offset) const noexcept {
  return pieces(memory, bytes, offset,
                [](ImageFile& file, std::byte* p, std::uint64_t n, std::uint64_t at) { return file.read(p, n, at); });
}

Status Image::write(const std::byte* memory, std::uint64_t bytes, std::uint64_t offset) noexcept {
  return pieces(const_cast<std::byte*>(memory), bytes, offset,
                [](ImageFile& file, std::byte* p, std::uint64_t n, std::uint64_t at) { return file.write(p, n, at); });
}

Status Image::punch(std::uint64_t offset, std::uint64_t bytes) noexcept {
  return pieces(nullptr, bytes, offset, [](ImageFile& file, std::byte*, std::uint64_t n, std::uint64_t at) {
    const Status s = file.punch(at, n);
    // Without holes the old bytes stay; nobody can read them before they are written again.
    return s.is_errno(EOPNOTSUPP) ? Status() : s;
  });
}

Result<std::unique_ptr<Image>> Image::open(const std::string& path, ImageAccess access,
                                           const MakeImageFile& make_file) {
  while (true) {
    std::unique_ptr<Image> image(new Image);
    image->path_ = path;
    image->access_ = access;
    // Not blocking: a FIFO is refused instead of waited for.
    auto file = os::open(path, (access == ImageAccess::exclusive ? O_RDWR : O_RDONLY) | O_NONBLOCK);
    if (!file) return unexpected(file.error(), fmt::format("{}: {}", path, refused(path, access, file.error())));
    image->files_.push_back(make_file(std::move(*file), path));
    struct stat opened{};
    struct stat named{};
    if (::fstat(image->files_[0]->fd(), &opened) != 0) return std::unexpected(Status::os(errno));
    if (!S_ISREG(opened.st_mode)) return foreign(path);
    if (access == ImageAccess::exclusive) {
      // Before the lock, so that a foreign file is called foreign whoever holds it.
      if (const Status s = image->read_superblock(); !s) return std::unexpected(s);
      const Status locked = os::lock_exclusively(image->files_[0]->fd());
      if (locked.is_errno(EBUSY)) {
        return unexpected(locked,
                          fmt::format("{}: another process has this device open; add ?ro for a look at it", path));
      }
      if (!locked) return unexpected(locked, fmt::format("{}: cannot be locked: {}", path, locked.message()));
      // Whoever replaced the image meanwhile left us a file without a name.
      if (::stat(path.c_str(), &named) != 0 || named.st_ino != opened.st_ino || named.st_dev != opened.st_dev) continue;
    }
    if (const Status s = image->read_superblock(); !s) return std::unexpected(s);
    if (const Status s = image->open_segments(make_file); !s) return std::unexpected(s);
    return image;
  }
}

bool is_file_of(const std::string& image, const std::string& file) {
  const auto same = [](const struct stat& a, const struct stat& b) {
    return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
  };
  struct stat its{};
  struct stat segment{};
  if (::stat(file.c_str(), &its) != 0 || ::stat(image.c_str(), &segment) != 0) return false;
  const std::string base = resolved(image);
  for (std::uint64_t i = 1; !same(its, segment); ++i) {
    if (i == kMaxSegments || ::stat(fmt::format("{}.{}", base, i).c_str(), &segment) != 0) return false;
  }
  return true;
}

Result<Superblock> Image::look_at(const std::string& path) {
  Image image;
  image.path_ = path;
  auto file = os::open(path, O_RDONLY | O_NONBLOCK);
  if (!file) return unexpected(file.error(), fmt::format("{}: {}", path, file.error().message()));
  image.files_.push_back(plain_file(std::move(*file), path));
  struct stat st{};
  if (::fstat(image.files_[0]->fd(), &st) != 0 || !S_ISREG(st.st_mode)) return foreign(path);
  if (const Status s = image.read_superblock(); !s) return std::unexpected(s);
  return image.super_;
}

Status Image::read_superblock() {
  ImageFile& file = *files_[0];
  std::array<Superblock, 2> copies{};
  const bool readable =
      size_of(file.fd()) >= 2 * kBlock && file.read(reinterpret_cast<std::byte*>(copies.data()), sizeof copies, 0).ok();
  if (!readable || (copies[0].magic != kImageMagic && copies[1].magic != kImageMagic)) return foreign(path_).error();
  const auto damaged = [&](std::string_view what) {
    return fail(Status::os(EINVAL), fmt::format("{}: damaged, {}", path_, what));
  };
  const bool first = valid(copies[0]);
  const bool second = valid(copies[1]);
  if (!first && !second) return damaged("both superblocks are damaged");
  damaged_copy_ = first && second ? std::nullopt : std::optional<unsigned>(first ? 1 : 0);
  super_ = copies[second && (!first || copies[1].sequence > copies[0].sequence) ? 1 : 0];
  if (!known(super_.format)) {
    return fail(Status::os(EINVAL), fmt::format("{}: format version {}, this library knows {} to {}", path_,
                                                super_.format, kOldImageFormat, kImageFormat12));
  }
  if (has_planes(super_) && !whole_planes(super_)) return damaged("its planes and pages do not add up");
  const Config found = config();
  if (const Status status = validate(found); !status) return damaged(std::string(last_error()));
  const std::string wrong = broken_layout(super_, machine_geometry(found.geometry));
  return wrong.empty() ? Status() : damaged(wrong);
}

Status Image::open_segments(const MakeImageFile& make_file) {
  const std::uint64_t count = segment_count(super_);
  const std::string base = count > 1 ? resolved(path_) : path_;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string path = i == 0 ? path_ : fmt::format("{}.{}", base, i);
    if (i > 0) {
      auto file = os::open(path, access_ == ImageAccess::exclusive ? O_RDWR : O_RDONLY);
      if (!file) {
        return fail(file.error(), fmt::format("{}: {}", path, segment_trouble(file.error(), i, count)));
      }
      files_.push_back(make_file(std::move(*file), path));
    }
    const std::uint64_t expected = std::min(super_.segment_bytes, super_.total_bytes - i * super_.segment_bytes);
    const std::uint64_t actual = size_of(files_.back()->fd());
    if (actual < expected) {
      return fail(Status::os(EINVAL), fmt::format("{}: damaged, {} bytes long instead of {}", path, actual, expected));
    }
  }
  return {};
}

// Durable before anything else changes: an image that says that it was closed properly is believed.
Status Image::begin_use() noexcept {
  in_use_ = true;
  const Status s = write_superblock(false);
  return s ? sync() : s;
}

Image::~Image() { (void)close(); }

Status Image::close() noexcept {
  if (!in_use_) return {};
  in_use_ = false;
  if (lost_.load(std::memory_order_relaxed)) return Status::os(EIO);
  const Status synced = sync();
  return synced ? write_superblock(true) : synced;
}

Status Image::write_superblock(bool clean) noexcept {
  super_.clean = clean ? 1 : 0;
  ++super_.sequence;
  super_.crc = checksum(super_);
  // The copies take turns, so that a torn write leaves the other one.
  return files_[0]->write(reinterpret_cast<const std::byte*>(&super_), kBlock, super_.sequence % 2 * kBlock);
}

Config Image::config() const { return config_of(super_); }

std::uint64_t Image::used_bytes() const noexcept {
  std::uint64_t used = 0;
  for (const auto& file : files_) {
    struct stat st{};
    if (::fstat(file->fd(), &st) == 0) used += static_cast<std::uint64_t>(st.st_blocks) * 512;
  }
  return used;
}

std::pair<std::uint64_t, std::uint64_t> Image::identity() const noexcept {
  struct stat st{};
  (void)::fstat(files_[0]->fd(), &st);
  return {st.st_dev, st.st_ino};
}

std::uint64_t Image::row_bytes() const noexcept { return row_size(super_); }

namespace {

// Calls row or broken for each of the rows that is not zero, the first of which is that of `chunk`.
template <typename Row, typename F, typename G>
void each_row(std::span<const std::byte> bytes, std::uint64_t chunk, F&& row, G&& broken) {
  static constexpr Row kZero{};
  for (std::size_t at = 0; at < bytes.size(); at += sizeof(Row), ++chunk) {
    Row r;
    std::memcpy(&r, bytes.data() + at, sizeof r);
    if (std::memcmp(&r, &kZero, sizeof r) == 0) continue;
    ChunkRecord record;
    Proof proof;
    if (from_disk(static_cast<std::uint32_t>(chunk), r, record, proof)) {
      row(static_cast<std::uint32_t>(chunk), record, proof);
    } else {
      broken(static_cast<std::uint32_t>(chunk));
    }
  }
}

}  // namespace

Status Image::load(const std::function<void(std::uint32_t, const ChunkRecord&, const Proof&)>& row,
                   const std::function<void(std::uint32_t)>& broken,
                   const std::function<void(std::uint64_t, std::uint64_t)>& progress) const {
  const std::uint64_t chunks = machine_geometry(config().geometry).total_chunks();
  std::vector<std::byte> rows;
  std::uint64_t next = 0;
  while (next < chunks) {
    // The table lies in the first file as a rule; holes in it are chunks that were never touched.
    const std::uint64_t at = super_.table_offset + next * row_bytes();
    if (at < super_.segment_bytes) {
      const auto data = os::next_data(files_[0]->fd(), at);
      const std::uint64_t found = data ? std::min(*data, super_.segment_bytes) : super_.segment_bytes;
      next = std::max(next, (found - super_.table_offset) / row_bytes());
      if (next >= chunks) break;
    }
    const std::uint64_t count = std::min(kLoadRows, chunks - next);
    rows.resize(count * row_bytes());
    if (const Status s = read(rows.data(), rows.size(), super_.table_offset + next * row_bytes()); !s) return s;
    if (is_old(super_)) {
      each_row<OldDiskRecord>(rows, next, row, broken);
    } else {
      each_row<DiskRecord>(rows, next, row, broken);
    }
    next += count;
    if (progress) progress(next, chunks);
  }
  return {};
}

}  // namespace lightnvm::emulator
