// SPDX-License-Identifier: BSD-2-Clause
// Fixtures of the conformance suite: an opened device, chunks to work on, and bytes that tell where they belong.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "conformance/support/route.hpp"
#include "device/core.hpp"
#include "lightnvm/device.hpp"
#include "support/faults.hpp"
#include "support/served.hpp"

namespace lightnvm::test {

using Bytes = std::vector<std::byte>;

/// A device of a route, opened for each test. Tests that change nothing.
class LookTest : public testing::TestWithParam<RouteUnderTest> {
 protected:
  void SetUp() override;
  void TearDown() override;

  /// Opens the device once more; `options` goes behind its own.
  Result<Device> open_again(const std::string& options = {}) const;
  Device& device() { return *device_; }
  const Geometry& geo() const { return device_->geometry(); }
  backends::Backend& backend() { return *DeviceAccess::impl(*device_).backend; }
  const backends::Caps& caps() { return backend().caps(); }
  bool carries_metadata() { return caps().metadata == backends::MetadataTransfer::separate; }
  /// The most addresses of one vector command: 64, or as many sectors as the device moves at once.
  std::uint32_t most_addresses() const;
  /// A queue depth that the route has, `wanted` if possible.
  std::uint32_t depth(std::uint32_t wanted) { return std::min(wanted, caps().max_depth); }

  /// Bytes that depend on the address, each sector's on its own. `round` tells generations of data apart.
  Bytes data_for(std::span<const Address> sectors, unsigned round = 0) const;
  Bytes data_for(Address first, std::uint32_t count, unsigned round = 0) const;
  /// The same for metadata; empty where the route carries none.
  Bytes oob_for(std::span<const Address> sectors, unsigned round = 0);
  Bytes oob_for(Address first, std::uint32_t count, unsigned round = 0);
  static std::vector<Address> run(Address first, std::uint32_t count);
  static std::vector<Address> both(std::vector<Address> a, const std::vector<Address>& b);

  std::string uri_;  // without options
  std::string options_;
  std::shared_ptr<Faults> faults_;  // of a route that can be told to fail; else nullptr

 private:
  std::string folder_;
  std::unique_ptr<Served> served_;  // of tcp
  std::unique_ptr<Device> device_;
};

/// Tests that write, on chunks that were free. What they leave behind in a device that outlives them is reset.
class WriteTest : public LookTest {
 protected:
  void SetUp() override;
  void TearDown() override;

  /// `n` free sequential chunks of full size, each on another unit where there are so many units.
  std::vector<Address> free_chunks(std::size_t n);
  Address free_chunk() { return free_chunks(1).at(0); }
  /// Writes `count` sectors from `first` on, in commands of ws_opt or less.
  void write(Address first, std::uint32_t count, unsigned round = 0);
  /// Writes a chunk until it is closed.
  void close(Address chunk, unsigned round = 0) { write(chunk.at_sector(0), geo().sectors, round); }
  /// Writes what is missing until the chunk is closed; nothing if it is.
  void write_rest(Address chunk);
  /// The chunks are free again and may be found by free_chunks.
  void forget(std::span<const Address> chunks);
  /// How many sectors must be written until the first `count` can be read.
  std::uint32_t until_readable(std::uint32_t count) const;
  Chunk chunk(Address address);
  /// A chunk in that state, if the device has one.
  std::optional<Chunk> find(ChunkState state);

 private:
  std::vector<Address> used_;
};

/// Names the tests of a route.
struct RouteName {
  std::string operator()(const testing::TestParamInfo<RouteUnderTest>& info) const { return info.param.name; }
};

}  // namespace lightnvm::test

/// The suite runs over every route, and over the devices that the environment names.
#define NVM_CONFORMANCE(Suite) NVM_CONFORMANCE_OVER(Suite, nullptr)
/// The same, but of the routes of this build only over those for which `wanted` holds.
#define NVM_CONFORMANCE_OVER(Suite, wanted)                                                     \
  INSTANTIATE_TEST_SUITE_P(All, Suite, testing::ValuesIn(lightnvm::test::built_routes(wanted)), \
                           lightnvm::test::RouteName());                                        \
  INSTANTIATE_TEST_SUITE_P(Named, Suite, testing::ValuesIn(lightnvm::test::named_routes()), lightnvm::test::RouteName())
