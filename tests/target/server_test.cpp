// SPDX-License-Identifier: BSD-2-Clause
// A whole server, by a host over loopback.
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <thread>

#include "lightnvm/device.hpp"
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
  // Whether it comes true within 10 s.
  template <typename F>
  bool soon(F&& f) {
    for (int i = 0; i < 1000 && !f(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return f();
  }
  std::optional<Target> target;
};

// An admin queue and an I/O queue of one host.
struct Pair {
  explicit Pair(const std::string& address, std::uint8_t hostid = 1) : admin(address), io(address) {
    const Reply r = admin.connect({.hostid = hostid});
    cntlid = f::ConnectResult::cntlid(r.completion.result);
    ready = r.completion.ok() && admin.enable() &&
            io.connect({.qid = 1, .cntlid = cntlid, .hostid = hostid}).completion.ok();
  }
  Client admin, io;
  std::uint16_t cntlid = 0;
  bool ready = false;
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

TEST_F(Server, a_thousand_connections_leave_nothing_behind) {
  TargetConfig config = small_config();
  config.cores = 2;
  serve(config);
  for (int round = 0; round < 100; ++round) {
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < 10; ++i) clients.push_back(std::make_unique<Client>(address()));
    // Some say nothing, some half of something, some connect.
    for (std::size_t i = 0; i < clients.size(); ++i) {
      if (i % 3 == 0) {
        EXPECT_TRUE(clients[i]->connect().completion);
      }
      if (i % 3 == 1) (void)::send(clients[i]->socket(), "\0\0", 2, MSG_NOSIGNAL);
    }
  }
  EXPECT_TRUE(soon([&] { return target->counters().connections == 0 && target->counters().accepted == 1000; }));
  EXPECT_EQ(target->counters().memory_bytes, 0U);
  EXPECT_EQ(target->counters().controllers, 0U);
  Pair after(address());
  EXPECT_TRUE(after.ready);
}

TEST_F(Server, closes_connections_beyond_the_limit) {
  TargetConfig config = small_config();
  config.connections = 2;
  serve(config);
  Pair pair(address());
  ASSERT_TRUE(pair.ready);
  Client third(address());
  EXPECT_TRUE(third.ends());
  EXPECT_EQ(target->counters().refused, 1U);
}

TEST_F(Server, ends_connections_that_do_not_come_about) {
  TargetConfig config = small_config();
  config.handshake = std::chrono::milliseconds(100);
  serve(config);
  const os::Fd silent = dial(address());
  pollfd p{silent.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&p, 1, 10'000), 1);
  char byte = 0;
  EXPECT_EQ(::recv(silent.get(), &byte, 1, 0), 0);
  EXPECT_EQ(target->counters().timeouts, 1U);
}

TEST_F(Server, answers_what_is_no_pdu_with_a_term_req) {
  serve();
  const os::Fd fd = dial(address());
  const std::string_view request = "GET / HTTP/1.1\r\nHost: nobody\r\n\r\n";
  ASSERT_EQ(::send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL), static_cast<ssize_t>(request.size()));
  std::array<std::uint8_t, 256> answer{};
  ASSERT_GE(::recv(fd.get(), answer.data(), answer.size(), 0), 24);
  EXPECT_EQ(answer[0], 3);  // C2HTermReq
  EXPECT_EQ(answer[8], 1);  // invalid header field
  EXPECT_EQ(::recv(fd.get(), answer.data(), answer.size(), 0), 0);
}

TEST_F(Server, serves_several_hosts_on_several_cores) {
  TargetConfig config = small_config("emu:?groups=4&punits=1&chunks=2&sectors=64");
  config.cores = 3;
  serve(config);
  std::array<std::atomic<bool>, 4> right{};
  std::vector<std::thread> hosts;
  for (unsigned h = 0; h < 4; ++h) {
    hosts.emplace_back([&, h] {
      Pair pair(address(), static_cast<std::uint8_t>(h + 1));
      std::vector<std::byte> data(16384, static_cast<std::byte>(h + 1)), back(16384);
      bool ok = pair.ready;
      const std::uint64_t chunk = h * 128;
      for (std::uint64_t at = 0; ok && at < 64; at += 4) {
        ok = pair.io.status(spec::build::transfer(IoOpcode::write, 1, chunk + at, 4), {}, data).ok();
      }
      for (std::uint64_t at = 0; ok && at < 64; at += 4) {
        ok = pair.io.status(spec::build::transfer(IoOpcode::read, 1, chunk + at, 4), back).ok() && back == data;
      }
      right[h] = ok;
    });
  }
  for (std::thread& t : hosts) t.join();
  for (const auto& r : right) EXPECT_TRUE(r);
  EXPECT_GE(target->counters().io_commands, 4U * 32);
}

TEST_F(Server, a_batch_takes_few_system_calls) {
  serve();
  Pair pair(address());
  ASSERT_TRUE(pair.ready);
  std::vector<std::byte> memory(32 * 4096);
  const TargetCounters before = target->counters();
  for (int round = 0; round < 50; ++round) {
    for (std::uint32_t tag = 0; tag < 32; ++tag) {
      ASSERT_TRUE(pair.io.start(tag, spec::build::transfer(IoOpcode::read, 1, 0, 1),
                                std::span(memory).subspan(tag * 4096U, 4096), {}));
    }
    for (std::uint32_t tag = 0; tag < 32; ++tag) ASSERT_TRUE(pair.io.wait(tag));
  }
  const TargetCounters after = target->counters();
  EXPECT_EQ(after.io_commands - before.io_commands, 50U * 32);
  // A wait goes with each receive.
  EXPECT_LE(2 * (after.receives - before.receives) + after.sends - before.sends, 50U * 32 / 8);
}

TEST_F(Server, stops_under_load_without_losing_what_it_acknowledged) {
  auto device = Device::open("emu:?name=load&groups=1&punits=1&chunks=8&sectors=4096");
  ASSERT_TRUE(device);
  for (int round = 0; round < 5; ++round) {
    serve(small_config("emu:?name=load"));
    std::uint64_t acknowledged = 0;
    bool lost = false;
    std::thread host([&] {
      Pair pair(address());
      std::vector<std::byte> data(16384, std::byte{1});
      const std::uint64_t chunk = static_cast<std::uint64_t>(round) * 4096;
      for (std::uint64_t at = 0; pair.ready && at < 4096; at += 4) {
        const Status s = pair.io.status(spec::build::transfer(IoOpcode::write, 1, chunk + at, 4), {}, data);
        if (!s) {
          lost = !s.is_errno(ENOTCONN);
          break;
        }
        acknowledged += 4;
      }
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(20 + round * 7));
    EXPECT_TRUE(target->stop());
    host.join();
    EXPECT_FALSE(lost);
    EXPECT_EQ(target->counters().connections, 0U);
    const auto chunks = device->chunks(static_cast<std::uint64_t>(round), 1);
    ASSERT_TRUE(chunks);
    EXPECT_GE((*chunks)[0].write_pointer, acknowledged);
    target.reset();
  }
}

TEST_F(Server, says_what_is_wrong_with_a_configuration) {
  const auto refused = [](auto&& change, std::string_view wanted) {
    TargetConfig config = small_config();
    change(config);
    const auto opened = Target::open(config);
    ASSERT_FALSE(opened);
    EXPECT_NE(last_error().find(wanted), std::string::npos) << last_error();
  };
  refused([](TargetConfig& c) { c.subsystems.clear(); }, "no subsystem");
  refused([](TargetConfig& c) { c.subsystems[0].nqn = "name"; }, "no NQN");
  refused([](TargetConfig& c) { c.subsystems[0].nqn = f::kDiscoveryNqn; }, "discovery");
  refused([](TargetConfig& c) { c.subsystems.push_back(c.subsystems[0]); }, "twice");
  refused([](TargetConfig& c) { c.subsystems[0].namespaces.clear(); }, "no namespace");
  refused([](TargetConfig& c) { c.subsystems[0].namespaces[0].nsid = 0; }, "nsid");
  refused([](TargetConfig& c) { c.subsystems[0].namespaces.push_back(c.subsystems[0].namespaces[0]); }, "twice");
  refused([](TargetConfig& c) { c.subsystems[0].namespaces[0].device = "/nowhere"; }, "/nowhere");
  refused([](TargetConfig& c) { c.subsystems[0].hosts = {"me"}; }, "no NQN");
  refused([](TargetConfig& c) { c.subsystems[0].namespaces[0] = {"emu:?oob_bytes=0", 1, TargetMetadata::extended}; },
          "no metadata");
  refused([](TargetConfig& c) { c.listen = "127.0.0.1:99999"; }, "port");
  refused([](TargetConfig& c) { c.listen = "::1"; }, "brackets");
  refused([](TargetConfig& c) { c.listen = "[::1:5"; }, "bracket");
  refused([](TargetConfig& c) { c.listen = ":5"; }, "host");
  refused([](TargetConfig& c) { c.listen = "192.0.2.1:0"; }, "cannot listen");
  refused([](TargetConfig& c) { c.cores = 0; }, "cores");
  refused([](TargetConfig& c) { c.io_queues = 65; }, "io_queues");
  refused([](TargetConfig& c) { c.queue_entries = 1; }, "queue_entries");
  refused([](TargetConfig& c) { c.capsule_bytes = 100; }, "capsule_bytes");
  refused([](TargetConfig& c) { c.transfer_bytes = 5000; }, "transfer_bytes");
  refused([](TargetConfig& c) { c.controllers = 0; }, "controllers");
  refused([](TargetConfig& c) { c.stall = {}; }, "stall");
}

}  // namespace
}  // namespace lightnvm::test
