// SPDX-License-Identifier: BSD-2-Clause
// The engine of virtual blocks.
#include "vblk/engine.hpp"

#include <array>

namespace lightnvm::vblk {

Engine::Engine(Queue queue, const Stripe& stripe, std::uint32_t sector_bytes, std::uint32_t oob_bytes, bool ordered)
    : stripe_(stripe),
      sector_bytes_(sector_bytes),
      oob_bytes_(oob_bytes),
      ordered_(ordered),
      busy_(stripe.chunks.size()),
      pattern_(static_cast<std::size_t>(stripe.most_write) * sector_bytes),
      queue_(std::move(queue)) {
  for (std::size_t i = 0; i < pattern_.size(); ++i) pattern_[i] = static_cast<std::byte>('A' + i % 26);
}

Engine::~Engine() {
  while (!idle()) {
    if (!go_on(true)) return;
  }
}

void Engine::start(Job job) {
  job.first = job.next;
  jobs_.push_back(std::make_unique<Job>(std::move(job)));
  send();
}

bool Engine::chunks_free(std::uint64_t sector, std::uint32_t count) const noexcept {
  for (std::uint64_t s = sector; s < sector + count; s += stripe_.unit - s % stripe_.unit) {
    if (busy_[stripe_.chunk_of(s)] != 0) return false;
  }
  return true;
}

void Engine::mark(std::uint64_t sector, std::uint32_t count, bool busy) noexcept {
  for (std::uint64_t s = sector; s < sector + count; s += stripe_.unit - s % stripe_.unit) {
    busy_[stripe_.chunk_of(s)] = busy ? 1 : 0;
  }
}

Status Engine::submit(Job& job, std::uint64_t sector, std::uint32_t count) {
  std::array<Address, kMaxAddresses> from;
  std::array<Address, kMaxAddresses> to;
  const auto list = [&](const Stripe& stripe, std::array<Address, kMaxAddresses>& out) {
    const auto used = std::span(out).first(count);
    stripe.addresses(sector, used);
    return std::span<const Address>(used);
  };
  const bool vector = stripe_.vector || job.kind == JobKind::copy;
  const Sectors sectors = vector ? Sectors(list(stripe_, from)) : Sectors(stripe_.at(sector), count);
  Callback done = [this, &job, sector, count](const Completion& c) { on_done(job, sector, count, c); };
  const std::size_t bytes = static_cast<std::size_t>(count) * sector_bytes_;
  const auto at = static_cast<std::size_t>(sector - job.first);
  std::byte* data = job.data == nullptr ? pattern_.data() : job.data + at * sector_bytes_;
  std::span<std::byte> metadata;
  if (job.metadata != nullptr) {
    metadata = {job.metadata + at * oob_bytes_, static_cast<std::size_t>(count) * oob_bytes_};
  }
  switch (job.kind) {
    case JobKind::read:
      return queue_.read(sectors, Destination({data, bytes}, metadata), std::move(done), stripe_.options);
    case JobKind::copy: return queue_.copy(list(stripe_, from), list(*job.target, to), std::move(done));
    case JobKind::write:
    case JobKind::pad: break;
  }
  return queue_.write(sectors, Source(std::span<const std::byte>(data, bytes), metadata), std::move(done),
                      stripe_.options);
}

// False when nothing more can be sent now.
bool Engine::send_one(Job& job) {
  std::uint64_t most = job.kind == JobKind::read ? stripe_.most_read : stripe_.most_write;
  if (job.kind == JobKind::copy) most = std::min(most, std::uint64_t{kMaxAddresses / stripe_.step} * stripe_.step);
  const std::uint32_t count = stripe_.length(job.next, std::min(most, job.end - job.next));
  if (writes(job) && !chunks_free(job.next, count)) return false;
  const std::uint64_t sector = job.next;
  const Status s = submit(job, sector, count);
  if (s.is_errno(EAGAIN)) return false;
  if (!s) {
    job.status = s;
    job.next = job.end;
    return true;
  }
  if (writes(job)) mark(sector, count, true);
  job.next += count;
  ++job.outstanding;
  return true;
}

void Engine::send() {
  for (const auto& job : jobs_) {
    while (job->next < job->end) {
      if (!send_one(*job)) return;
    }
  }
}

void Engine::on_done(Job& job, std::uint64_t sector, std::uint32_t count, const Completion& completion) {
  --job.outstanding;
  if (writes(job)) mark(sector, count, false);
  if (completion) return;
  if (job.status) job.status = completion.status;
  // What comes behind a failed command would only fail as well, or lie in the wrong place.
  job.next = job.end;
}

// Calls back for jobs that are done; a callback may start another one.
void Engine::retire() {
  for (std::size_t i = 0; i < jobs_.size();) {
    if (jobs_[i]->next < jobs_[i]->end || jobs_[i]->outstanding != 0) {
      ++i;
      continue;
    }
    const std::unique_ptr<Job> job = std::move(jobs_[i]);
    jobs_.erase(jobs_.begin() + static_cast<std::ptrdiff_t>(i));
    ++finished_;
    if (job->done) job->done({0, job->status});
  }
}

Status Engine::go_on(bool wait) {
  send();
  const auto n = queue_.wait(wait && queue_.in_flight() != 0 ? 1 : 0);
  if (!n) return n.error();
  retire();
  send();
  return {};
}

}  // namespace lightnvm::vblk
