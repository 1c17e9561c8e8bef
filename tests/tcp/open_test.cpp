// SPDX-License-Identifier: BSD-2-Clause
// Identifiers, and targets that do not have what they name: each with a sentence that says what to do.
#include "support.hpp"

namespace lightnvm::test {
namespace {

void expect_refused(const std::string& ident, int error, const std::string& part) {
  const auto opened = Device::open(ident);
  ASSERT_FALSE(opened) << ident;
  EXPECT_TRUE(opened.error().is_errno(error)) << ident << ": " << opened.error().message() << ": " << last_error();
  EXPECT_NE(last_error().find(part), std::string::npos) << ident << ": " << last_error();
}

TEST(TcpIdent, what_names_no_target_is_refused) {
  expect_refused("tcp:host", EINVAL, "tcp://HOST:PORT/SUBNQN");
  expect_refused("tcp://host", EINVAL, "the name of the subsystem is missing");
  expect_refused("tcp://host/", EINVAL, "the name of the subsystem is missing");
  expect_refused("tcp://host/disk", EINVAL, "it begins with nqn.");
  expect_refused("tcp://host:1/nqn." + std::string(220, 'x'), EINVAL, "at most 223 bytes");
  expect_refused("tcp:///nqn.x", EINVAL, "the host is missing");
  expect_refused("tcp://host:99999/nqn.x", EINVAL, "the port is 0 to 65535");
  expect_refused("tcp://::1:4420/nqn.x", EINVAL, "an IPv6 address needs brackets");
}

TEST(TcpIdent, option_that_is_wrong_is_refused_with_its_name) {
  const std::string base = "tcp://127.0.0.1:1/nqn.x?";
  expect_refused(base + "nsid=0", EINVAL, "'nsid' is 1 to");
  expect_refused(base + "nsid=x", EINVAL, "'nsid' is 1 to");
  expect_refused(base + "hostnqn=me", EINVAL, "'hostnqn'");
  expect_refused(base + "digest=both", EINVAL, "'digest' is header, data");
  expect_refused(base + "digest=header,", EINVAL, "'digest' is header, data");
  expect_refused(base + "extension", EINVAL, "'extension' is on");
  expect_refused(base + "depth=4097", EINVAL, "'depth' is 1 to 4096");
  expect_refused(base + "timeout=-1", EINVAL, "'timeout' is 0 to");
  expect_refused(base + "keep_alive=soon", EINVAL, "'keep_alive'");
  expect_refused(base + "reconnect=99999", EINVAL, "'reconnect'");
  expect_refused(base + "queue=4", EINVAL, "'queue' is no option");
}

TEST(TcpOpen, names_and_values_may_be_escaped) {
  const auto target = serve();
  const auto opened = Device::open("tcp://" + target->address() + "/nqn%2E2026-11.io.lightnvm%3Atcp?hostnqn=nqn.a%26b");
  EXPECT_TRUE(opened) << last_error();
}

TEST(TcpOpen, ipv6_in_brackets) {
  TargetConfig config = config_of();
  config.listen = "[::1]:0";
  auto target = Target::open(config);
  if (!target) GTEST_SKIP() << "no IPv6 here: " << last_error();
  ASSERT_TRUE(target->start());
  EXPECT_TRUE(Device::open(ident_at(target->address()))) << last_error();
}

TEST(TcpOpen, nobody_listens) {
  auto listener = os::listen_tcp({"127.0.0.1", 0});
  const std::string address = os::bound_to(listener->get())->text();
  *listener = os::Fd();
  expect_refused(ident_at(address), ECONNREFUSED, "cannot connect to " + address);
}

TEST(TcpOpen, host_without_address) {
  expect_refused(ident_at("nonesuch.invalid:4420"), EHOSTUNREACH, "nonesuch.invalid");
}

TEST(TcpOpen, subsystem_that_is_not_there) {
  const auto target = serve();
  expect_refused("tcp://" + target->address() + "/nqn.2026-11.io.lightnvm:other", ENODEV, "no such subsystem");
}

TEST(TcpOpen, discovery_subsystem_is_no_device) {
  const auto target = serve();
  expect_refused("tcp://" + target->address() + "/nqn.2014-08.org.nvmexpress.discovery", ENODEV,
                 "name the one with the device");
}

TEST(TcpOpen, namespace_that_is_not_there) {
  TargetConfig config = config_of();
  config.subsystems[0].namespaces = {{kSmall, 2}, {kSmall, 5}};
  const auto target = serve(config);
  expect_refused(ident_at(target->address()), ENODEV, "nsid= is one of 2, 5");
  EXPECT_TRUE(Device::open(ident_at(target->address(), "nsid=5"))) << last_error();
}

TEST(TcpOpen, host_that_is_not_allowed) {
  TargetConfig config = config_of();
  config.subsystems[0].hosts = {"nqn.2026-11.org.example:laptop"};
  const auto target = serve(config);
  const auto opened = Device::open(ident_at(target->address(), "hostnqn=nqn.2026-11.org.example:other"));
  ASSERT_FALSE(opened);
  EXPECT_NE(last_error().find("hostnqn="), std::string::npos) << last_error();
  EXPECT_TRUE(Device::open(ident_at(target->address(), "hostnqn=nqn.2026-11.org.example:laptop"))) << last_error();
}

TEST(TcpOpen, digests_that_the_target_does_not_do) {
  TargetConfig config = config_of();
  config.data_digest = false;
  const auto target = serve(config);
  expect_refused(ident_at(target->address(), "digest=data"), EPROTO, "digest=");
  EXPECT_TRUE(Device::open(ident_at(target->address(), "digest=header"))) << last_error();
}

TEST(TcpOpen, extension_that_the_target_does_not_offer) {
  TargetConfig config = config_of();
  config.extension = false;
  const auto target = serve(config);
  expect_refused(ident_at(target->address(), "extension=on"), ENOTSUP, "does not offer the extension");
  const auto without = Device::open(ident_at(target->address()));
  ASSERT_TRUE(without) << last_error();
}

TEST(TcpOpen, target_without_room) {
  TargetConfig config = config_of();
  config.controllers = 1;
  const auto target = serve(config);
  const auto first = Device::open(ident_at(target->address()));
  ASSERT_TRUE(first) << last_error();
  expect_refused(ident_at(target->address()), EBUSY, "no room for another host");
}

TEST(TcpOpen, queues_beyond_what_the_target_gives_are_refused_and_come_back) {
  TargetConfig config = config_of();
  config.io_queues = 3;
  const auto target = serve(config);
  const auto backend = open_backend(ident_at(target->address()));
  std::vector<std::unique_ptr<backends::QueuePair>> queues;
  for (int i = 0; i < 3; ++i) {
    auto queue = backend->open_queue({backends::QueueKind::io, 4});
    ASSERT_TRUE(queue) << last_error();
    queues.push_back(std::move(*queue));
  }
  const auto fourth = backend->open_queue({backends::QueueKind::io, 4});
  ASSERT_FALSE(fourth);
  EXPECT_TRUE(fourth.error().is_errno(EMFILE));
  for (int i = 0; i < 20; ++i) {
    queues.pop_back();
    auto queue = backend->open_queue({backends::QueueKind::io, 4});
    ASSERT_TRUE(queue) << i << ": " << last_error();
    queues.push_back(std::move(*queue));
  }
}

TEST(TcpOpen, what_listens_there_is_something_else) {
  auto listener = os::listen_tcp({"127.0.0.1", 0});
  const std::string address = os::bound_to(listener->get())->text();
  std::thread other([&] {
    os::wait_for(listener->get(), false, std::chrono::seconds(10));
    const auto socket = os::accept_tcp(listener->get());
    ASSERT_TRUE(socket);
    std::string text = "220 mail.example ESMTP\r\n";
    text.resize(200, ' ');
    const Segment s = segment(std::as_bytes(std::span(text)));
    (void)os::send(socket->get(), {&s, 1});
    os::wait_for(socket->get(), false, std::chrono::milliseconds(200));
  });
  expect_refused(ident_at(address), EPROTO, "breaks NVMe/TCP");
  other.join();
}

}  // namespace
}  // namespace lightnvm::test
