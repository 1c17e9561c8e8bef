// SPDX-License-Identifier: BSD-2-Clause
// Commands at the seam.
#include "conformance/support/seam.hpp"

namespace lightnvm::test {

using spec::IoOpcode;

SeamCommand& SeamCommand::flush(std::uint32_t nsid) {
  request.command = spec::build::flush(nsid);
  return *this;
}

SeamCommand& SeamCommand::scalar(IoOpcode opcode, std::uint32_t nsid, std::uint64_t lba, std::uint32_t count) {
  request.command = spec::build::transfer(opcode, nsid, lba, count);
  return *this;
}

SeamCommand& SeamCommand::vector(IoOpcode opcode, std::uint32_t nsid, std::vector<std::uint64_t> addresses) {
  list_ = std::move(addresses);
  request.command = spec::build::vector(opcode, nsid, static_cast<std::uint32_t>(list_.size()));
  request.payload.list = list_;
  return *this;
}

SeamCommand& SeamCommand::to(std::vector<std::uint64_t> addresses) {
  destination_ = std::move(addresses);
  request.payload.destination = destination_;
  return *this;
}

SeamCommand& SeamCommand::with_data(Bytes bytes) {
  data = std::move(bytes);
  return in_pieces(1);
}

SeamCommand& SeamCommand::with_metadata(Bytes bytes) {
  metadata = std::move(bytes);
  metadata_segment_ = {metadata.data(), metadata.size()};
  request.payload.metadata = {&metadata_segment_, metadata.empty() ? 0U : 1U};
  return *this;
}

SeamCommand& SeamCommand::in_pieces(std::size_t n) {
  data_segments_.clear();
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t first = data.size() * i / n;
    data_segments_.push_back({data.data() + first, data.size() * (i + 1) / n - first});
  }
  request.payload.data = data_segments_;
  return *this;
}

std::unique_ptr<QueuePair> SeamTest::open_pair(std::uint32_t depth, QueueKind kind) {
  auto pair = backend().open_queue({kind, depth});
  EXPECT_TRUE(pair) << pair.error().message();
  return pair ? std::move(*pair) : nullptr;
}

std::vector<std::uint64_t> SeamTest::lbas(std::span<const Address> sectors) {
  std::vector<std::uint64_t> out;
  for (const Address a : sectors) out.push_back(lba(a));
  return out;
}

SeamCommand& SeamTest::command() { return commands_.emplace_back(); }

SeamCommand& SeamTest::read(Address a, std::uint32_t count) {
  return command().scalar(IoOpcode::read, nsid(), lba(a), count).with_data(Bytes(count * geo().sector_bytes));
}

SeamCommand& SeamTest::vector_read(std::span<const Address> sectors) {
  return command()
      .vector(IoOpcode::vector_read, nsid(), lbas(sectors))
      .with_data(Bytes(sectors.size() * geo().sector_bytes));
}

SeamCommand& SeamTest::write_next(Address chunk, std::uint32_t from, std::uint32_t count, unsigned round) {
  const Address a = chunk.at_sector(from);
  return command().scalar(IoOpcode::write, nsid(), lba(a), count).with_data(data_for(a, count, round));
}

SeamCommand& SeamTest::vector_write(std::span<const Address> sectors, unsigned round) {
  return command().vector(IoOpcode::vector_write, nsid(), lbas(sectors)).with_data(data_for(sectors, round));
}

SeamCommand& SeamTest::identify() {
  SeamCommand& c = command().with_data(Bytes(spec::kIdentifyBytes));
  c.request.command = spec::build::identify(1, 0);
  return c;
}

void SeamTest::submit(QueuePair& pair, SeamCommand& c, std::uint16_t tag) {
  c.request.tag = tag;
  const Status s = pair.submit(c.request);
  ASSERT_TRUE(s) << s.message();
}

void SeamTest::reap_until(QueuePair& pair, Counter& counter, unsigned n) {
  const auto deadline = backends::Clock::now() + std::chrono::seconds(20);
  while (counter.total < n) {
    const auto reaped = pair.reap(counter, 1, 0, deadline);
    ASSERT_TRUE(reaped) << reaped.error().message();
    ASSERT_TRUE(counter.total >= n || backends::Clock::now() < deadline) << counter.total << " of " << n;
  }
}

Completion SeamTest::execute(QueuePair& pair, SeamCommand& c) {
  Counter counter;
  submit(pair, c, 0);
  reap_until(pair, counter, 1);
  return counter.last[&c.request];
}

}  // namespace lightnvm::test
