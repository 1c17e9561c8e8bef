// SPDX-License-Identifier: BSD-2-Clause
// The commands of a rule, and the chunks and features that it leaves as they were.
#include "check_trial.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace tools::check {

using lightnvm::CommandOptions;
using lightnvm::CommandSet;
using lightnvm::Destination;
using lightnvm::Feature;
using lightnvm::RawCommand;
using lightnvm::Source;
using lightnvm::Status;

namespace {

constexpr std::uint32_t kDulbe = 1U << 16;
constexpr std::byte kUntouched{0x5C};

std::string describe(const char* verb, const lightnvm::Sectors& s, Way way, const lightnvm::Geometry& g) {
  std::string out = fmt::format("{} {} of ", s.is_vector() ? "vector" : "scalar", verb);
  out += s.count() == 1 ? "1 sector" : fmt::format("{} sectors", s.count());
  out += " at " + sector_name(s.data()[0], g);
  for (std::uint32_t i = 1; s.is_list() && i < s.count(); ++i) {
    const bool follows = s.data()[i].value == s.data()[i - 1].value + 1;
    if (follows) continue;
    out += out.size() < 160 ? ", " + sector_name(s.data()[i], g) : (out.ends_with(" ...") ? "" : " ...");
  }
  if (way.metadata) out += ", with metadata";
  if (way.async) out += ", in a queue";
  return out;
}

const char* mode_name(lightnvm::PlaneMode mode) {
  if (mode == lightnvm::PlaneMode::single) return "";
  return mode == lightnvm::PlaneMode::dual ? ", dual plane mode" : ", quad plane mode";
}

lightnvm::Sectors sectors(lightnvm::Address first, std::uint32_t count, Way way) {
  return way.vector ? lightnvm::Sectors::vector(first, count) : lightnvm::Sectors(first, count);
}

}  // namespace

std::string chunk_name(lightnvm::Address a) { return fmt::format("chunk ({},{},{})", a.group(), a.unit(), a.chunk()); }
std::string sector_name(lightnvm::Address a, const lightnvm::Geometry& g) {
  const std::string place = fmt::format("({},{},{})", a.group(), a.unit(), a.chunk());
  if (!g.has_planes()) return fmt::format("{} sector {}", place, a.sector());
  return fmt::format("{} plane {} page {} sector {}", place, a.plane(), a.page(), a.sec());
}

Trial::Trial(Stock& stock, const Rule& rule)
    : stock_(stock), chunks_(stock.take(rule.needs.chunks)), own_(chunks_.size()) {
  if (rule.needs.random) borrow(*stock.random);
  if (rule.needs.shorter) borrow(*stock.shorter);
}

Trial::~Trial() {
  queue_.reset();
  for (const Address block : marked_) {
    (void)device().set_bad_blocks(std::array{block}, lightnvm::BlockState::good);
  }
  for (const auto& [feature, value] : kept_) (void)device().set_feature(feature, value);
  for (std::size_t i = 0; i < chunks_.size(); ++i) {
    if (i < own_) {
      stock_.give_back(chunks_[i]);
    } else {
      (void)stock_.restore(chunks_[i]);
    }
  }
}

bool Trial::is_worn(Address block) {
  const auto table = device().bad_blocks(block);
  for (std::uint32_t plane = 0; table && plane < geo().planes; ++plane) {
    if (table->at(block.chunk(), plane) == lightnvm::BlockState::grown_bad) return true;
  }
  return false;
}

bool Trial::wore_out() {
  if (geo().has_planes()) {
    return std::ranges::any_of(chunks_,
                               [&](Address a) { return std::ranges::find(marked_, a) == marked_.end() && is_worn(a); });
  }
  return std::ranges::any_of(chunks_, [&](Address a) {
    const auto c = device().chunk(a);
    return c && c->state == ChunkState::offline && c->wear == 255;
  });
}

std::vector<Way> Trial::ways() const {
  const bool metadata = carries_metadata();
  return {{false, false, false}, {true, false, false}, {false, true, metadata}, {true, true, metadata}};
}
std::vector<Way> Trial::bare_ways() {
  return {{false, false, false}, {true, false, false}, {false, true, false}, {true, true, false}};
}

template <typename Submit>
Trial::Completion Trial::in_queue(Submit&& submit) {
  if (!queue_) {
    auto queue = device().open_queue(1);
    if (!queue) return {0, queue.error()};
    queue_ = std::move(*queue);
  }
  Completion out;
  unsigned calls = 0;
  const Status s = submit(*queue_, [&out, &calls](const Completion& c) {
    out = c;
    ++calls;
  });
  if (!s) return {0, s};
  if (const auto n = queue_->drain(); !n) return {0, n.error()};
  expect(calls == 1, "one completion", fmt::format("{}", calls));
  return out;
}

Trial::Completion Trial::write(const Sectors& s, Way way, unsigned round, CommandOptions options) {
  command_ = describe("write", s, way, geo());
  if (options.force_unit_access) command_ += ", FUA";
  if (options.limited_retry) command_ += ", limited retry";
  command_ += mode_name(options.plane_mode);
  fill(source_, s, geo().sector_bytes, salt(round, false));
  source_oob_.clear();
  if (way.metadata) fill(source_oob_, s, geo().oob_bytes, salt(round, true));
  const Source from(source_, source_oob_);
  if (!way.async) return device().write(s, from, options);
  return in_queue([&](auto& queue, auto done) { return queue.write(s, from, done, options); });
}
Trial::Completion Trial::write(Address first, std::uint32_t count, Way way, unsigned round) {
  return write(sectors(first, count, way), way, round, {});
}
Trial::Completion Trial::write(std::span<const Address> list, Way way, unsigned round) {
  return write(Sectors(list), way, round, {});
}

Trial::Completion Trial::read(const Sectors& s, Way way, CommandOptions options) {
  command_ = describe("read", s, way, geo());
  if (options.limited_retry) command_ += ", limited retry";
  command_ += mode_name(options.plane_mode);
  data_.assign(static_cast<std::size_t>(s.count()) * geo().sector_bytes, kUntouched);
  oob_.assign(way.metadata ? static_cast<std::size_t>(s.count()) * geo().oob_bytes : 0, kUntouched);
  read_oob_ = way.metadata;
  const Destination to(data_, oob_);
  if (!way.async) return device().read(s, to, options);
  return in_queue([&](auto& queue, auto done) { return queue.read(s, to, done, options); });
}
Trial::Completion Trial::read(Address first, std::uint32_t count, Way way) {
  return read(sectors(first, count, way), way, {});
}
Trial::Completion Trial::read(std::span<const Address> list, Way way) { return read(Sectors(list), way, {}); }

Trial::Completion Trial::reset(Address chunk, Way way) {
  command_ = fmt::format("{} of {}{}", way.vector ? "vector reset" : "deallocation", chunk_name(chunk),
                         way.async ? ", in a queue" : "");
  const std::span list(&chunk, 1);
  const Sectors s = way.vector ? Sectors(list) : Sectors::scalar(list);
  if (!way.async) return device().reset(s);
  return in_queue([&](auto& queue, auto done) { return queue.reset(s, done); });
}
Trial::Completion Trial::reset(std::span<const Address> chunks, Way way) {
  command_ = way.vector ? "vector reset of" : "deallocation of";
  for (const Address a : chunks) command_ += fmt::format(" ({},{},{})", a.group(), a.unit(), a.chunk());
  const Sectors s = way.vector ? Sectors(chunks) : Sectors::scalar(chunks);
  if (!way.async) return device().reset(s);
  return in_queue([&](auto& queue, auto done) { return queue.reset(s, done); });
}

Trial::Completion Trial::erase(std::span<const Address> blocks, lightnvm::PlaneMode mode, bool async) {
  command_ = "erase of";
  for (const Address a : blocks) {
    command_ += fmt::format(" ({},{},{}) plane {}", a.group(), a.unit(), a.chunk(), a.plane());
  }
  command_ += mode_name(mode);
  const CommandOptions options{.plane_mode = mode};
  if (!async) return device().reset(Sectors(blocks), {}, options);
  return in_queue([&](auto& queue, auto done) { return queue.reset(Sectors(blocks), done, {}, options); });
}

Trial::Completion Trial::mark(std::span<const Address> blocks, lightnvm::BlockState state) {
  command_ = fmt::format("Set Bad Block Table, state {}, of {} blocks from {} on", static_cast<unsigned>(state),
                         blocks.size(), sector_name(blocks.front(), geo()));
  marked_.insert(marked_.end(), blocks.begin(), blocks.end());
  return device().set_bad_blocks(blocks, state);
}

Trial::Completion Trial::copy(std::span<const Address> from, std::span<const Address> to, bool async) {
  command_ = fmt::format("vector copy of {} sectors from {} to {}{}", from.size(), sector_name(from.front(), geo()),
                         sector_name(to.front(), geo()), async ? ", in a queue" : "");
  if (!async) return device().copy(from, to);
  return in_queue([&](auto& queue, auto done) { return queue.copy(from, to, done); });
}

Trial::Completion Trial::flush(bool async) {
  command_ = async ? "flush, in a queue" : "flush";
  if (!async) return device().flush();
  return in_queue([](auto& queue, auto done) { return queue.flush(done); });
}

Trial::Completion Trial::pass(CommandSet set, const RawCommand& command, std::string what, std::span<std::byte> data,
                              std::span<const std::uint64_t> list, std::span<const std::uint64_t> destination) {
  command_ = std::move(what);
  return device().pass(set, command, Destination(data), list, destination);
}
Trial::Completion Trial::admin(const RawCommand& command, std::string what, std::span<std::byte> data) {
  return pass(CommandSet::admin, command, std::move(what), data);
}
Trial::Completion Trial::io(const RawCommand& command, std::string what, std::span<std::byte> data,
                            std::span<const std::uint64_t> list, std::span<const std::uint64_t> destination) {
  return pass(CommandSet::io, command, std::move(what), data, list, destination);
}

Page Trial::identify(std::uint8_t cns) {
  Page page(4096);
  RawCommand c = raw(kIdentify, cns == 0 ? device().nsid() : 0);
  c[10] = cns;
  expect_ok(admin(c, fmt::format("Identify, CNS {:02x}h", cns), page));
  return page;
}

Page Trial::geometry() {
  Page page(4096);
  expect_ok(admin(raw(kGeometry, device().nsid()), "Geometry", page));
  return page;
}

Page Trial::log(std::uint8_t id, std::uint64_t offset, std::uint32_t bytes) {
  Page page(bytes, kUntouched);
  expect_ok(admin(raw_log(id, device().nsid(), offset, bytes),
                  fmt::format("Get Log Page {:02x}h, {} bytes from {} on", id, bytes, offset), page));
  return page;
}

Page Trial::report() {
  constexpr std::uint64_t kMost = 64 * 1024;
  const std::uint64_t limit = stock_.limit() * geo().sector_bytes;
  const std::uint64_t batch = limit == 0 ? kMost : std::min(kMost, limit / kDescriptorBytes * kDescriptorBytes);
  const std::uint64_t total = geo().total_chunks() * kDescriptorBytes;
  Page all;
  while (all.size() < total) {
    const Page part = log(kChunkReport, all.size(), static_cast<std::uint32_t>(std::min(batch, total - all.size())));
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

Trial::Chunk Trial::chunk(Address address) {
  const std::string before = command_;
  const auto c = device().chunk(address);
  expect(c.has_value(), "the descriptor of " + chunk_name(address), c ? "" : c.error().message());
  command_ = before;
  return *c;
}

void Trial::dulbe(bool on) {
  keep(Feature::error_recovery);
  const auto now = device().feature(Feature::error_recovery);
  expect(now.has_value(), "the feature Error Recovery", now ? "" : now.error().message());
  const Status s = device().set_feature(Feature::error_recovery, on ? *now | kDulbe : *now & ~kDulbe);
  expect(s.ok(), fmt::format("DULBE can be set to {}", on ? 1 : 0), s.message());
}

void Trial::keep(Feature feature) {
  if (std::ranges::find(kept_, feature, &std::pair<Feature, std::uint32_t>::first) != kept_.end()) return;
  const auto value = device().feature(feature);
  if (value) kept_.emplace_back(feature, *value);
}

void Trial::fill_to(Address address, std::uint32_t end, unsigned round) {
  auto done = static_cast<std::uint32_t>(chunk(address).write_pointer);
  while (done < end) {
    const std::uint32_t n = std::min(stock_.piece(), end - done);
    expect_ok(write(address.at_sector(done), n, {.metadata = carries_metadata()}, round));
    done += n;
  }
}

std::uint32_t Trial::until_readable(std::uint32_t count) const {
  const std::uint32_t unit = geo().ws_min;
  return std::min(geo().sectors, (count + geo().mw_cunits + unit - 1) / unit * unit);
}

std::uint32_t Trial::most_addresses() const {
  const std::uint64_t limit = stock_.limit() == 0 ? lightnvm::kMaxAddresses : stock_.limit();
  return static_cast<std::uint32_t>(std::min<std::uint64_t>({limit, lightnvm::kMaxAddresses, geo().sectors}));
}

std::vector<Trial::Address> Trial::run(Address first, std::uint32_t count) {
  std::vector<Address> out;
  for (std::uint32_t i = 0; i < count; ++i) out.push_back(first.plus(i));
  return out;
}
std::vector<Trial::Address> Trial::both(std::vector<Address> a, const std::vector<Address>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}
std::vector<std::uint64_t> Trial::lbas(std::span<const Address> sectors) {
  std::vector<std::uint64_t> out;
  for (const Address a : sectors) out.push_back(device().to_device(a));
  return out;
}

}  // namespace tools::check
