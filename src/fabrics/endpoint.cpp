// SPDX-License-Identifier: BSD-2-Clause
// How a connection ends: with our TermReq, or with the peer's.
#include "fabrics/endpoint.hpp"

namespace lightnvm::fabrics {

bool Endpoint::fail(spec::tcp::FatalStatus status, std::uint32_t info) noexcept {
  fault_ = {status, info, false};
  state_ = State::terminating;
  output_.push_term_req(role_.term_req, fault_, input_.header_bytes());
  return false;
}

bool Endpoint::ended_by_peer() noexcept {
  if (input_.type() != role_.peers_term_req) return false;
  const auto term = input_.header<spec::tcp::TermReq>();
  fault_ = {static_cast<spec::tcp::FatalStatus>(term.fes),
            term.fei[0] | (static_cast<std::uint32_t>(term.fei[1]) << 16), true};
  state_ = State::terminated;
  return true;
}

}  // namespace lightnvm::fabrics
