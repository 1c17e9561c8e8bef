// SPDX-License-Identifier: BSD-2-Clause
// How a session starts commands in batches, compares completions and memory, and the end states.
#include "emulator/oracle_session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

#include "spec/build.hpp"

namespace lightnvm::oracle {
namespace {

constexpr std::size_t kTrace = 16;
constexpr unsigned kPatience = 100000;  // polls

bool overlap(const std::vector<std::uint64_t>& a, const std::vector<std::uint64_t>& b) {
  return std::ranges::any_of(a, [&](std::uint64_t x) { return std::ranges::find(b, x) != b.end(); });
}

bool host_to_device(const Request& r) { return r.opcode() == 0x01 || r.opcode() == 0x91 || r.opcode() == 0x09; }

std::vector<std::byte> outgoing_data(const Request& r, const Geometry& g) {
  std::vector<std::byte> bytes(r.content.size() * g.sector_bytes);
  for (std::size_t i = 0; i < r.content.size(); ++i) {
    expand(r.content[i].data, std::span(bytes).subspan(i * g.sector_bytes, g.sector_bytes));
  }
  for (const spec::DsmRange& range : r.ranges) {
    const auto raw = std::as_bytes(std::span(&range, 1));
    bytes.insert(bytes.end(), raw.begin(), raw.end());
  }
  bytes.resize(r.data_bytes);
  return bytes;
}

std::vector<std::byte> outgoing_metadata(const Request& r, const Geometry& g) {
  std::vector<std::byte> bytes(r.content.size() * g.oob_bytes);
  for (std::size_t i = 0; i < r.content.size(); ++i) {
    expand(r.content[i].metadata, std::span(bytes).subspan(i * g.oob_bytes, g.oob_bytes));
  }
  bytes.resize(r.metadata_bytes);
  return bytes;
}

Scatter memory(Random& random, const Request& r, std::size_t bytes, const std::vector<std::byte>& content) {
  return host_to_device(r) ? Scatter(random, content) : Scatter(random, bytes, kCanary);
}

bool untouched(std::span<const std::byte> bytes) {
  return std::ranges::all_of(bytes, [](std::byte b) { return b == kCanary; });
}

}  // namespace

Transfer::Transfer(Random& random, const Request& r, const Geometry& g)
    : data(memory(random, r, r.data_bytes, outgoing_data(r, g))),
      metadata(memory(random, r, r.metadata_bytes, outgoing_metadata(r, g))),
      list(r.list),
      destination(r.destination),
      payload{data.segments(), metadata.segments(), list, destination} {
  // Pieces without a byte are memory only where a command may have memory at all.
  const bool transfers = r.opcode() == 0x01 || r.opcode() == 0x02 || r.opcode() == 0x91 || r.opcode() == 0x92;
  if (!transfers && r.data_bytes == 0) payload.data = {};
  if (!transfers && r.metadata_bytes == 0) payload.metadata = {};
}

std::string Transfer::compare(const Request& r, const Answer& a, const Geometry& g) const {
  if (!data.guards_intact() || !metadata.guards_intact()) return "memory beside the transfer was written to";
  const std::vector<std::byte> d = data.gather(), m = metadata.gather();
  if (host_to_device(r)) {
    const bool same = d == outgoing_data(r, g) && m == outgoing_metadata(r, g);
    return same ? "" : "the device wrote to what it was to read";
  }
  if (r.opcode() == 0x90) {
    for (std::size_t i = 0; i < a.descriptors.size(); ++i) {
      const auto got = std::span(m).subspan(i * 32, 32);
      const auto& want = a.descriptors[i];
      const bool same = want ? std::memcmp(got.data(), want->data(), 32) == 0 : untouched(got);
      if (!same) return fmt::format("descriptor {} differs: state {:02x}", i, static_cast<unsigned>(got[0]));
    }
    return "";
  }
  if (a.code != kSuccess) return "";  // no data are guaranteed
  for (std::size_t i = 0; i < a.read.size(); ++i) {
    if (!shows(a.read[i].data, std::span(d).subspan(i * g.sector_bytes, g.sector_bytes))) {
      return fmt::format("data of sector {} differ", i);
    }
    if (!m.empty() && !shows(a.read[i].metadata, std::span(m).subspan(i * g.oob_bytes, g.oob_bytes))) {
      return fmt::format("metadata of sector {} differ", i);
    }
  }
  return "";
}

Session::Session(Oracle oracle, std::shared_ptr<emulator::Device> device, std::uint64_t seed, Media media)
    : device_(std::move(device)),
      oracle_(std::move(oracle)),
      media_(media),
      random_(seed * 2 + 1),
      generator_(seed, oracle_),
      controller_(device_, 1),
      depths_{1, 3, 8} {
  generator_.always_metadata = media == Media::immediate_after_failures;
  for (std::size_t i = 0; i < depths_.size(); ++i) {
    queues_.push_back(std::make_unique<emulator::Queue>(controller_, depths_[i], static_cast<std::uint16_t>(i + 1)));
  }
}

Session::Footprint Session::footprint(const Request& r) const {
  Footprint f;
  std::vector<std::uint64_t> lbas = r.list;
  lbas.insert(lbas.end(), r.destination.begin(), r.destination.end());
  if (r.opcode() == 0x01 || r.opcode() == 0x02) {
    const std::uint64_t first = spec::Slba::get(r.command);
    for (std::uint64_t i = 0; i < r.count(); ++i) lbas.push_back(first + i);
  }
  for (const spec::DsmRange& range : r.ranges) lbas.push_back(range.slba);
  for (const std::uint64_t lba : lbas) {
    const auto c = oracle_.chunk_of(lba);
    if (c && (f.touches.empty() || f.touches.back() != *c)) f.touches.push_back(*c);
  }
  if (r.opcode() == 0x90 || r.opcode() == 0x09) f.resets = f.touches;
  f.reads = r.opcode() == 0x02 || r.opcode() == 0x92 || r.opcode() == 0x93;
  f.writes = r.opcode() == 0x01 || r.opcode() == 0x91 || r.opcode() == 0x93;
  return f;
}

/// Whether the command writes a sector twice, as random chunks allow. Media may do that in any order.
bool Session::repeats(const Request& r) const {
  std::vector<std::uint64_t> sorted = r.opcode() == 0x93 ? r.destination : r.list;
  std::ranges::sort(sorted);
  return (r.opcode() == 0x91 || r.opcode() == 0x93) && std::ranges::adjacent_find(sorted) != sorted.end();
}

/// Whether a command's outcome is the same whenever the device carries out the others of its batch.
bool Session::determined(const Footprint& f) const {
  return std::ranges::all_of(footprints_, [&](const Footprint& other) { return independent(f, other); });
}

bool Session::independent(const Footprint& a, const Footprint& b) const {
  const Geometry& g = oracle_.geometry();
  const bool limits = g.max_open != 0 || g.max_open_unit != 0;
  if (limits && ((a.writes && !b.resets.empty()) || (b.writes && !a.resets.empty()))) return false;
  if (!a.resets.empty() && !b.resets.empty()) return false;  // the order of notifications
  if (overlap(a.resets, b.touches) || overlap(a.touches, b.resets)) return false;
  // Reads and writes are carried out when they are started, where the media are immediate.
  if (media_ != Media::slow) return true;
  // Otherwise writes are admitted when they are started, and reads see what has been committed.
  if (limits && a.writes && b.writes) return false;
  if ((!a.reads && !b.reads) || (!a.writes && !b.writes)) {
    return std::ranges::none_of(a.touches, [&](std::uint64_t c) {
      return a.writes && std::ranges::find(b.touches, c) != b.touches.end() && oracle_.chunks()[c].random;
    });
  }
  return !overlap(a.touches, b.touches);
}

std::string Session::batch() {
  flights_.clear();
  footprints_.clear();
  const std::size_t wanted = random_.between(1, 6);
  while (flights_.size() < wanted) {
    Request r = postponed_ ? std::move(*postponed_) : generator_.next();
    postponed_.reset();
    if (media_ == Media::slow && repeats(r)) continue;
    const Footprint f = footprint(r);
    if (!determined(f)) {
      postponed_ = std::make_unique<Request>(std::move(r));
      break;
    }
    footprints_.push_back(f);
    flights_.push_back(std::make_unique<Flight>());
    flights_.back()->request = std::move(r);
    std::string difference = start(*flights_.back());
    if (!difference.empty()) return difference;
  }
  return collect();
}

std::string Session::start(Flight& flight) {
  ++step_;
  trace_.push_back(flight.request);
  if (trace_.size() > kTrace) trace_.pop_front();
  flight.answer = oracle_.io(flight.request);
  flight.transfer = std::make_unique<Transfer>(random_, flight.request, oracle_.geometry());
  const auto used = [&](std::size_t q) {
    return std::ranges::count_if(flights_, [&](const auto& f) { return f.get() != &flight && f->queue == q; });
  };
  do flight.queue = random_.below(queues_.size());
  while (std::cmp_greater_equal(used(flight.queue), depths_[flight.queue]));
  // Any tag below the depth that no other command of this queue has.
  const auto taken = [&](std::uint64_t tag) {
    return std::ranges::any_of(
        flights_, [&](const auto& f) { return f.get() != &flight && f->queue == flight.queue && f->tag == tag; });
  };
  do flight.tag = static_cast<std::uint16_t>(random_.below(depths_[flight.queue]));
  while (taken(flight.tag));
  queues_[flight.queue]->start(flight.request.command, flight.transfer->payload, flight.tag);
  return "";
}

std::string Session::collect() {
  std::array<emulator::Done, 4> done;
  const auto missing = [&] { return std::ranges::count_if(flights_, [](const auto& f) { return !f->done; }); };
  for (unsigned polls = 0; missing() != 0; ++polls) {
    if (polls == kPatience) return fmt::format("{} commands never completed", missing());
    const std::size_t q = random_.below(queues_.size());
    const unsigned count = queues_[q]->poll(std::span(done).first(random_.between(1, done.size())));
    for (unsigned i = 0; i < count; ++i) {
      std::string difference = completed(q, done[i]);
      if (!difference.empty()) return difference;
    }
  }
  for (const auto& queue : queues_) {
    if (queue->in_flight() != 0 || queue->poll(done) != 0) return "a queue has commands left";
  }
  return "";
}

std::string Session::completed(std::size_t queue, const emulator::Done& done) {
  for (const auto& f : flights_) {
    if (f->queue == queue && f->tag == done.tag && !f->done) return finished(*f, done.completion);
  }
  return fmt::format("queue {} completed tag {} that it does not have", queue, done.tag);
}

std::string Session::finished(Flight& flight, const Completion& completion) {
  flight.done = true;
  const Answer& a = flight.answer;
  const unsigned want = a.code == kSuccess ? 0 : a.code | 0x4000U;  // verdicts say Do Not Retry
  const unsigned got = completion.status.nvme_bits() & ~0x2000U;
  const std::string what = describe(flight.request, oracle_);
  if (completion.status.is_os() || got != want) {
    return fmt::format("{}\n  status {:#x} ({}), expected {:#x}", what, got, completion.status.message(), want);
  }
  if (completion.result != a.bits) {
    return fmt::format("{}\n  status {:#x}, result {:#x}, expected {:#x}", what, got, completion.result, a.bits);
  }
  const std::string difference = flight.transfer->compare(flight.request, a, oracle_.geometry());
  return difference.empty() ? "" : fmt::format("{}\n  {}", what, difference);
}

std::string Session::switch_dulbe(bool on) {
  const auto value = static_cast<std::uint32_t>(random_.below(1 << 16)) | (on ? 1U << 16 : 0);
  const Completion set = controller_.execute(spec::build::set_features(spec::FeatureId::error_recovery, 1, value), {});
  const Completion get = controller_.execute(spec::build::get_features(spec::FeatureId::error_recovery, 1), {});
  oracle_.dulbe = on;
  return set.ok() && get.ok() && get.result == value ? "" : "error recovery cannot be set";
}

std::string Session::admin() {
  const std::uint64_t log_bytes = oracle_.chunks().size() * 32;
  switch (random_.below(8)) {
    case 0:
    case 1: return switch_dulbe(!oracle_.dulbe);
    case 2: return compare_notifications();
    case 3: return compare_log(log_bytes - 4 * random_.between(0, 20), 4 * random_.between(1, 40));
    case 4: return compare_log(log_bytes + 4 * random_.between(1, 3), 4);
    case 5: return compare_log(random_.below(log_bytes), 4 * random_.between(1, 64));
    default: return compare_log(random_.below(log_bytes) / 4 * 4, 4 * random_.between(1, 256));
  }
}

std::string Session::compare_log(std::uint64_t offset, std::uint64_t bytes) {
  const std::vector<std::uint8_t> log = oracle_.chunk_log();
  Scatter target(random_, bytes, kCanary);
  const auto command =
      spec::build::get_log(spec::LogPage::chunk_information, 1, offset, static_cast<std::uint32_t>(bytes));
  const Completion c =
      controller_.execute(command, {.data = target.segments(), .metadata = {}, .list = {}, .destination = {}});
  const bool valid = offset % 4 == 0 && offset <= log.size();
  const unsigned want = valid ? 0 : kInvalidField | 0x4000U;
  const std::string what = fmt::format("chunk log, offset {} of {}, {} bytes", offset, log.size(), bytes);
  if ((c.status.nvme_bits() & ~0x2000U) != want) return what + ": " + c.status.message();
  const std::vector<std::byte> got = target.gather();
  const std::size_t filled = valid ? std::min<std::size_t>(log.size() - offset, bytes) : 0;
  if (!target.guards_intact() || !untouched(std::span(got).subspan(filled)))
    return what + ": wrote beyond the log's end";
  for (std::size_t i = 0; i < filled; ++i) {
    const auto byte = static_cast<std::uint8_t>(got[i]);
    if (byte == log[offset + i]) continue;
    return fmt::format("{}: byte {} of chunk {}'s descriptor is {:#x}, expected {:#x}", what, (offset + i) % 32,
                       (offset + i) / 32, byte, log[offset + i]);
  }
  return "";
}

std::string Session::compare_notifications() {
  Scatter target(random_, 4096, kCanary);
  const auto command = spec::build::get_log(spec::LogPage::chunk_notification, 1, 0, 4096);
  const Completion c =
      controller_.execute(command, {.data = target.segments(), .metadata = {}, .list = {}, .destination = {}});
  if (!c.ok()) return "notification log: " + c.status.message();
  const std::vector<std::byte> got = target.gather();
  for (std::size_t i = 0; i < 64; ++i) {
    const Notification want = i < oracle_.notifications().size() ? oracle_.notifications()[i] : Notification{};
    if (std::memcmp(got.data() + i * 64, want.data(), 64) != 0) return fmt::format("notification {} differs", i);
  }
  return "";
}

std::string Session::compare_stretch(std::uint64_t lba, std::uint32_t count) {
  Flight flight;
  flight.request.command = spec::build::transfer(spec::IoOpcode::read, 1, lba, count);
  flight.request.data_bytes = std::uint64_t{count} * oracle_.geometry().sector_bytes;
  flight.request.metadata_bytes = std::uint64_t{count} * oracle_.geometry().oob_bytes;
  flights_.clear();
  flights_.push_back(std::make_unique<Flight>(std::move(flight)));
  start(*flights_.back());
  return collect();
}

std::string Session::compare_contents() {
  const Geometry& g = oracle_.geometry();
  const auto limit = static_cast<std::uint32_t>(std::min<std::uint64_t>(64, oracle_.transfer_limit() / g.sector_bytes));
  for (std::uint64_t c = 0; c < oracle_.chunks().size(); ++c) {
    const Chunk& chunk = oracle_.chunks()[c];
    const bool pristine = chunk.cycles == 0 && chunk.sectors.empty();
    if (pristine && c % 64 != 0) continue;  // most were never touched
    for (std::uint32_t at = 0; at < (pristine ? 1 : g.sectors); at += limit) {
      std::string difference = compare_stretch(oracle_.lba(c, at), std::min(limit, g.sectors - at));
      if (!difference.empty()) return difference;
    }
  }
  return "";
}

std::string Session::explain(const std::string& difference) const {
  std::string text = fmt::format("command {}: {}\nlast commands:\n", step_, difference);
  for (const Request& r : trace_) text += "  " + describe(r, oracle_) + '\n';
  return text;
}

std::string Session::run(std::uint64_t steps, Clock::time_point end) {
  std::string difference;
  while (difference.empty() && step_ < steps && (step_ % 16 != 0 || Clock::now() < end)) {
    difference = random_.chance(15) ? admin() : batch();
  }
  if (difference.empty()) difference = compare_log(0, oracle_.chunks().size() * 32);
  if (difference.empty()) difference = compare_notifications();
  if (difference.empty()) difference = switch_dulbe(false);
  if (difference.empty()) difference = compare_contents();
  return difference.empty() ? "" : explain(difference);
}

}  // namespace lightnvm::oracle
