// SPDX-License-Identifier: BSD-2-Clause
// Making an image file.
#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/crc32c.hpp"
#include "base/error.hpp"
#include "emulator/image.hpp"
#include "emulator/plane_blocks.hpp"
#include "model/capabilities.hpp"

namespace lightnvm::emulator {
namespace {

constexpr std::uint64_t kAlign = 1ULL << 20;
constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kJournalBytes = 16ULL << 20;
constexpr std::uint64_t kMaxFile = 0x7FFFFFFFFFFFF000ULL;
constexpr std::uint64_t kSmallestSegment = 64ULL << 20;
constexpr std::uint64_t kTold = 4096;  // records from one call of progress to the next

constexpr std::uint64_t round_up(std::uint64_t n, std::uint64_t to) noexcept { return (n + to - 1) / to * to; }

Superblock layout(const Config& config) {
  const Geometry g = machine_geometry(config.geometry);
  Superblock s{};
  s.magic = kImageMagic;
  s.format = config.geometry.has_planes() ? kImageFormat12 : kImageFormat;
  s.planes = static_cast<std::uint8_t>(config.geometry.planes);
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
  s.ws_opt = config.geometry.ws_opt;
  s.mw_cunits = g.mw_cunits;
  s.max_open = g.max_open;
  s.max_open_unit = g.max_open_unit;
  s.wear_threshold = config.geometry.wear_threshold;
  s.mccap = model::capabilities(config.geometry);
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

/// The files of an image that is being made: under other names until all of them are there.
class Construction {
 public:
  explicit Construction(std::string path) : path_(std::move(path)) {}
  ~Construction() {
    for (std::uint64_t i = 0; i < files_; ++i) (void)::unlink(draft(i).c_str());
  }
  Construction(const Construction&) = delete;
  Construction& operator=(const Construction&) = delete;

  [[nodiscard]] std::string draft(std::uint64_t i) const { return segment_path(path_, i) + ".creating"; }

  /// The next file. The first one is locked: who holds it is the one that makes an image there. Drafts that nobody
  /// holds were left by a creation that was interrupted, and give way. EBUSY, EEXIST: with a sentence.
  Result<os::Fd> add() {
    const std::string name = draft(files_);
    while (true) {
      auto file = os::open(name, O_RDWR | O_CREAT | O_EXCL, 0644);
      if (!file && file.error().is_errno(EEXIST)) {
        if (const Status s = take_over(name); !s) return std::unexpected(s);
        continue;
      }
      if (!file) return unexpected(file.error(), fmt::format("{}: {}", path_, file.error().message()));
      if (files_ == 0) {
        // Somebody may have found it before it was locked.
        const bool ours = !os::lock_exclusively(file->get()).is_errno(EBUSY) && is_named(file->get(), name);
        if (!ours) continue;
      }
      ++files_;
      return file;
    }
  }

  /// Gives the files their names; those of `old` segments (0: there was no image) give way.
  Status put_in_place(std::uint64_t old) {
    for (std::uint64_t i = old == 0 ? 0 : 1; i < files_; ++i) {
      const bool ours = i < old;
      const unsigned flags = ours ? 0 : RENAME_NOREPLACE;
      if (::renameat2(AT_FDCWD, draft(i).c_str(), AT_FDCWD, segment_path(path_, i).c_str(), flags) != 0) {
        return Status::os(errno);
      }
    }
    // The first file last: from then on the name means the new image.
    if (old != 0 && ::rename(draft(0).c_str(), path_.c_str()) != 0) return Status::os(errno);
    for (std::uint64_t i = files_; i < old; ++i) (void)::unlink(segment_path(path_, i).c_str());
    // What a larger image that was never finished has left.
    for (std::uint64_t i = files_; ::unlink(draft(i).c_str()) == 0; ++i) {
    }
    files_ = 0;
    const std::size_t slash = path_.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : path_.substr(0, slash + 1);
    const auto directory = os::open(folder, O_RDONLY | O_DIRECTORY);
    return directory ? os::sync_data(directory->get()) : Status();
  }

 private:
  static bool is_named(int fd, const std::string& name) noexcept {
    struct stat opened{};
    struct stat named{};
    return ::fstat(fd, &opened) == 0 && ::lstat(name.c_str(), &named) == 0 && opened.st_ino == named.st_ino &&
           opened.st_dev == named.st_dev;
  }

  // Removes a draft that nobody is making. With the first one in our hands, the others are ours, too.
  [[nodiscard]] Status take_over(const std::string& name) const {
    const auto in_the_way = [&](Status s, std::string_view why) { return fail(s, fmt::format("{}: {}", name, why)); };
    struct stat st{};
    if (::lstat(name.c_str(), &st) != 0) return {};
    if (!S_ISREG(st.st_mode)) return in_the_way(Status::os(EEXIST), "is in the way and no file of ours");
    const auto file = os::open(name, O_RDWR | O_NOFOLLOW | O_NONBLOCK);
    if (!file && file.error().is_errno(ENOENT)) return {};
    if (!file) return in_the_way(file.error(), "is in the way: " + file.error().message());
    const Status locked = os::lock_exclusively(file->get());
    if (locked.is_errno(EBUSY)) return in_the_way(locked, "another process is making this device");
    if (!locked) return in_the_way(locked, "was left by another creation, perhaps; remove it");
    // Who locked it first may have given it its name meanwhile.
    if (is_named(file->get(), name) && ::unlink(name.c_str()) != 0 && errno != ENOENT) {
      return in_the_way(Status::os(errno), "was left by another creation and cannot be removed");
    }
    return {};
  }

  std::string path_;
  std::uint64_t files_ = 0;
};

/// What is at a path before an image is made there.
struct Before {
  std::uint64_t segments = 0;   ///< of an image that may be replaced; 0: nothing is there
  std::unique_ptr<Image> held;  ///< keeps others from opening it meanwhile
};

bool exists(const std::string& path) noexcept {
  struct stat st{};
  return ::lstat(path.c_str(), &st) == 0;
}

// Looks before it replaces: only an image of ours that nobody has open gives way.
Result<Before> look_before(const std::string& path, bool replace) {
  Before before;
  struct stat st{};
  if (::lstat(path.c_str(), &st) != 0) {
    if (errno == ENOENT) return before;
    return unexpected(Status::os(errno), fmt::format("{}: {}", path, Status::os(errno).message()));
  }
  if (S_ISLNK(st.st_mode)) {
    return unexpected(Status::os(EEXIST),
                      fmt::format("{}: is a symbolic link; name the file that it leads to, or remove it", path));
  }
  if (!replace) {
    return unexpected(Status::os(EEXIST), fmt::format("{}: exists already; --force replaces an emulated device", path));
  }
  const auto old = S_ISREG(st.st_mode) ? Image::look_at(path) : Result<Superblock>(std::unexpected(Status::os(EINVAL)));
  if (!old) {
    return unexpected(Status::os(EEXIST),
                      fmt::format("{}: is no emulated device that can be read, so it is left alone", path));
  }
  before.segments = segment_count(*old);
  auto held = Image::open(path, ImageAccess::exclusive);
  if (held) {
    before.held = std::move(*held);
  } else if (held.error().is_errno(EBUSY)) {
    return unexpected(Status::os(EBUSY), fmt::format("{}: a process has this device open", path));
  }
  return before;
}

// A foreign file where a segment has to go is found before anything is made.
Status segments_free(const std::string& path, std::uint64_t old, std::uint64_t count) {
  for (std::uint64_t i = std::max<std::uint64_t>(old, 1); i < count; ++i) {
    const std::string name = segment_path(path, i);
    if (exists(name))
      return fail(Status::os(EEXIST), fmt::format("{}: exists already; the device needs the name", name));
  }
  return {};
}

// The size of the image's files: as asked for, or one file, or as large as the file system takes.
Status choose_segments(Superblock& super, int fd, std::uint64_t asked) {
  super.segment_bytes = asked != 0 ? asked : round_up(super.total_bytes, kPage);
  const Status sized = os::truncate(fd, std::min(super.segment_bytes, super.total_bytes));
  if (sized || asked != 0 || !(sized.is_errno(EFBIG) || sized.is_errno(EINVAL))) return sized;
  const auto largest = largest_segment(fd, super.total_bytes);
  if (!largest) return largest.error();
  super.segment_bytes = *largest;
  return {};
}

}  // namespace

Status create(const std::string& path, const Config& config, const CreateOptions& options,
              const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  if (const Status s = validate(config); !s) return s;
  if (!addressable(machine_geometry(config.geometry))) {
    return fail(Status::os(EFBIG), fmt::format("{}: such a device has more bytes than a file has offsets", path));
  }
  if (options.segment_bytes != 0 && (options.segment_bytes < 2 * kAlign || options.segment_bytes % kPage != 0)) {
    return fail(Status::os(EINVAL), "the segment size is a multiple of 4096 and at least 2 MiB");
  }
  Image image;
  image.super_ = layout(config);
  Superblock& super = image.super_;
  const auto too_many = [&](std::uint64_t bytes) {
    return bytes != 0 && (super.total_bytes - 1) / bytes >= kMaxSegments;
  };
  if (too_many(options.segment_bytes)) {
    return fail(Status::os(EINVAL), fmt::format("{}: more than {} segments of that size", path, kMaxSegments));
  }
  const auto before = look_before(path, options.replace);
  if (!before) return before.error();
  Construction files(path);
  const auto failed = [&](Status s) { return fail(s, fmt::format("{}: {}", path, s.message())); };
  auto first = files.add();
  if (!first) return first.error();
  image.files_.push_back(plain_file(std::move(*first), path));
  if (const Status s = choose_segments(super, image.files_[0]->fd(), options.segment_bytes); !s) return failed(s);
  if (too_many(super.segment_bytes)) return failed(Status::os(EFBIG));
  const std::uint64_t count = segment_count(super);
  if (const Status s = segments_free(path, before->segments, count); !s) return s;
  for (std::uint64_t i = 1; i < count; ++i) {
    auto file = files.add();
    if (!file) return file.error();
    const std::uint64_t bytes = std::min(super.segment_bytes, super.total_bytes - i * super.segment_bytes);
    if (const Status s = os::truncate(file->get(), bytes); !s) return failed(s);
    image.files_.push_back(plain_file(std::move(*file), path));
  }
  if (const Status s = image.fill(config, progress); !s) return failed(s);
  if (const Status s = files.put_in_place(before->segments); !s) return failed(s);
  return {};
}

// Room for the chunk table is taken now: a record that has no room would be noticed when its data are written already.
Status Image::fill(const Config& config, const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  const std::uint64_t chunks = machine_geometry(config.geometry).total_chunks();
  const std::uint64_t table = round_up(chunks * sizeof(DiskRecord), kPage);
  const Status allocated = pieces(
      nullptr, table, super_.table_offset,
      [](ImageFile& file, std::byte*, std::uint64_t n, std::uint64_t at) { return os::allocate(file.fd(), at, n); });
  if (!allocated) return allocated;
  const auto records = merge_overrides(config);
  std::uint64_t done = 0;
  for (const auto& [chunk, record] : records) {
    if (const Status s = save(chunk, record, proof_of(record)); !s) return s;
    if (progress && (++done % kTold == 0 || done == records.size())) progress(done, records.size());
  }
  for (int copy = 0; copy < 2; ++copy) {
    if (const Status s = write_superblock(true); !s) return s;
  }
  return sync();
}

}  // namespace lightnvm::emulator
