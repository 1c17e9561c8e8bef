// SPDX-License-Identifier: BSD-2-Clause
// What a mutant sees of a command, and of the chunk that it is about.
#include <algorithm>
#include <array>

#include "mutant.hpp"
#include "spec/build.hpp"

namespace lightnvm::backends::mutant {
namespace {

template <typename T>
Completion read_page(Insider& insider, QueuePair& queue, const spec::Command& command, T& page) {
  const Segment memory{reinterpret_cast<std::byte*>(&page), sizeof page};
  Payload payload;
  payload.data = {&memory, 1};
  return insider.execute(queue, command, payload);
}

}  // namespace

Result<std::unique_ptr<Insider>> Insider::look_into(Backend& backend) {
  auto insider = std::make_unique<Insider>();
  auto queue = backend.open_queue({QueueKind::admin, 1});
  if (!queue) return std::unexpected(queue.error());
  insider->admin_ = std::move(*queue);
  spec::IdentifyController controller{};
  const std::uint32_t nsid = backend.nsid();
  for (const Completion& c : {read_page(*insider, *insider->admin_, spec::build::identify(0, nsid), insider->ns),
                              read_page(*insider, *insider->admin_, spec::build::identify(1, 0), controller),
                              read_page(*insider, *insider->admin_, spec::build::geometry(nsid), insider->geometry)}) {
    if (!c) return std::unexpected(c.status);
  }
  insider->limit = controller.mdts == 0 ? ~0ULL : (4096ULL << controller.mdts) >> insider->ns.lbaf[0].ds;
  return insider;
}

Completion Insider::execute(QueuePair& queue, const spec::Command& command, const Payload& payload) {
  Request request;
  request.command = command;
  request.payload = payload;
  if (const Status s = queue.submit(request); !s) return {0, s};
  if (const auto n = queue.reap(*this, 1, 0, kForever); !n) return {0, n.error()};
  return outcome_;
}

void Insider::complete(Request&, const Completion& completion) noexcept { outcome_ = completion; }

std::uint64_t Insider::address_mask() const {
  return (1ULL << (geometry.grp_len + geometry.pu_len + geometry.chk_len + geometry.lbk_len)) - 1;
}

Insider::Place Insider::find(std::uint64_t lba) {
  const auto take = [&lba](unsigned bits) {
    const std::uint64_t value = lba & ((1ULL << bits) - 1);
    lba >>= bits;
    return value;
  };
  Place p;
  p.chunk = lba >> geometry.lbk_len;
  p.sector = take(geometry.lbk_len);
  const std::uint64_t chunk = take(geometry.chk_len);
  const std::uint64_t unit = take(geometry.pu_len);
  p.exists = chunk < geometry.num_chk && unit < geometry.num_pu && lba < geometry.num_grp;
  if (!p.exists) return p;
  const std::uint64_t index = (lba * geometry.num_pu + unit) * geometry.num_chk + chunk;
  (void)read_page(
      *this, *admin_,
      spec::build::get_log(spec::LogPage::chunk_information, 1, index * sizeof p.descriptor, sizeof p.descriptor),
      p.descriptor);
  return p;
}

Completion& Seen::run() {
  payload.list = list;
  payload.destination = destination;
  done = device.execute(queue, command, payload);
  return done;
}

void Seen::shorten(std::uint32_t count) {
  while (list.size() > count) list.pop_back();
  spec::VectorNlb::set(command, count - 1);
}

void Seen::turn(StatusCode from, StatusCode to) {
  if (done.status.is(from)) done = {to == StatusCode::success ? 0 : done.result, Status::nvme_dnr(to)};
}

std::uint32_t Seen::count() const {
  if (deallocates()) return spec::Nr::get(command) + 1;
  return vector() ? spec::VectorNlb::get(command) + 1 : spec::Nlb::get(command) + 1;
}

bool Seen::spreads() const {
  const auto far = [&](const std::vector<std::uint64_t>& all) {
    return std::ranges::any_of(all, [&](std::uint64_t lba) { return chunk_of(lba) != chunk_of(all.front()); });
  };
  return far(list) || far(destination);
}

bool Seen::identify_again(std::uint32_t cns) const {
  return is(spec::AdminOpcode::identify) && spec::Cns::get(command) == cns && device.pages[cns] > 1 && done.ok();
}
bool Seen::geometry_again() const { return is(spec::AdminOpcode::geometry) && device.pages[~0U] > 1 && done.ok(); }
bool Seen::log(spec::LogPage page) const {
  return is(spec::AdminOpcode::get_log_page) && spec::Lid::get(command) == static_cast<unsigned>(page);
}
std::uint64_t Seen::log_bytes() const {
  return ((static_cast<std::uint64_t>(spec::Numdu::get(command)) << 16 | spec::Numdl::get(command)) + 1) * 4;
}
bool Seen::whole_report() const {
  return log(spec::LogPage::chunk_information) && log_bytes() > 1024 && device.whole_reports > 1 && done.ok();
}

void Seen::spoil(std::uint32_t i) const {
  if (!done) return;
  const std::size_t at = static_cast<std::size_t>(i) << device.ns.lbaf[0].ds;
  put<std::uint8_t>(at, static_cast<std::uint8_t>(get<std::uint8_t>(at) ^ 0xFF));
}

}  // namespace lightnvm::backends::mutant
