// SPDX-License-Identifier: BSD-2-Clause
// A completed queue over a scripted route, and commands for it.
#pragma once

#include <gtest/gtest.h>

#include <numeric>

#include "layers/complete.hpp"
#include "spec/build.hpp"
#include "support/scripted.hpp"

namespace lightnvm::test {

using spec::IoOpcode;

inline constexpr std::uint32_t kSector = 4096, kOob = 16;

/// A command with memory of its own; byte i of the data is i / 4096 + 1, of the metadata i / 16 + 0x80.
class Order {
 public:
  explicit Order(std::uint16_t tag) { request.tag = tag; }
  Order(const Order&) = delete;

  Order& vector(IoOpcode opcode, std::vector<std::uint64_t> addresses) {
    list = std::move(addresses);
    request.command = spec::build::vector(opcode, 1, static_cast<std::uint32_t>(list.size()));
    request.payload.list = list;
    return *this;
  }
  Order& scalar(IoOpcode opcode, std::uint64_t lba, std::uint32_t blocks) {
    request.command = spec::build::transfer(opcode, 1, lba, blocks);
    return *this;
  }
  /// `count` sectors, each segment of `piece` bytes.
  Order& with_data(std::uint32_t count, std::size_t piece = ~std::size_t{0}) {
    fill(data, count, kSector, 1);
    cut(data, piece, data_segments);
    request.payload.data = data_segments;
    return *this;
  }
  Order& with_metadata(std::uint32_t count, std::size_t piece = ~std::size_t{0}, std::uint32_t bytes = kOob) {
    fill(metadata, count, bytes, 0x80);
    cut(metadata, piece, metadata_segments);
    request.payload.metadata = metadata_segments;
    return *this;
  }
  [[nodiscard]] std::vector<std::byte> sector(std::size_t i) const {
    return {data.begin() + static_cast<std::ptrdiff_t>(i * kSector),
            data.begin() + static_cast<std::ptrdiff_t>((i + 1) * kSector)};
  }
  [[nodiscard]] std::vector<std::byte> oob(std::size_t i) const {
    return {metadata.begin() + static_cast<std::ptrdiff_t>(i * kOob),
            metadata.begin() + static_cast<std::ptrdiff_t>((i + 1) * kOob)};
  }

  backends::Request request;
  std::vector<std::uint64_t> list, destination;
  std::vector<std::byte> data, metadata;
  std::vector<Segment> data_segments, metadata_segments;

 private:
  static void fill(std::vector<std::byte>& memory, std::uint32_t count, std::uint32_t unit, unsigned first) {
    memory.resize(static_cast<std::size_t>(count) * unit);
    for (std::size_t i = 0; i < memory.size(); ++i) memory[i] = static_cast<std::byte>(i / unit + first);
  }
  static void cut(std::vector<std::byte>& memory, std::size_t piece, std::vector<Segment>& segments) {
    segments.clear();
    for (std::size_t at = 0; at < memory.size();) {
      const std::size_t n = std::min(piece, memory.size() - at);
      segments.push_back({memory.data() + at, n});
      at += n;
    }
  }
};

class Completed : public testing::Test {
 protected:
  void open(std::uint32_t depth = 8, backends::QueueKind kind = backends::QueueKind::io) {
    auto opened = layers::complete(scripted(script_));
    ASSERT_TRUE(opened) << opened.error().sentence;
    backend_ = std::move(*opened);
    auto queue = backend_->open_queue({kind, depth});
    ASSERT_TRUE(queue) << queue.error().message();
    queue_ = std::move(*queue);
  }
  /// Finishes what is in flight, until nothing is left; returns the completion of `request`.
  Completion run_out(const Order& order) {
    for (int i = 0; i < 200 && find(order) == nullptr; ++i) {
      script_->finish_all();
      EXPECT_TRUE(reap());
    }
    const Completion* found = find(order);
    EXPECT_NE(found, nullptr);
    return found == nullptr ? Completion{0, Status::os(ETIME)} : *found;
  }
  unsigned reap(unsigned max = 0) { return queue_->reap(kept_, 0, max, backends::kForever).value_or(0) + 1; }
  const Completion* find(const Order& order) const {
    for (const Kept::Done& d : kept_.done) {
      if (d.request == &order.request) return &d.completion;
    }
    return nullptr;
  }
  [[nodiscard]] const Sent& sent(std::size_t i) const { return script_->sent.at(i); }
  [[nodiscard]] std::size_t count() const { return script_->sent.size(); }
  static std::vector<std::uint64_t> run(std::uint64_t first, std::uint32_t n) {
    std::vector<std::uint64_t> out(n);
    std::iota(out.begin(), out.end(), first);
    return out;
  }
  static std::vector<std::uint64_t> both(std::vector<std::uint64_t> a, const std::vector<std::uint64_t>& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
  }

  std::shared_ptr<Script> script_ = std::make_shared<Script>();
  std::unique_ptr<backends::Backend> backend_;
  std::unique_ptr<backends::QueuePair> queue_;
  Kept kept_;
};

}  // namespace lightnvm::test
