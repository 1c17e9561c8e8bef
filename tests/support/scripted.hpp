// SPDX-License-Identifier: BSD-2-Clause
// Scripted: a backend whose commands a test looks at and answers itself, one by one.
#pragma once

#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "backends/backend.hpp"
#include "base/segments.hpp"
#include "spec/ocssd20.hpp"

namespace lightnvm::test {

/// A command that reached the backend, as it was then.
struct Sent {
  backends::Request* request = nullptr;
  spec::Command command;
  std::vector<Segment> data, metadata;
  std::vector<std::uint64_t> list, destination;

  [[nodiscard]] std::uint32_t opcode() const { return spec::Opcode::get(command); }
  [[nodiscard]] std::uint64_t slba() const { return spec::Slba::get(command); }
  [[nodiscard]] std::uint32_t blocks() const { return spec::Nlb::get(command) + 1; }
  [[nodiscard]] std::size_t data_bytes() const { return total_bytes(data); }
  [[nodiscard]] std::vector<std::byte> bytes() const {
    std::vector<std::byte> out;
    for (const Segment& s : data) out.insert(out.end(), s.base, s.base + s.bytes);
    return out;
  }
  /// Puts `value` into each byte of data and metadata.
  void fill(std::byte value) const {
    for (const Segment& s : data) std::memset(s.base, static_cast<int>(value), s.bytes);
    for (const Segment& s : metadata) std::memset(s.base, static_cast<int>(value), s.bytes);
  }
  /// Copies `bytes` into the data from `offset` on.
  void put(std::size_t offset, std::span<const std::byte> bytes) const {
    SegmentRange{data, offset, bytes.size()}.copy_in(bytes.data());
  }
  [[nodiscard]] spec::DsmRange range() const {
    spec::DsmRange out{};
    std::memcpy(&out, data[0].base, sizeof out);
    return out;
  }
};

/// What the test and the backend share; the test keeps it and the backend works with it. One thread.
struct Script {
  backends::Caps caps;
  spec::IdentifyController controller{};
  spec::IdentifyNamespace ns{};
  spec::Geometry20 geometry{};
  Status identify_status, geometry_status;
  std::function<spec::ChunkDescriptor(std::uint64_t index)> descriptor;  ///< of the chunk log
  Status log_status;

  std::vector<Sent> sent;             ///< all I/O commands, in order
  std::deque<std::size_t> in_flight;  ///< of them, by number
  std::vector<std::uint64_t> logged;  ///< offsets of the chunk log that were read
  std::deque<std::pair<std::size_t, Completion>> ready;
  Status submit_status;        ///< what submit answers from now on
  std::uint32_t accept = ~0U;  ///< so many more before it does
  std::uint32_t queues = 0, admin_queues = 0, io_depth = 0;
  backends::Memory* memory = nullptr;
  int event_fd = -1;
  bool recalls = true;  ///< cancel_all takes back what is in flight

  /// A device of 2 groups, 2 units, 5 chunks of 64 sectors of 4096 and 16 bytes, that lacks everything.
  Script();
  [[nodiscard]] static std::uint64_t lba(std::uint32_t group, std::uint32_t unit, std::uint32_t chunk,
                                         std::uint32_t sector) noexcept {
    return group << 10 | unit << 9 | chunk << 6 | sector;
  }
  /// Ends the `i`-th command of `sent` at the next reap.
  void finish(std::size_t i, Completion completion = {});
  /// Ends all that is in flight.
  void finish_all(Completion completion = {});
};

std::unique_ptr<backends::Backend> scripted(std::shared_ptr<Script> script);

/// Keeps what it is handed.
class Kept final : public backends::Sink {
 public:
  void complete(backends::Request& request, const Completion& completion) noexcept override {
    done.push_back({&request, completion});
    if (then) then(request);
  }
  struct Done {
    backends::Request* request;
    Completion completion;
  };
  std::vector<Done> done;
  std::function<void(backends::Request&)> then;
};

}  // namespace lightnvm::test
