// SPDX-License-Identifier: BSD-2-Clause
// A whole server, by a host over loopback.
#include <algorithm>
#include <cstring>

#include "support.hpp"

namespace lightnvm::test {
namespace {

using spec::AdminOpcode;
using spec::IoOpcode;
namespace f = spec::fabrics;

struct Server : testing::Test {
  void serve(const TargetConfig& config = small_config()) {
    auto opened = Target::open(config);
    ASSERT_TRUE(opened) << last_error();
    target.emplace(std::move(*opened));
    ASSERT_TRUE(target->start());
  }
  [[nodiscard]] std::string address() const { return target->address(); }
  std::optional<Target> target;
};

TEST_F(Server, identifies_reads_and_writes) {
  serve();
  Client admin(address());
  const Reply connected = admin.connect();
  ASSERT_TRUE(connected.completion) << connected.completion.status.message();
  const auto cntlid = f::ConnectResult::cntlid(connected.completion.result);
  EXPECT_EQ(f::cap::Mqes::get(admin.property(f::Property::cap)), 1023U);
  ASSERT_TRUE(admin.enable());

  spec::IdentifyController id{};
  ASSERT_TRUE(admin.execute(spec::build::identify(1, 0), bytes_of(id)).completion);
  EXPECT_EQ(id.cntlid, cntlid);
  EXPECT_EQ(std::string(id.subnqn), kSubsystem);
  EXPECT_EQ(id.ioccsz, (64U + 8192) / 16);
  EXPECT_EQ(std::memcmp(id.vendor, "LNVMTCP", 8), 0);
  spec::IdentifyNamespace ns{};
  ASSERT_TRUE(admin.execute(spec::build::identify(0, 1), bytes_of(ns)).completion);
  EXPECT_EQ(ns.lbaf[0].ms, 0U);
  EXPECT_EQ(ns.lbaf[0].ds, 12U);

  const Reply queues = admin.execute(spec::build::set_features(spec::FeatureId::number_of_queues, 0, 3 | 3 << 16));
  EXPECT_EQ(queues.completion.result, 3U | 3U << 16);
  std::array<std::byte, 4096> geometry{};
  ASSERT_TRUE(admin.execute(spec::build::geometry(1), geometry).completion);
  EXPECT_EQ(geometry[0], std::byte{2});

  Client io(address(), {.depth = 32, .capsule_bytes = 8192});
  ASSERT_TRUE(io.connect({.qid = 1, .cntlid = cntlid}).completion);
  std::vector<std::byte> written(16384), read(16384);
  for (std::size_t i = 0; i < written.size(); ++i) written[i] = static_cast<std::byte>(i * 7);
  for (std::uint64_t at = 0; at < 64; at += 4) {
    const Reply w = io.execute(spec::build::transfer(IoOpcode::write, 1, at, 4), {}, written);
    ASSERT_TRUE(w.completion) << w.completion.status.message();
  }
  const Reply r = io.execute(spec::build::transfer(IoOpcode::read, 1, 0, 4), read);
  ASSERT_TRUE(r.completion) << r.completion.status.message();
  EXPECT_EQ(r.bytes, read.size());
  EXPECT_EQ(read, written);
  EXPECT_TRUE(io.execute(spec::build::flush(1)).completion);
  EXPECT_TRUE(target->stop());
}

}  // namespace
}  // namespace lightnvm::test
