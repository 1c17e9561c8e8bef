// SPDX-License-Identifier: BSD-2-Clause
// The steps of an association, one after another.
#include "backends/tcp/handshake.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <thread>

#include "spec/build.hpp"
#include "spec/fabrics.hpp"
#include "spec/fabrics_status.hpp"
#include "spec/nvme_tcp_extension.hpp"

namespace lightnvm::backends::tcp {
namespace {

namespace f = spec::fabrics;
using spec::FabricsStatus;

constexpr std::uint32_t kMostQueues = 65535;
constexpr std::uint8_t kDiscoveryController = 2;

// 128 bits of the host's name: the same for all of its connections, as targets demand. FNV-1a, with two beginnings.
void put_host_id(std::string_view name, std::uint8_t (&out)[16]) noexcept {
  std::uint64_t hash[2] = {0xCBF29CE484222325ULL, 0x84222325CBF29CE4ULL};
  for (const char c : name) {
    for (std::uint64_t& h : hash) h = (h ^ static_cast<std::uint8_t>(c)) * 0x100000001B3ULL;
  }
  std::memcpy(out, hash, sizeof hash);
}

f::ConnectData connect_data(const Settings& settings, std::uint16_t cntlid) noexcept {
  f::ConnectData data{};
  put_host_id(settings.hostnqn, data.hostid);
  data.cntlid = cntlid;
  std::ranges::copy(settings.subnqn, data.subnqn);
  std::ranges::copy(settings.hostnqn, data.hostnqn);
  return data;
}

Reply connect(const Settings& settings, Line& line, const f::build::Connect& options, std::uint16_t cntlid,
              Deadline deadline) {
  const f::ConnectData data = connect_data(settings, cntlid);
  return line.ask(f::build::connect(options), std::as_bytes(std::span(&data, 1)), {}, deadline);
}

/// One association's steps. Each returns whether it worked; if not, `refusal` tells.
class Steps {
 public:
  Steps(const Settings& settings, Line& line, Deadline deadline)
      : settings_(settings), line_(line), deadline_(deadline) {}
  std::expected<Terms, Refusal> run() {
    if (connect_admin() && enable() && identify_controller() && opt_in() && count_queues() && identify_namespace()) {
      return std::move(terms_);
    }
    return std::unexpected(std::move(refusal_));
  }

 private:
  bool fail(Status status, std::string_view sentence) {
    refusal_ = {true, status, fmt::format("tcp://{}/{}: {}", settings_.target.text(), settings_.subnqn, sentence)};
    return false;
  }
  bool failed(std::string_view what, Status status) {
    return fail(status, fmt::format("{} failed: {}", what, status.is_os() ? line_.why() : status.message()));
  }
  bool done(std::string_view what, const Reply& reply, std::size_t wanted = 0) {
    if (!reply.completion) return failed(what, reply.completion.status);
    return reply.bytes >= wanted ||
           fail(Status::nvme(StatusCode::data_transfer_error), fmt::format("{} brought too few bytes", what));
  }
  Reply ask(const spec::Command& command, std::span<std::byte> in = {}) {
    return line_.ask(command, {}, in, deadline_);
  }

  bool connect_admin() {
    const f::build::Connect options{.entries = kAdminDepth + 1,
                                    .kato_ms = static_cast<std::uint32_t>(settings_.keep_alive.count())};
    const Reply r = connect(settings_, line_, options, f::kAnyController, deadline_);
    if (!r.completion) return refused_to_connect(r.completion);
    terms_.cntlid = f::ConnectResult::cntlid(r.completion.result);
    return true;
  }

  bool refused_to_connect(const Completion& c) {
    if (c.status.is_os()) return fail(c.status, line_.why());
    const StatusInfo info = spec::fabrics_status_info(c.status.code());
    const Status status = Status::os(info.error);
    switch (static_cast<FabricsStatus>(c.status.code())) {
      case FabricsStatus::connect_invalid_host:
        return fail(status, fmt::format("the target does not admit this host, '{}'; hostnqn= gives it another name",
                                        settings_.hostnqn));
      case FabricsStatus::controller_busy:
        return fail(status, "the target has no room for another host; close one, or raise its limits");
      case FabricsStatus::authentication_required: return fail(status, "the target wants authentication");
      case FabricsStatus::connect_invalid_parameters:
        if (c.result == f::ConnectResult::invalid_in_data(offsetof(f::ConnectData, subnqn))) {
          return fail(Status::os(ENODEV), "the target has no such subsystem, or keeps it from this host ('" +
                                              settings_.hostnqn + "', see hostnqn=)");
        }
        return fail(status, fmt::format("the target refuses Connect: byte {} of its {}", c.result & 0xFFFF,
                                        (c.result >> 16 & 1) != 0 ? "data" : "command"));
      default: break;
    }
    return fail(status, fmt::format("the target refuses Connect: {} (0x{:03x})", info.text,
                                    static_cast<unsigned>(c.status.code())));
  }

  bool enable() {
    const Reply cap = ask(f::build::property_get(f::Property::cap));
    if (!done("reading CAP", cap)) return false;
    terms_.most_commands = static_cast<std::uint32_t>(f::cap::Mqes::get(cap.completion.result));
    const std::uint32_t cc = f::cc::En::put(1) | f::cc::Iosqes::put(6) | f::cc::Iocqes::put(4);
    if (!done("enabling the controller", ask(f::build::property_set(f::Property::cc, cc)))) return false;
    for (std::chrono::milliseconds pause{1};; pause = std::min(2 * pause, std::chrono::milliseconds(100))) {
      const Reply csts = ask(f::build::property_get(f::Property::csts));
      if (!done("reading CSTS", csts)) return false;
      const auto value = static_cast<std::uint32_t>(csts.completion.result);
      if (f::csts::Cfs::get(value) != 0) return fail(Status::os(EIO), "the controller does not start (CSTS.CFS)");
      if (f::csts::Rdy::get(value) != 0) return true;
      if (Clock::now() + pause >= deadline_) return fail(Status::os(ETIMEDOUT), "the controller does not get ready");
      std::this_thread::sleep_for(pause);
    }
  }

  bool identify_controller() {
    spec::IdentifyController& id = terms_.controller;
    const Reply r = ask(spec::build::identify(1, 0), std::as_writable_bytes(std::span(&id, 1)));
    if (!done("Identify Controller", r, sizeof id)) return false;
    if (id.cntrltype == kDiscoveryController) {
      return fail(Status::os(ENODEV), "this is the discovery subsystem; name the one with the device");
    }
    // In-capsule data that begins elsewhere is left unused. NVMe-2.0 5.17.2.1, ICDOFF.
    constexpr std::uint32_t kCommandUnits = sizeof(spec::Command) / 16;
    if (id.icdoff == 0 && id.ioccsz > kCommandUnits) {
      terms_.capsule_bytes = std::min<std::uint32_t>(id.ioccsz - kCommandUnits, 1U << 16) * 16;
    }
    if (id.maxcmd != 0) terms_.most_commands = std::min<std::uint32_t>(terms_.most_commands, id.maxcmd);
    terms_.most_commands = std::max(terms_.most_commands, 1U);
    return true;
  }

  bool opt_in() {
    namespace e = spec::extension;
    e::Announcement a{};
    std::memcpy(&a, terms_.controller.vendor, sizeof a);
    const bool offered = a.magic == e::kMagic && a.version >= e::kVersion;
    if (settings_.extension == Extension::off) return true;
    if (!offered) {
      return settings_.extension != Extension::required ||
             fail(Status::os(ENOTSUP),
                  "the target does not offer the extension; without extension=on it is not needed");
    }
    const auto id = static_cast<spec::FeatureId>(e::kFeature);
    if (!done("switching the extension on", ask(spec::build::set_features(id, 0, e::kVersion)))) return false;
    terms_.extended = true;
    terms_.extension = a.flags;
    return true;
  }

  bool count_queues() {
    constexpr std::uint32_t kAll = (kMostQueues - 1) | (kMostQueues - 1) << 16;
    const Reply r = ask(spec::build::set_features(spec::FeatureId::number_of_queues, 0, kAll));
    if (!done("asking for I/O queues", r)) return false;
    const auto value = static_cast<std::uint32_t>(r.completion.result);
    terms_.io_queues = std::min(value & 0xFFFF, value >> 16) + 1;
    return true;
  }

  bool identify_namespace() {
    spec::IdentifyNamespace& ns = terms_.ns;
    const Reply r = ask(spec::build::identify(0, settings_.nsid), std::as_writable_bytes(std::span(&ns, 1)));
    const Status s = r.completion.status;
    // One that is not active is all zeros. NVMe-2.0 3.2.1.4.
    if (s.is(StatusCode::invalid_namespace) || s.is(StatusCode::invalid_field) || (s.ok() && ns.nsze == 0)) {
      return fail(Status::os(ENODEV), fmt::format("there is no namespace {}; {}", settings_.nsid, namespaces()));
    }
    if (!done("Identify Namespace", r, sizeof ns)) return false;
    const spec::LbaFormat format = ns.lbaf[ns.flbas & 0xF];
    terms_.metadata_bytes = format.ms;
    terms_.metadata_extended = (ns.flbas & 1U << 4) != 0;
    return true;
  }

  std::string namespaces() {
    std::array<std::uint32_t, 1024> list{};
    if (!ask(spec::build::identify(2, 0), std::as_writable_bytes(std::span(list))).completion) return "see nsid=";
    const auto end = std::ranges::find(list, 0U);
    if (end == list.begin()) return "the subsystem has none";
    return fmt::format("nsid= is one of {}", fmt::join(list.begin(), std::min(end, list.begin() + 16), ", "));
  }

  const Settings& settings_;
  Line& line_;
  Deadline deadline_;
  Terms terms_;
  Refusal refusal_;
};

}  // namespace

bool Terms::same_device(const Terms& other) const noexcept {
  const auto bytes = [](const auto& field) { return std::as_bytes(std::span(field)); };
  return extended == other.extended && extension == other.extension && metadata_bytes == other.metadata_bytes &&
         metadata_extended == other.metadata_extended && ns.nsze == other.ns.nsze && ns.flbas == other.ns.flbas &&
         std::ranges::equal(bytes(ns.lbaf), bytes(other.ns.lbaf)) &&
         std::ranges::equal(bytes(ns.nguid), bytes(other.ns.nguid)) &&
         std::ranges::equal(bytes(ns.eui64), bytes(other.ns.eui64)) &&
         std::ranges::equal(controller.sn, other.controller.sn) &&
         std::ranges::equal(controller.mn, other.controller.mn) && controller.mdts == other.controller.mdts;
}

std::expected<Terms, Refusal> associate(const Settings& settings, Line& line, Deadline deadline) {
  return Steps(settings, line, deadline).run();
}

Status join(const Settings& settings, const Terms& terms, Line& line, std::uint16_t qid, std::uint32_t depth,
            Deadline deadline) {
  const f::build::Connect options{.qid = qid, .entries = depth + 1};
  return connect(settings, line, options, terms.cntlid, deadline).completion.status;
}

}  // namespace lightnvm::backends::tcp
