// SPDX-License-Identifier: BSD-2-Clause
// The layer `trace`: what its file says of commands, and that it changes nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <ranges>
#include <sstream>

#include "layers/trace.hpp"
#include "spec/build.hpp"
#include "spec/names.hpp"
#include "spec/path_status.hpp"
#include "support/scripted.hpp"

namespace lightnvm::test {
namespace {

using spec::IoOpcode;
using Columns = std::vector<std::string>;

enum Column : std::size_t {
  us,
  queue,
  tag,
  event,
  opcode,
  nsid,
  data,
  meta,
  latency,
  status,
  code,
  flags,
  result,
  fields
};

class Trace : public testing::Test {
 protected:
  void SetUp() override {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    path_ = testing::TempDir() + "trace_" + info->name() + "_" + std::to_string(::getpid());
    std::filesystem::remove(path_);
  }
  void TearDown() override {
    close();
    std::filesystem::remove(path_);
  }
  void open() {
    auto opened = layers::trace(scripted(script_), path_);
    ASSERT_TRUE(opened) << opened.error().sentence;
    backend_ = std::move(*opened);
  }
  std::unique_ptr<backends::QueuePair> pair_of(backends::QueueKind kind = backends::QueueKind::io) {
    auto pair = backend_->open_queue({kind, 8});
    EXPECT_TRUE(pair);
    return pair ? std::move(*pair) : nullptr;
  }
  void close() { backend_.reset(); }
  /// The lines that are no comments, in columns.
  std::vector<Columns> lines() {
    close();
    std::ifstream file(path_);
    std::vector<Columns> out;
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with('#')) continue;
      std::istringstream words(line);
      out.emplace_back(std::istream_iterator<std::string>(words), std::istream_iterator<std::string>());
    }
    return out;
  }
  /// The columns of the one command that `request` is, from its submission and from its completion.
  std::vector<Columns> traced(backends::Request& request, backends::QueueKind kind, Completion completion = {}) {
    open();
    auto pair = pair_of(kind);
    EXPECT_TRUE(pair->submit(request));
    script_->finish_all(completion);
    EXPECT_EQ(pair->reap(kept_, 1, 0, backends::kForever).value_or(0), 1U);
    pair.reset();
    return lines();
  }

  std::string path_;
  std::shared_ptr<Script> script_ = std::make_shared<Script>();
  std::unique_ptr<backends::Backend> backend_;
  Kept kept_;
};

TEST_F(Trace, line_has_fourteen_columns) {
  backends::Request request;
  request.tag = 5;
  request.command = spec::build::transfer(IoOpcode::write, 1, 0x2040, 24);
  spec::Fua::set(request.command, 1);
  std::vector<std::byte> memory(24 * 4096);
  const Segment segment{memory.data(), memory.size()};
  request.payload.data = {&segment, 1};
  const auto found = traced(request, backends::QueueKind::io, {7, Status::nvme_dnr(StatusCode::out_of_order_write)});
  ASSERT_EQ(found.size(), 2U);
  for (const Columns& line : found) {
    ASSERT_EQ(line.size(), 14U);
    EXPECT_EQ(line[queue], "io1");
    EXPECT_EQ(line[tag], "5");
    EXPECT_EQ(line[opcode], "write");
    EXPECT_EQ(line[nsid], "1");
    EXPECT_EQ(line[data], "98304");
    EXPECT_EQ(line[meta], "0");
    EXPECT_EQ(line[fields], "lba=0x2040+24,fua");
  }
  EXPECT_EQ(found[0][event], "submit");
  EXPECT_EQ(found[0][status], "-");
  EXPECT_EQ(found[1][event], "done");
  EXPECT_EQ(found[1][status], "out_of_order_write");
  EXPECT_EQ(found[1][code], "0x2f2");
  EXPECT_EQ(found[1][flags], "dnr");
  EXPECT_EQ(std::stoull(found[1][result], nullptr, 16), 7U);
  EXPECT_GE(std::stod(found[1][us]), std::stod(found[0][us]));
  EXPECT_GE(std::stod(found[1][latency]), 0.0);
}

TEST_F(Trace, addresses_that_follow_each_other_are_one_word) {
  backends::Request request;
  const std::vector<std::uint64_t> from{0x100, 0x101, 0x102, 0x80};
  const std::vector<std::uint64_t> to{0x200, 0x201, 0x300, 0x301};
  request.command = spec::build::vector(IoOpcode::vector_copy, 1, 4);
  request.payload.list = from;
  request.payload.destination = to;
  const auto found = traced(request, backends::QueueKind::io);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0][opcode], "vector_copy");
  EXPECT_EQ(found[0][fields], "lba=0x100+3,lba=0x80+1,to=0x200+2,to=0x300+2");
  EXPECT_EQ(found[1][status], "success");
  EXPECT_EQ(found[1][code], "0x000");
}

TEST_F(Trace, deallocation_names_its_ranges) {
  backends::Request request;
  std::array<spec::DsmRange, 2> ranges{{{0, 64, 0x40}, {0, 48, 0x80}}};
  const Segment segment{reinterpret_cast<std::byte*>(ranges.data()), sizeof ranges};
  request.command = spec::build::deallocate(1, 2);
  request.payload.data = {&segment, 1};
  EXPECT_EQ(traced(request, backends::QueueKind::io).at(0)[fields], "lba=0x40+64,lba=0x80+48,ad");
}

TEST_F(Trace, admin_commands_have_their_own_names_and_fields) {
  std::vector<std::byte> page(4096);
  const Segment segment{page.data(), page.size()};
  const std::pair<spec::Command, std::pair<std::string, std::string>> cases[] = {
      {spec::build::identify(1, 0), {"identify", "cns=0x1"}},
      {spec::build::geometry(1), {"geometry", "-"}},
      {spec::build::get_log(spec::LogPage::chunk_information, 1, 64, 4096),
       {"get_log_page", "lid=0xca,offset=64,bytes=4096"}},
      {spec::build::get_features(spec::FeatureId::error_recovery, 1), {"get_features", "fid=0x5,sel=0"}},
      {spec::build::set_features(spec::FeatureId::error_recovery, 1, 0x10000),
       {"set_features", "fid=0x5,value=0x10000"}},
      {spec::build::command(std::uint8_t{0xC1}, 1), {"0xc1", "-"}},
  };
  for (const auto& [command, expected] : cases) {
    backends::Request request;
    request.command = command;
    request.payload.data = {&segment, 1};
    std::filesystem::remove(path_);
    const auto found = traced(request, backends::QueueKind::admin);
    ASSERT_EQ(found.size(), 2U);
    ASSERT_EQ(found[0].size(), 14U);
    EXPECT_EQ(found[0][queue], "admin1");
    EXPECT_EQ(found[0][opcode], expected.first);
    EXPECT_EQ(found[0][fields], expected.second);
  }
}

TEST_F(Trace, refused_command_is_told_with_its_reason) {
  open();
  auto pair = pair_of();
  script_->accept = 0;
  script_->submit_status = Status::os(EAGAIN);
  backends::Request request;
  EXPECT_TRUE(pair->submit(request).is_errno(EAGAIN));
  pair.reset();
  const auto found = lines();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[1][event], "refused");
  EXPECT_EQ(found[1][status], "EAGAIN");
  EXPECT_EQ(found[1][opcode], "flush");
}

TEST_F(Trace, longest_list_is_there_in_full) {
  backends::Request request;
  std::vector<std::uint64_t> list;
  for (std::uint64_t i = 0; i < 64; ++i) list.push_back(0xFFFFFFFFFFFFFF00ULL - 2 * i);
  request.command = spec::build::vector(IoOpcode::vector_copy, 1, 64);
  request.payload.list = list;
  request.payload.destination = list;
  const std::string all = traced(request, backends::QueueKind::io).at(0)[fields];
  EXPECT_EQ(std::ranges::count(all, ','), 127);
  EXPECT_FALSE(all.ends_with("..."));
}

TEST_F(Trace, file_is_appended_to_and_begins_each_trace_with_its_names) {
  for (int i = 0; i < 2; ++i) {
    backends::Request request;
    (void)traced(request, backends::QueueKind::io);
  }
  std::ifstream file(path_);
  const std::string all((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  EXPECT_EQ(std::ranges::count(all, '\n'), 8);
  EXPECT_TRUE(all.starts_with("# liblightnvm trace 1\n#"));
}

TEST_F(Trace, lines_come_to_the_file_when_memory_is_full) {
  open();
  auto pair = pair_of();
  backends::Request request;
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(pair->submit(request));
    script_->finish_all();
    ASSERT_EQ(pair->reap(kept_, 1, 0, backends::kForever).value_or(0), 1U);
    script_->sent.clear();
    kept_.done.clear();
  }
  EXPECT_GT(std::filesystem::file_size(path_), 65536U);
  pair.reset();
  EXPECT_EQ(lines().size(), 2000U);
}

TEST_F(Trace, backend_behaves_as_without) {
  script_->caps.max_segments = 77;
  script_->event_fd = 5;
  open();
  EXPECT_EQ(backend_->caps().max_segments, 77U);
  EXPECT_EQ(backend_->nsid(), 1U);
  EXPECT_EQ(backend_->memory(), nullptr);
  EXPECT_EQ(pair_of()->event_fd(), 5);
  EXPECT_TRUE(backend_->next_event().error().is_errno(ENOTSUP));
}

TEST_F(Trace, cancelled_commands_are_told) {
  open();
  auto pair = pair_of();
  backends::Request request;
  ASSERT_TRUE(pair->submit(request));
  pair->cancel_all(kept_);
  pair.reset();
  EXPECT_EQ(kept_.done.size(), 1U);
  EXPECT_EQ(lines().at(1)[status], "command_aborted_by_host");
}

TEST_F(Trace, file_that_cannot_be_opened_is_a_refusal_with_a_sentence) {
  const auto opened = layers::trace(scripted(script_), testing::TempDir() + "no/such/folder/trace");
  ASSERT_FALSE(opened);
  EXPECT_TRUE(opened.error().mine);
  EXPECT_TRUE(opened.error().status.is_errno(ENOENT));
  EXPECT_NE(opened.error().sentence.find("trace"), std::string::npos);
}

TEST_F(Trace, full_disk_does_not_disturb_the_commands) {
  std::filesystem::remove(path_);
  auto opened = layers::trace(scripted(script_), "/dev/full");
  ASSERT_TRUE(opened);
  backend_ = std::move(*opened);
  auto pair = pair_of();
  backends::Request request;
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(pair->submit(request));
    script_->finish_all();
    ASSERT_EQ(pair->reap(kept_, 1, 0, backends::kForever).value_or(0), 1U);
  }
  EXPECT_EQ(kept_.done.size(), 1000U);
}

TEST(Names, every_opcode_of_the_enumerations_has_one) {
  for (const int opcode : {0x00, 0x01, 0x02, 0x09, 0x90, 0x91, 0x92, 0x93}) {
    EXPECT_FALSE(spec::io_opcode_name(static_cast<std::uint32_t>(opcode)).empty());
  }
  for (const int opcode : {0x02, 0x06, 0x08, 0x09, 0x0A, 0x0C, 0x18, 0xE2}) {
    EXPECT_FALSE(spec::admin_opcode_name(static_cast<std::uint32_t>(opcode)).empty());
  }
  EXPECT_EQ(spec::io_opcode_name(0x02), "read");
  EXPECT_EQ(spec::admin_opcode_name(0x02), "get_log_page");
  EXPECT_EQ(spec::io_opcode_name(0x7F), "");
}

TEST(PathStatus, host_errors_become_path_related_and_verdicts_stay) {
  EXPECT_TRUE(spec::as_path_status(Status()).ok());
  const Status verdict = Status::nvme_dnr(StatusCode::write_fault);
  EXPECT_EQ(spec::as_path_status(verdict), verdict);
  EXPECT_TRUE(spec::as_path_status(Status::os(ETIMEDOUT)).is(StatusCode::command_aborted_by_host));
  EXPECT_TRUE(spec::as_path_status(Status::os(EPIPE)).is(StatusCode::connection_lost));
  EXPECT_TRUE(spec::as_path_status(Status::os(ENOMEM)).is(StatusCode::internal_path_error));
}

}  // namespace
}  // namespace lightnvm::test
