// SPDX-License-Identifier: BSD-2-Clause
// A random load on a device whose power fails.
#include "cut_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <set>
#include <stdexcept>

#include "base/error.hpp"
#include "cut_disk.hpp"
#include "cut_model.hpp"
#include "emulator/queue.hpp"
#include "spec/build.hpp"

namespace lightnvm::emulator::durability {
namespace {

struct Wrong : std::runtime_error {
  using std::runtime_error::runtime_error;
};

constexpr std::uint32_t kRandomChunk = 1;  // where a device of OCSSD 2.0 has one

/// A command with its memory.
struct Order {
  spec::Command command;
  std::vector<std::uint64_t> list, destination;
  Bytes data, metadata;
  std::vector<Segment> segments;
  Payload payload;
};

class Run {
 public:
  Run(std::uint64_t seed, const std::string& directory) : random_(seed), path_(directory + "/cut.img") {
    make();
    disk_.emplace(paths());
    disk_->during_sync = [this] { beside_sync(); };
    open();
  }
  ~Run() { close_quietly(); }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  CutResult cuts(std::uint32_t count) {
    CutResult result;
    for (; result.cuts < count; ++result.cuts) {
      // Now and then the power fails after the device was closed.
      const bool closed = one_in(6);
      disk_->cut_after(closed ? 0 : 1 + random_() % (random_() % 2 == 0 ? 40 : 400));
      work(closed ? below(20) : 600);
      close();
      fail_and_reopen();
      check();
    }
    close();
    result.commands = commands_;
    result.syncs = disk_->syncs();
    return result;
  }

 private:
  std::uint32_t below(std::uint64_t n) { return static_cast<std::uint32_t>(random_() % n); }
  bool one_in(std::uint32_t n) { return below(n) == 0; }

  void make() {
    physical_ = one_in(4);
    config_ = Config(physical_ ? SpecVersion::ocssd12 : SpecVersion::ocssd20);
    const auto set = [&](std::string_view key, std::uint64_t value) {
      if (!apply_option(config_, key, std::to_string(value))) throw Wrong(std::string(last_error()));
    };
    (void)apply_option(config_, "bad", "none");
    set("groups", 1 + below(2));
    set("punits", 1 + below(2));
    set("sector_bytes", one_in(3) ? 4096 : 512);
    set("oob_bytes", one_in(4) ? 0 : 16);
    set("pe_cycles", 60000);
    if (physical_) {
      set("blocks", 3);
      set("planes", 1U << below(2));
      set("pages", 6);
      set("page_sectors", 2);
    } else {
      set("chunks", 5);
      set("sectors", 24);
      set("ws_opt", 4);
      set("ws_min", 2);
      set("mw_cunits", one_in(2) ? 0 : 4);
      set("mccap", 7);
      ChunkOverride random;
      random.address = Address::of(0, 0, kRandomChunk);
      random.type = ChunkType::random;
      config_.overrides.push_back(random);
    }
    CreateOptions options;
    if (one_in(4)) options.segment_bytes = 2 << 20;
    if (!create(path_, config_, options)) throw Wrong(std::string(last_error()));
    const Geometry g = machine_geometry(config_.geometry);
    blank_ = {std::make_shared<Bytes>(g.sector_bytes), std::make_shared<Bytes>(g.oob_bytes)};
    for (std::uint32_t c = 0; c < g.total_chunks(); ++c) models_.emplace_back(g.sectors);
    if (!physical_) random_model_.emplace(g.sectors, blank_);
  }

  std::vector<std::string> paths() const {
    const std::uint32_t segments = info(path_)->segments;
    std::vector<std::string> out{path_};
    for (std::uint32_t i = 1; i < segments; ++i) out.push_back(fmt::format("{}.{}", path_, i));
    return out;
  }

  bool open() {
    auto device = Device::from_file(path_, ImageAccess::exclusive, disk_->maker());
    if (!device && !disk_->off()) throw Wrong(fmt::format("cannot be opened: {}", last_error()));
    if (!device) return false;
    device_ = std::move(*device);
    controller_ = std::make_unique<Controller>(device_, 1);
    for (auto& queue : queues_) queue = std::make_unique<Queue>(*controller_, 4, 1);
    packer_ = model::PpaPacker(device_->ppa_format());
    return true;
  }

  void close() {
    for (auto& queue : queues_) queue.reset();
    controller_.reset();
    const bool open = device_ != nullptr;
    if (open) flush_begins();
    closing_ = true;
    device_.reset();
    closing_ = false;
    if (open && !disk_->off()) flush_ends();
  }

  // The power may fail again while the device recovers; nothing has been promised meanwhile.
  void fail_and_reopen() {
    while (true) {
      disk_->restore(random_);
      if (one_in(3)) disk_->cut_after(1 + below(12));
      if (open() && !disk_->off()) break;
      close_quietly();
    }
    disk_->cut_after(0);
  }
  void close_quietly() {
    for (auto& queue : queues_) queue.reset();
    controller_.reset();
    closing_ = true;
    device_.reset();
    closing_ = false;
  }

  [[nodiscard]] const Geometry& geometry() const { return device_->geometry(); }
  [[nodiscard]] bool is_random(std::uint32_t chunk) const { return !physical_ && chunk == kRandomChunk; }

  [[nodiscard]] std::uint64_t address(std::uint32_t chunk, std::uint32_t sector) const {
    const Geometry& g = config_.geometry;
    if (!physical_) return device_->format().pack(geometry().chunk_address(chunk).at_sector(sector));
    const Address a = device_address(g, chunk);
    return packer_.pack(
        Address::of12(a.group(), a.unit(), a.chunk(), a.plane(), sector / g.page_sectors, sector % g.page_sectors));
  }

  Sector fresh_sector(bool metadata) {
    const Geometry& g = geometry();
    const auto fill = [&](std::uint32_t bytes) {
      auto out = std::make_shared<Bytes>(bytes);
      for (std::uint32_t at = 0; at < bytes; at += 8) {
        const std::uint64_t word = random_();
        std::memcpy(out->data() + at, &word, std::min<std::size_t>(8, bytes - at));
      }
      return std::shared_ptr<const Bytes>(std::move(out));
    };
    return {fill(g.sector_bytes), metadata ? fill(g.oob_bytes) : blank_.metadata};
  }

  Completion run(Order& order, unsigned queue) {
    ++commands_;
    order.payload.list = order.list;
    order.payload.destination = order.destination;
    queues_.at(queue)->start(order.command, order.payload, 0);
    Done done;
    while (queues_.at(queue)->poll({&done, 1}) == 0) {
    }
    if (!done.completion && !disk_->off()) {
      throw Wrong(fmt::format("a command failed: {}", done.completion.status.message()));
    }
    return done.completion;
  }

  // Memory for sectors, in one piece or in odd ones.
  void bring(Order& order, const std::vector<Sector>& sectors, bool metadata) {
    for (const Sector& s : sectors) {
      order.data.insert(order.data.end(), s.data->begin(), s.data->end());
      if (metadata) order.metadata.insert(order.metadata.end(), s.metadata->begin(), s.metadata->end());
    }
    lay_out(order);
  }
  void lay_out(Order& order) {
    const std::size_t cut = one_in(3) ? below(order.data.size()) / 4 * 4 : 0;
    order.segments = {{order.data.data(), cut},
                      {order.data.data() + cut, order.data.size() - cut},
                      {order.metadata.data(), order.metadata.size()}};
    order.payload.data = std::span(order.segments).subspan(cut == 0 ? 1 : 0, cut == 0 ? 1 : 2);
    if (!order.metadata.empty()) order.payload.metadata = std::span(order.segments).subspan(2, 1);
  }

  struct Part {
    std::uint32_t chunk, first, count;
  };
  // A few runs in different chunks, not in those that a command under way has.
  std::vector<Part> choose_parts(bool all_writable) {
    const Geometry& g = geometry();
    const std::uint32_t unit = g.ws_min;
    std::vector<Part> parts;
    std::uint32_t total = 0;
    const std::uint32_t wanted = 1 + (one_in(3) ? below(3) : 0);
    for (std::uint32_t tries = 0; tries < 20 && parts.size() < wanted; ++tries) {
      const std::uint32_t chunk = below(models_.size());
      if (busy_.contains(chunk) || std::ranges::any_of(parts, [&](const Part& p) { return p.chunk == chunk; }))
        continue;
      if (is_random(chunk)) {
        const std::uint32_t count = 1 + below(4);
        if (!all_writable) continue;
        parts.push_back({chunk, below(g.sectors - count + 1), count});
        total += count;
        continue;
      }
      const std::uint32_t wp = models_[chunk].written();
      if (wp == g.sectors || (!all_writable && wp == 0)) continue;
      const std::uint32_t count = std::min(unit * (1 + below(3)), g.sectors - wp);
      if (total + count > 32) break;
      parts.push_back({chunk, wp, count});
      total += count;
    }
    return parts;
  }

  void write(unsigned queue, bool fua) {
    const std::vector<Part> parts = choose_parts(queue == 0);
    if (parts.empty()) return;
    const bool metadata = geometry().oob_bytes != 0 && !one_in(3);
    std::vector<Sector> sectors;
    Order order;
    for (const Part& p : parts) {
      for (std::uint32_t i = 0; i < p.count; ++i) {
        order.list.push_back(address(p.chunk, p.first + i));
        // Random chunks keep what metadata they had; then they are always told.
        sectors.push_back(fresh_sector(metadata));
      }
    }
    bool brings = metadata;
    if (!metadata && std::ranges::any_of(parts, [&](const Part& p) { return is_random(p.chunk); })) {
      brings = geometry().oob_bytes != 0;
    }
    const auto count = static_cast<std::uint32_t>(order.list.size());
    const bool scalar = !physical_ && parts.size() == 1 && one_in(2);
    if (scalar) {
      order.command = spec::build::transfer(spec::IoOpcode::write, 1, order.list[0], count);
      order.list.clear();
    } else {
      order.command = spec::build::vector(spec::IoOpcode::vector_write, 1, count);
    }
    if (fua && physical_) spec::Control::set(order.command, spec::kControlFua);
    if (fua && !physical_) spec::Fua::set(order.command, 1);
    bring(order, sectors, brings);
    carry_out_write(order, parts, sectors, queue, fua);
  }

  void carry_out_write(Order& order, const std::vector<Part>& parts, const std::vector<Sector>& sectors, unsigned queue,
                       bool fua) {
    std::size_t at = 0;
    for (const Part& p : parts) {
      const auto begin = sectors.begin() + static_cast<std::ptrdiff_t>(at);
      const std::vector<Sector> own(begin, begin + p.count);
      at += p.count;
      if (is_random(p.chunk)) {
        random_model_->write_begins(p.first, own);
      } else {
        models_[p.chunk].write_begins(own);
      }
      busy_.insert(p.chunk);
    }
    const bool done = run(order, queue).ok();
    for (const Part& p : parts) {
      busy_.erase(p.chunk);
      if (is_random(p.chunk)) {
        random_model_->write_ends(done);
        if (done && fua) random_model_->durable_now();
      } else {
        models_[p.chunk].write_ends(done);
        if (done && fua) models_[p.chunk].durable_now();
      }
    }
  }

  void copy() {
    const std::uint32_t count = geometry().ws_min;
    const std::uint32_t from = below(models_.size());
    if (is_random(from) || models_[from].written() < geometry().mw_cunits + count) return;
    const std::uint32_t first = below(models_[from].written() - geometry().mw_cunits - count + 1);
    const std::uint32_t to = below(models_.size());
    if (is_random(to) || to == from || models_[to].written() == geometry().sectors) return;
    Order order;
    std::vector<Sector> sectors;
    const Part part{to, models_[to].written(), count};
    for (std::uint32_t i = 0; i < count; ++i) {
      order.list.push_back(address(from, first + i));
      order.destination.push_back(address(to, part.first + i));
      sectors.push_back(models_[from].sector(first + i));
    }
    order.command = spec::build::vector(spec::IoOpcode::vector_copy, 1, count);
    const bool fua = one_in(6);
    if (fua) spec::Fua::set(order.command, 1);
    carry_out_write(order, {part}, sectors, 0, fua);
  }

  void reset(unsigned queue) {
    const std::uint32_t chunk = below(models_.size());
    if (busy_.contains(chunk)) return;
    Order order;
    order.list.push_back(address(chunk, 0));
    order.command = spec::build::vector(spec::IoOpcode::vector_reset, 1, 1);
    busy_.insert(chunk);
    if (is_random(chunk)) {
      random_model_->reset_begins();
      random_model_->reset_ends(run(order, queue).ok());
    } else {
      models_[chunk].reset_begins();
      // Where the power failed it may have happened.
      if (!run(order, queue).ok() && !disk_->off()) models_[chunk].reset_ends(false);
    }
    busy_.erase(chunk);
  }

  void mark() {
    const std::uint32_t chunk = below(models_.size());
    const BlockState state = one_in(2) ? BlockState::good : BlockState::host_reserved;
    spec::Command command = spec::build::set_bad_blocks(1, static_cast<std::uint8_t>(state), 1);
    spec::Ppa::set(command, address(chunk, 0));
    models_[chunk].mark_begins(state);
    busy_.insert(chunk);
    const Completion done = controller_->execute(command, {});
    busy_.erase(chunk);
    if (!done && !disk_->off()) throw Wrong("a mark failed");
    models_[chunk].mark_ends(done.ok());
  }

  void flush_begins() {
    for (SequentialModel& m : models_) m.flush_begins();
    if (random_model_) random_model_->flush_begins();
  }
  void flush_ends() {
    for (SequentialModel& m : models_) m.flush_ends();
    if (random_model_) random_model_->flush_ends();
  }
  void flush() {
    Order order;
    order.command = spec::build::flush(1);
    flush_begins();
    if (run(order, 0).ok()) flush_ends();
  }

  void read() {
    const std::uint32_t chunk = below(models_.size());
    if (is_random(chunk) || models_[chunk].written() == 0) return;
    const std::uint32_t readable =
        models_[chunk].written() == geometry().sectors
            ? geometry().sectors
            : models_[chunk].written() - std::min(models_[chunk].written(), geometry().mw_cunits);
    if (readable == 0) return;
    const std::uint32_t at = below(readable);
    const std::vector<Sector> found = fetch(chunk, at, 1);
    if (!disk_->off() && found[0] != models_[chunk].sector(at)) throw Wrong("read something else before any cut");
  }

  std::vector<Sector> fetch(std::uint32_t chunk, std::uint32_t first, std::uint32_t count) {
    const Geometry& g = geometry();
    std::vector<Sector> out;
    for (std::uint32_t i = first; i < first + count; ++i) {
      Order order;
      order.list.push_back(address(chunk, i));
      order.command = spec::build::vector(spec::IoOpcode::vector_read, 1, 1);
      order.data.resize(g.sector_bytes);
      order.metadata.resize(g.oob_bytes);
      order.segments = {{order.data.data(), order.data.size()}, {order.metadata.data(), order.metadata.size()}};
      order.payload.data = std::span(order.segments).first(1);
      if (g.oob_bytes != 0) order.payload.metadata = std::span(order.segments).subspan(1, 1);
      (void)run(order, 0);
      out.push_back(
          {std::make_shared<Bytes>(std::move(order.data)), std::make_shared<Bytes>(std::move(order.metadata))});
    }
    return out;
  }

  // What other queues do while a sync is under way.
  void beside_sync() {
    if (closing_ || device_ == nullptr || beside_) return;
    beside_ = true;
    for (std::uint32_t n = below(6); n > 0 && !disk_->off(); --n) {
      if (one_in(4)) {
        reset(1);
      } else {
        write(1, false);
      }
    }
    beside_ = false;
  }

  void work(std::uint32_t commands) {
    const std::uint32_t calm = below(8);  // how seldom somebody makes things durable
    for (std::uint32_t n = 0; n < commands && !disk_->off(); ++n) {
      const std::uint32_t what = below(24 + 8 * calm);
      if (what < 2) {
        flush();
      } else if (what == 2) {
        write(0, true);
      } else if (what < 6) {
        reset(0);
      } else if (what == 6 && !physical_) {
        copy();
      } else if (what == 6) {
        mark();
      } else if (what < 9) {
        read();
      } else {
        write(0, false);
      }
      if (device_->read_only() && !disk_->off()) throw Wrong("read-only without a reason");
    }
  }

  void check() {
    for (std::uint32_t chunk = 0; chunk < models_.size(); ++chunk) {
      const ChunkRecord record = device_->machine().record(chunk);
      Found found{record.state, record.write_pointer, record.cycles, record.mark, {}};
      // All below the write pointer, also what hosts cannot read yet.
      const std::uint32_t count = is_random(chunk) ? geometry().sectors : record.write_pointer;
      found.sectors = raw(chunk, count);
      const std::string wrong = is_random(chunk) ? random_model_->check(found) : models_[chunk].check(found);
      if (!wrong.empty()) throw Wrong(fmt::format("chunk {}: {}", chunk, wrong));
    }
  }

  std::vector<Sector> raw(std::uint32_t chunk, std::uint32_t count) {
    const Geometry& g = geometry();
    std::vector<Sector> out;
    const auto channel = device_->media().open_channel(1);
    for (std::uint32_t i = 0; i < count; ++i) {
      Bytes data(g.sector_bytes);
      Bytes metadata(g.oob_bytes);
      const Segment memory[2] = {{data.data(), data.size()}, {metadata.data(), metadata.size()}};
      MediaOp op;
      op.chunk = chunk;
      op.first = i;
      op.count = 1;
      op.data = {{&memory[0], 1}, 0, data.size()};
      op.metadata = {{&memory[1], 1}, 0, metadata.size()};
      channel->start(op);
      if (!op.status) throw Wrong("a sector cannot be read");
      out.push_back({std::make_shared<Bytes>(std::move(data)), std::make_shared<Bytes>(std::move(metadata))});
    }
    return out;
  }

  std::mt19937_64 random_;
  std::string path_;
  Config config_;
  bool physical_ = false;
  Sector blank_;
  std::vector<SequentialModel> models_;
  std::optional<RandomModel> random_model_;
  std::optional<CutDisk> disk_;
  std::shared_ptr<Device> device_;
  std::unique_ptr<Controller> controller_;
  std::array<std::unique_ptr<Queue>, 2> queues_;
  model::PpaPacker packer_;
  std::set<std::uint32_t> busy_;
  bool closing_ = false, beside_ = false;
  std::uint64_t commands_ = 0;
};

}  // namespace

CutResult cut_run(std::uint64_t seed, std::uint32_t cuts, const std::string& directory) {
  try {
    return Run(seed, directory).cuts(cuts);
  } catch (const Wrong& e) {
    CutResult result;
    result.wrong = e.what();
    return result;
  }
}

}  // namespace lightnvm::emulator::durability
