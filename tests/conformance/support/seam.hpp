// SPDX-License-Identifier: BSD-2-Clause
// What the tests of the seam need: commands with memory of their own, and a sink that counts.
#pragma once

#include <deque>
#include <functional>
#include <map>

#include "conformance/support/fixture.hpp"
#include "spec/build.hpp"

namespace lightnvm::test {

using backends::QueueKind;
using backends::QueuePair;
using backends::Request;

/// A command and what it moves. Addresses are the device's.
class SeamCommand {
 public:
  SeamCommand() = default;
  SeamCommand(const SeamCommand&) = delete;
  SeamCommand& operator=(const SeamCommand&) = delete;

  SeamCommand& flush(std::uint32_t nsid);
  SeamCommand& scalar(spec::IoOpcode opcode, std::uint32_t nsid, std::uint64_t lba, std::uint32_t count);
  SeamCommand& vector(spec::IoOpcode opcode, std::uint32_t nsid, std::vector<std::uint64_t> addresses);
  SeamCommand& to(std::vector<std::uint64_t> addresses);
  SeamCommand& with_data(Bytes bytes);
  SeamCommand& with_metadata(Bytes bytes);
  /// The data in `n` pieces.
  SeamCommand& in_pieces(std::size_t n);

  Request request;
  Bytes data, metadata;

 private:
  std::vector<std::uint64_t> list_, destination_;
  std::vector<Segment> data_segments_;
  Segment metadata_segment_;
};

/// Counts completions, and calls `then` with each.
class Counter final : public backends::Sink {
 public:
  void complete(Request& request, const Completion& completion) noexcept override {
    ++total;
    ++times[&request];
    last[&request] = completion;
    if (then) then(request, completion);
  }
  unsigned total = 0;
  std::map<const Request*, unsigned> times;
  std::map<const Request*, Completion> last;
  std::function<void(Request&, const Completion&)> then;
};

/// The contract of the seam, on queue pairs of the opened device's own backend.
class SeamTest : public WriteTest {
 protected:
  std::unique_ptr<QueuePair> open_pair(std::uint32_t depth, QueueKind kind = QueueKind::io);
  std::uint32_t nsid() { return backend().nsid(); }
  std::uint64_t lba(Address a) { return device().to_device(a); }
  std::vector<std::uint64_t> lbas(std::span<const Address> sectors);

  SeamCommand& command();
  /// A read of `count` sectors from `a` on.
  SeamCommand& read(Address a, std::uint32_t count);
  SeamCommand& vector_read(std::span<const Address> sectors);
  SeamCommand& write_next(Address chunk, std::uint32_t from, std::uint32_t count, unsigned round = 0);
  SeamCommand& vector_write(std::span<const Address> sectors, unsigned round = 0);
  SeamCommand& identify();

  /// Submits with `tag`, expecting success.
  void submit(QueuePair& pair, SeamCommand& c, std::uint16_t tag);
  /// Waits until `counter` has seen `n` completions in all.
  void reap_until(QueuePair& pair, Counter& counter, unsigned n);
  /// Executes one command on a pair where nothing is in flight.
  Completion execute(QueuePair& pair, SeamCommand& c);

 private:
  std::deque<SeamCommand> commands_;
};

}  // namespace lightnvm::test
