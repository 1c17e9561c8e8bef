// SPDX-License-Identifier: BSD-2-Clause
// Connect: who may have which queue, and the memory that it gets. NVMe-2.0 3.3.1, 6.3.
#include <algorithm>
#include <cstring>

#include "spec/fabrics_status.hpp"
#include "target/session.hpp"

namespace lightnvm::target {
namespace {

namespace f = spec::fabrics;
using spec::FabricsStatus;

constexpr std::size_t kPage = 4096;
constexpr std::size_t kGranule = 512;
constexpr std::uint32_t kMostAdminDepth = 64;
constexpr std::uint32_t kLists = 2 * 64 * 8;
// Memory for commands in flight that is worth having beside the largest one.
constexpr std::uint64_t kMemoryOfSlot = 64 * 1024, kMemoryOfSlots = 4 * 1024 * 1024;

Completion refusal(FabricsStatus status) noexcept { return {0, spec::fabrics_status_dnr(status)}; }
Completion wrong_in_command(std::uint16_t offset) noexcept {
  return {f::ConnectResult::invalid_in_command(offset),
          spec::fabrics_status_dnr(FabricsStatus::connect_invalid_parameters)};
}
Completion wrong_in_data(std::uint16_t offset) noexcept {
  return {f::ConnectResult::invalid_in_data(offset),
          spec::fabrics_status_dnr(FabricsStatus::connect_invalid_parameters)};
}

constexpr std::uint16_t kRecfmtOffset = 40, kQidOffset = 42, kSqsizeOffset = 44;

std::uint64_t up(std::uint64_t bytes, std::uint64_t unit) noexcept { return (bytes + unit - 1) / unit * unit; }

HostId id_of(const f::ConnectData& data) noexcept {
  HostId id;
  std::ranges::copy(data.hostid, id.begin());
  return id;
}

}  // namespace

void Session::on_connect(const fabrics::TargetCommand& command) {
  connect_command_ = command.command;
  const bool right = spec::Opcode::get(command.command) == f::kFabricsOpcode &&
                     f::Fctype::get(command.command) == static_cast<std::uint32_t>(f::CommandType::connect);
  // NVMe-2.0 3.3.1: nothing else before it.
  if (!right) return answer(0, {0, Status::nvme_dnr(StatusCode::command_sequence_error)});
  if (command.bytes != sizeof connect_data_) {
    return answer(0, {0, Status::nvme_dnr(StatusCode::data_sgl_length_invalid)});
  }
  if (command.in_capsule.empty()) {
    connect_segment_ = {reinterpret_cast<std::byte*>(&connect_data_), sizeof connect_data_};
    (void)target_.receive(0, {&connect_segment_, 1});
    return;
  }
  std::memcpy(&connect_data_, command.in_capsule.data(), sizeof connect_data_);
  connect();
}

void Session::connect() {
  Completion completion;
  try {
    completion = connect_queue(connect_data_);
  } catch (const std::bad_alloc&) {
    completion = {0, spec::fabrics_status(FabricsStatus::controller_busy)};
  }
  if (!completion) {
    tally_.refused.add();
    disconnect();
  }
  connected_ = completion.ok();
  answer(0, completion);
}

Completion Session::connect_queue(const f::ConnectData& data) {
  const spec::Command& c = connect_command_;
  if (f::ConnectRecfmt::get(c) != 0) {
    return {f::ConnectResult::invalid_in_command(kRecfmtOffset),
            spec::fabrics_status_dnr(FabricsStatus::incompatible_format)};
  }
  if (std::ranges::all_of(data.hostid, [](std::uint8_t b) { return b == 0; })) return wrong_in_data(0);
  const auto subnqn = f::nqn(data.subnqn);
  const auto hostnqn = f::nqn(data.hostnqn);
  if (!subnqn) return wrong_in_data(offsetof(f::ConnectData, subnqn));
  if (!hostnqn) return wrong_in_data(offsetof(f::ConnectData, hostnqn));
  const std::uint32_t entries = f::ConnectSqsize::get(c) + 1;
  if (entries < 2 || entries > home_.config.queue_entries) return wrong_in_command(kSqsizeOffset);
  qid_ = static_cast<std::uint16_t>(f::ConnectQid::get(c));
  if (qid_ > home_.config.io_queues) return wrong_in_command(kQidOffset);
  const Subsystem* subsystem = home_.catalog.find(*subnqn);
  if (subsystem == nullptr) return wrong_in_data(offsetof(f::ConnectData, subnqn));
  if (!subsystem->admits(*hostnqn)) return refusal(FabricsStatus::connect_invalid_host);
  return qid_ == 0 ? connect_admin(data, *subsystem, *hostnqn) : connect_io(data, *subnqn, *hostnqn);
}

Completion Session::connect_admin(const f::ConnectData& data, const Subsystem& subsystem, std::string_view host) {
  if (data.cntlid != f::kAnyController) return wrong_in_data(offsetof(f::ConnectData, cntlid));
  controller_ = home_.controllers.add(subsystem, std::string(host), id_of(data));
  if (!controller_) return {0, spec::fabrics_status(FabricsStatus::controller_busy)};
  admin_ = std::make_unique<Admin>(home_, controller_, local_, f::ConnectKato::get(connect_command_), now_);
  if (const Status s = open(subsystem, fabrics::kAdminCapsuleBytes); !s) return {0, s};
  return {f::ConnectResult::success(controller_->cntlid), {}};
}

Completion Session::connect_io(const f::ConnectData& data, std::string_view nqn, std::string_view host) {
  const auto controller = home_.controllers.find(data.cntlid);
  if (!controller) return wrong_in_data(offsetof(f::ConnectData, cntlid));
  if (controller->subsystem.nqn != nqn) return wrong_in_data(offsetof(f::ConnectData, subnqn));
  if (controller->host != host) return wrong_in_data(offsetof(f::ConnectData, hostnqn));
  if (controller->host_id != id_of(data)) return wrong_in_data(0);
  if (controller->subsystem.is_discovery()) return wrong_in_command(kQidOffset);
  if (const std::uint32_t granted = controller->io_queues; granted != 0 && qid_ > granted) {
    return wrong_in_command(kQidOffset);
  }
  const std::uint32_t resets = controller->resets;
  if (!controller->enabled || !controller->take_queue(qid_)) {
    return {0, Status::nvme_dnr(StatusCode::command_sequence_error)};
  }
  controller_ = controller;
  resets_ = resets;
  if (const Status s = open(controller->subsystem, home_.config.capsule_bytes); !s) return {0, s};
  return {f::ConnectResult::success(controller->cntlid), {}};
}

// Gives back what a Connect had taken.
void Session::disconnect() noexcept {
  lines_.clear();
  descriptors_.clear();
  free_tags_.clear();
  admin_.reset();
  if (controller_ && qid_ != 0) controller_->release_queue(qid_);
  controller_.reset();
  if (taken_ != 0) home_.memory.give_back(taken_);
  taken_ = 0;
}

Status Session::open(const Subsystem& subsystem, std::uint32_t capsule_bytes) {
  const std::uint32_t entries = f::ConnectSqsize::get(connect_command_) + 1;
  const std::uint32_t slots = entries - 1;
  transfer_bytes_ = subsystem.is_discovery() ? 64 * 1024 : subsystem.transfer_bytes(home_.config.transfer_bytes);
  // Twice: what extended LBAs are taken apart into.
  const std::uint64_t largest =
      2 * (up(transfer_bytes_, kGranule) + up(subsystem.metadata_bytes(transfer_bytes_), kGranule)) +
      up(kLists, kGranule);
  const std::uint64_t area = up(std::max(largest, std::min(slots * kMemoryOfSlot, kMemoryOfSlots)), kPage);
  const std::uint64_t capsules = up(std::uint64_t{slots} * capsule_bytes, kPage);
  const std::uint64_t wanted = area + capsules + slots * (sizeof(Work) + 64) + sizeof(Session);
  if (!home_.memory.take(wanted)) return spec::fabrics_status(FabricsStatus::controller_busy);
  taken_ = wanted;
  backends::Memory* memory = nullptr;
  for (const auto& n : subsystem.namespaces) {
    if (memory == nullptr) memory = n->backend->memory();
  }
  const auto no_memory = spec::fabrics_status(FabricsStatus::controller_busy);
  std::byte* base = nullptr;
  if (memory != nullptr) {
    auto routed = layers::RouteMemory::allocate(memory, area);
    if (!routed) return no_memory;
    route_memory_ = std::move(*routed);
    base = route_memory_.data();
    // Nobody gets to see what others left there.
    std::memset(base, 0, area);
  } else {
    auto mapped = os::Pages::map(area);
    if (!mapped) return no_memory;
    pages_ = std::move(*mapped);
    base = pages_.data();
  }
  auto capsule_pages = os::Pages::map(capsules + kPage);
  if (!capsule_pages) return no_memory;
  capsules_ = std::move(*capsule_pages);
  arena_ = layers::Arena(base, area, kGranule);
  works_.resize(std::max<std::size_t>(slots, works_.size()));
  waiting_ = fabrics::Ring<std::uint32_t>(slots);
  turns_ = fabrics::Ring<std::uint32_t>(slots);
  ready_ = fabrics::Ring<std::uint32_t>(slots);
  if (const Status s = open_lines(subsystem); !s) return s;
  return target_.open_queue({.entries = entries,
                             .slots = slots,
                             .capsule_bytes = capsule_bytes,
                             .capsule_memory = {capsules_.data(), capsules_.bytes()},
                             .flow_control = f::ConnectNoFlowControl::get(connect_command_) == 0});
}

Status Session::open_lines(const Subsystem& subsystem) {
  const bool admin = qid_ == 0;
  std::uint32_t depth = f::ConnectSqsize::get(connect_command_);
  for (const auto& n : subsystem.namespaces) {
    depth = std::min(depth, admin ? kMostAdminDepth : n->backend->caps().max_depth);
  }
  for (const auto& n : subsystem.namespaces) {
    const auto kind = admin ? backends::QueueKind::admin : backends::QueueKind::io;
    auto queue = n->backend->open_queue({kind, depth});
    if (!queue) return spec::fabrics_status(FabricsStatus::controller_busy);
    const int fd = (*queue)->event_fd();
    if (fd >= 0) descriptors_.push_back(fd);
    lines_.push_back({n.get(), std::move(*queue), 0, fd < 0});
  }
  slot_of_tag_.resize(depth);
  for (std::uint32_t i = depth; i-- > 0;) free_tags_.push_back(static_cast<std::uint16_t>(i));
  return {};
}

}  // namespace lightnvm::target
