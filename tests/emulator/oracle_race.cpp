// SPDX-License-Identifier: BSD-2-Clause
// How a race is recorded, and judged when it is over.
#include "emulator/oracle_race.hpp"

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <utility>

#include "spec/build.hpp"

namespace lightnvm::oracle {
namespace {

Oracle without_limits(emulator::Config config, bool dulbe) {
  config.geometry.max_open = config.geometry.max_open_unit = 0;
  Oracle oracle(config);
  oracle.dulbe = dulbe;
  return oracle;
}

}  // namespace

Race::Race(const emulator::Config& of, std::shared_ptr<emulator::Device> device, SlowMedia* slow, bool dulbe,
           bool several_threads)
    : config(of),
      threads(several_threads),
      initial(without_limits(of, dulbe)),
      media(slow),
      controller(device, 1),
      history(initial),
      issued(initial.chunks().size()),
      device_(std::move(device)) {
  const std::uint32_t value = dulbe ? 1U << 16 : 0;
  if (!controller.execute(spec::build::set_features(spec::FeatureId::error_recovery, 1, value), {}).ok()) fail("DULBE");
}

void Race::fail(const std::string& what) {
  const std::scoped_lock lock(mutex_);
  if (what_.empty()) what_ = what;
  failed_ = true;
}

bool Race::claim(std::uint64_t chunk, unsigned Claim::* use) {
  const std::scoped_lock lock(mutex_);
  Claim& c = claims_[chunk];
  const bool random = initial.chunks()[chunk].random;
  if (use == &Claim::resets && c.sources != 0) return false;
  if (use == &Claim::sources && c.resets != 0) return false;
  if (random && use != &Claim::resets && c.writes != 0) return false;
  if (random && use == &Claim::writes && c.reads + c.sources != 0) return false;
  ++(c.*use);
  return true;
}

void Race::release(std::uint64_t chunk, unsigned Claim::* use) {
  const std::scoped_lock lock(mutex_);
  --(claims_[chunk].*use);
}

bool Race::idle_of_resets(std::uint64_t chunk) {
  const std::scoped_lock lock(mutex_);
  return claims_[chunk].resets == 0;
}

std::vector<Descriptor> Race::report() {
  std::vector<Descriptor> all(initial.chunks().size());
  const Segment target{reinterpret_cast<std::byte*>(all.data()), all.size() * sizeof(Descriptor)};
  const auto command =
      spec::build::get_log(spec::LogPage::chunk_information, 1, 0, static_cast<std::uint32_t>(target.bytes));
  Payload payload;
  payload.data = {&target, 1};
  const std::uint64_t begin = now();
  if (!controller.execute(command, payload).ok()) fail("the chunk report failed");
  const std::uint64_t end = now();
  unsigned open = 0;
  for (std::uint64_t i = 0; i < all.size(); ++i) {
    if (all[i][0] == kOpen && !initial.chunks()[i].random) ++open;
    Event e;
    e.kind = Event::Kind::report;
    e.chunk = i, e.begin = begin, e.end = end, e.report = all[i];
    history.add(std::move(e));
  }
  const std::uint32_t limit = config.geometry.max_open;
  if (!threads && limit != 0 && open > limit) fail(fmt::format("{} open chunks, but the limit is {}", open, limit));
  return all;
}

void Race::read_back(emulator::Queue& queue, std::uint64_t chunk, std::uint64_t lblk) {
  Random random(1);
  Request r;
  r.command = spec::build::transfer(spec::IoOpcode::read, 1, initial.lba(chunk, lblk), 1);
  r.data_bytes = config.geometry.sector_bytes;
  r.metadata_bytes = config.geometry.oob_bytes;
  const Transfer transfer(random, r, config.geometry);
  Event e;
  e.chunk = chunk, e.first = lblk, e.begin = now();
  queue.start(r.command, transfer.payload, 0);
  std::array<emulator::Done, 1> done;
  for (int polls = 0; queue.poll(done) == 0; ++polls) {
    if (polls == 1000) return fail("a read never completed");
  }
  e.end = now();
  e.code = static_cast<std::uint16_t>(done[0].completion.status.code());
  if (done[0].completion.ok()) e.content = {{tag_of(transfer.data.gather()), tag_of(transfer.metadata.gather())}};
  history.add(std::move(e));
}

/// Every sector on its own, by a queue that nobody else uses.
void Race::read_back() {
  emulator::Queue queue(controller, 1, 99);
  for (std::uint64_t chunk = 0; chunk < initial.chunks().size(); ++chunk) {
    for (std::uint64_t lblk = 0; lblk < config.geometry.sectors; ++lblk) read_back(queue, chunk, lblk);
  }
}

std::string Race::explain_all(Oracle& end) {
  std::string all;
  for (std::uint64_t chunk = 0; chunk < initial.chunks().size(); ++chunk) {
    if (media != nullptr && media->discard_failed(static_cast<std::uint32_t>(chunk))) history.allow_offline(chunk);
    all += history.explain(chunk, end.chunk(chunk));
  }
  return all;
}

/// What survives a restart is the device's present state.
std::string Race::check_saved() const {
  if (media != nullptr && media->record_outlived_data())
    return "a chunk was discarded that its record shows as written";
  for (std::uint32_t chunk = 0; chunk < initial.chunks().size(); ++chunk) {
    emulator::ChunkRecord saved;
    if (media != nullptr && media->saved(chunk, saved) && saved != device_->machine().record(chunk)) {
      return fmt::format("what was saved of chunk {} is not its state", chunk);
    }
  }
  return "";
}

std::string Race::conclude(std::uint64_t seed) {
  if (media != nullptr) media->hurry();
  (void)report();
  read_back();
  if (failed_) return what_;
  Oracle end(config);
  std::string wrong = explain_all(end);
  if (wrong.empty()) wrong = check_saved();
  if (!wrong.empty()) return wrong;
  // The device goes on as any other does: no slot, no reservation and no lock was left behind.
  end.dulbe = initial.dulbe;
  const std::string after = Session(end, device_, seed, Session::Media::immediate_after_failures).run(150);
  return after.empty() ? "" : "after the race: " + after;
}

}  // namespace lightnvm::oracle
