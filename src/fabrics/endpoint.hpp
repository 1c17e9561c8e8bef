// SPDX-License-Identifier: BSD-2-Clause
// The half of Host and Target that is the same: state, stream in, stream out, and how a connection ends.
#pragma once

#include "fabrics/input.hpp"
#include "fabrics/output.hpp"

namespace lightnvm::fabrics {

class Endpoint {
 public:
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  [[nodiscard]] State state() const noexcept { return state_; }
  /// What was agreed on; meaningful once the state has been live.
  [[nodiscard]] const Agreement& agreement() const noexcept { return agreement_; }
  /// Why the connection ended; none while it did not.
  [[nodiscard]] const Fault& fault() const noexcept { return fault_; }
  /// The memory that the next bytes from the peer belong in: as many pieces as there is room for, none while the next
  /// bytes are no data of a command. Returns how many.
  std::size_t landing(std::span<Segment> pieces) const noexcept {
    return state_ == State::live ? input_.landing(pieces) : 0;
  }
  /// For the owner's deadlines: whether a PDU from the peer has begun and is not complete; how many were complete.
  [[nodiscard]] bool in_pdu() const noexcept { return input_.in_pdu(); }
  [[nodiscard]] std::uint64_t pdus() const noexcept { return input_.pdus(); }

 protected:
  struct Role {
    spec::tcp::PduType term_req;        ///< what it sends
    spec::tcp::PduType peers_term_req;  ///< what it gets
  };
  Endpoint(const Role& role, std::size_t pdus) : output_(pdus), role_(role) {}
  ~Endpoint() = default;

  [[nodiscard]] bool open() const noexcept { return state_ == State::connecting || state_ == State::live; }
  /// Ends the connection with a TermReq; always false.
  bool fail(spec::tcp::FatalStatus status, std::uint32_t info = 0) noexcept;
  /// Takes `bytes` apart; calls on_header() and on_payload() for each PDU that is not a TermReq.
  template <typename OnHeader, typename OnPayload>
  void take(std::span<const std::byte> bytes, OnHeader&& on_header, OnPayload&& on_payload) {
    while (open()) {
      switch (input_.take(bytes, expected_)) {
        case Input::Step::more: return;
        case Input::Step::header:
          if (!ended_by_peer()) on_header();
          break;
        case Input::Step::payload: on_payload(); break;
        case Input::Step::fault: fail(input_.fault().status, input_.fault().info); break;
      }
    }
  }
  /// The state after close().
  void shut() noexcept {
    state_ = State::closed;
    output_.clear();
  }

  Input input_;
  Output output_;
  Expectations expected_;
  Framing framing_;
  Agreement agreement_;
  State state_ = State::connecting;

 private:
  bool ended_by_peer() noexcept;
  Role role_;
  Fault fault_;
};

}  // namespace lightnvm::fabrics
