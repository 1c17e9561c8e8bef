// SPDX-License-Identifier: BSD-2-Clause
// A connection's life: its events, its clock, its end.
#include "target/session.hpp"

#include <algorithm>

namespace lightnvm::target {
namespace {

namespace f = spec::fabrics;

fabrics::TargetOptions options_of(const TargetConfig& config) noexcept {
  fabrics::TargetOptions options;
  options.digests = {config.header_digest, config.data_digest};
  options.window = 128;
  return options;
}

}  // namespace

Session::Session(Home& home, Tally& tally, const os::Endpoint& local, TimePoint now)
    : home_(home),
      tally_(tally),
      local_(local),
      target_(options_of(home.config), *this),
      works_(1),
      now_(now),
      deadline_(now + home.config.handshake) {}

Session::~Session() { disconnect(); }

void Session::command(std::uint32_t slot, const fabrics::TargetCommand& command) noexcept {
  works_[slot] = {};
  if (draining_) return;  // the host finds the connection gone, and tries again
  ++under_way_;
  works_[slot].command = &command.command;
  if (!connected_) {
    on_connect(command);
  } else if (spec::Opcode::get(command.command) == f::kFabricsOpcode) {
    on_fabrics(slot, command.command);
  } else {
    begin(slot, command);
  }
}

void Session::on_fabrics(std::uint32_t slot, const spec::Command& c) noexcept {
  const auto type = static_cast<f::CommandType>(f::Fctype::get(c));
  if (admin_ && type == f::CommandType::property_get) return answer(slot, admin_->property_get(c));
  if (admin_ && type == f::CommandType::property_set) return answer(slot, admin_->property_set(c));
  if (type == f::CommandType::connect) return answer(slot, {0, Status::nvme_dnr(StatusCode::command_sequence_error)});
  // NVMe-2.0 6.4: for I/O queues alone.
  if (type != f::CommandType::disconnect || admin_) {
    return answer(slot, {0, Status::nvme_dnr(StatusCode::invalid_opcode)});
  }
  disconnected_ = true;
  answer(slot, {});
}

void Session::received(std::uint32_t slot, Status status) noexcept {
  if (!connected_) {
    if (!status) return answer(slot, {0, status});
    return connect();
  }
  if (!status) return refuse(slot, status);
  is_ready(slot);
}

void Session::answer(std::uint32_t slot, const Completion& completion, bool with_data) noexcept {
  Work& w = works_[slot];
  w.phase = Phase::answered;
  (admin_ || qid_ == 0 ? tally_.admin_commands : tally_.io_commands).add();
  if (!completion) tally_.failed_commands.add();
  w.piece = {w.controller.data(), w.controller.size()};
  const bool sends = with_data && !w.controller.empty();
  if (sends && !admin_) tally_.bytes_to_hosts.add(w.controller.size());
  (void)target_.respond(slot, completion, sends ? std::span<const Segment>(&w.piece, 1) : std::span<const Segment>());
}

void Session::finished(std::uint32_t slot) noexcept {
  Work& w = works_[slot];
  --under_way_;
  w.phase = Phase::free;
  if (w.lent == nullptr) return;
  arena_.release(w.lent, w.lent_bytes);
  w.lent = nullptr;
  lend_to_waiting();
}

void Session::run(TimePoint now) {
  now_ = now;
  do {
    submit_ready();
  } while (reap() != 0 && !ready_.empty());
  if (hung_up_) return;
  if (admin_) tell_events();
  look_at_clock(now);
}

std::uint32_t Session::polled_in_flight() const noexcept {
  std::uint32_t sum = 0;
  for (const Line& line : lines_) sum += line.polled ? line.in_flight : 0;
  return sum;
}

void Session::tell_events() noexcept {
  try {
    while (const auto told = admin_->next_event()) {
      ++under_way_;
      answer(told->slot, told->completion);
    }
  } catch (const std::bad_alloc&) {
    // The event stays where it is until there is memory.
  }
}

void Session::look_at_clock(TimePoint now) noexcept {
  if (admin_ && admin_->expired(now)) time_out();
  if (!connected_) {
    if (now >= deadline_) time_out();
    return;
  }
  const std::uint64_t pdus = target_.pdus();
  if (!target_.in_pdu()) {
    deadline_ = TimePoint::max();
  } else if (pdus != pdus_ || deadline_ == TimePoint::max()) {
    deadline_ = now + home_.config.stall;
  } else if (now >= deadline_) {
    time_out();
  }
  pdus_ = pdus;
}

void Session::time_out() noexcept {
  if (!timed_out_) tally_.timeouts.add();
  timed_out_ = true;
}

bool Session::over() const noexcept {
  const fabrics::State state = target_.state();
  if (timed_out_ || disconnected_ || state == fabrics::State::terminating || state == fabrics::State::terminated) {
    return true;
  }
  if (!connected_) return draining_;
  const bool stale = controller_->gone || (qid_ != 0 && controller_->resets != resets_);
  return stale || (draining_ && under_way_ == 0);
}

void Session::hang_up() noexcept {
  const fabrics::State state = target_.state();
  if (state == fabrics::State::terminating || state == fabrics::State::terminated) tally_.protocol_errors.add();
  hung_up_ = true;
  target_.close();
  ready_.clear();
  waiting_.clear();
  turns_.clear();
  // What I/O queues there are follow at once, not when the devices are done.
  admin_.reset();
}

}  // namespace lightnvm::target
