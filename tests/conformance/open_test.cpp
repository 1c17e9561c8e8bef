// SPDX-License-Identifier: BSD-2-Clause
// Opening on every route: shared and read-only openings, identifiers, what is absent and why.
#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>

#include "conformance/support/fixture.hpp"
#include "spec/build.hpp"
#include "support/test_registry.hpp"

namespace lightnvm::test {
namespace {

class Open : public WriteTest {};
class OpenLook : public LookTest {};
class Traced : public WriteTest {};

TEST_P(OpenLook, identification_is_there) {
  EXPECT_EQ(device().identify_controller().size(), 4096U);
  EXPECT_EQ(device().identify_namespace().size(), 4096U);
  EXPECT_EQ(device().version(), SpecVersion::ocssd20);
  EXPECT_GT(device().max_sectors(), 0U);
  EXPECT_NE(device().nsid(), 0U);
  EXPECT_EQ(device().ident().rfind(uri_, 0), 0U);
  EXPECT_TRUE(GetParam().backend.empty() || device().backend() == GetParam().backend);
}

TEST_P(OpenLook, geometry_makes_sense) {
  EXPECT_GT(geo().total_sectors(), 0U);
  EXPECT_EQ(geo().ws_opt % geo().ws_min, 0U);
  EXPECT_EQ(geo().sectors % geo().ws_min, 0U);
  EXPECT_LT(geo().mw_cunits, geo().sectors);
}

TEST_P(OpenLook, backend_by_another_name_is_refused_with_a_sentence) {
  OpenOptions options;
  options.backend = "nonesuch";
  const auto opened = DeviceAccess::open(uri_, options, registry_of(GetParam()));
  ASSERT_FALSE(opened);
  EXPECT_TRUE(opened.error().is_errno(EINVAL));
  EXPECT_NE(last_error().find("nonesuch"), std::string::npos);
}

TEST_P(OpenLook, option_that_does_not_exist_is_refused_with_its_name) {
  if (GetParam().backend.empty()) GTEST_SKIP() << "somebody's device has options of its own";
  const auto opened = open_again("frobnicate=1");
  ASSERT_FALSE(opened) << "an option is never accepted and ignored";
  EXPECT_TRUE(opened.error().is_errno(EINVAL)) << opened.error().message();
  EXPECT_NE(last_error().find("frobnicate"), std::string::npos) << last_error();
}

TEST_P(Open, second_opening_sees_what_the_first_has_written) {
  auto again = open_again();
  ASSERT_TRUE(again) << last_error();
  EXPECT_EQ(again->geometry(), geo());
  const Address a = free_chunk();
  write(a, until_readable(8));
  const auto there = again->chunk(a);
  ASSERT_TRUE(there);
  EXPECT_EQ(there->write_pointer, until_readable(8));
  Bytes data(8 * geo().sector_bytes);
  ASSERT_TRUE(again->read(Sectors::vector(a, 8), Destination(data)));
  EXPECT_TRUE(data == data_for(a, 8));
}

TEST_P(Open, read_only_opening_refuses_changes_before_they_are_sent) {
  const Address a = free_chunk();
  write(a, until_readable(geo().ws_min));
  auto looks = open_again("ro");
  ASSERT_TRUE(looks) << last_error();
  EXPECT_TRUE(looks->read_only());
  EXPECT_FALSE(device().read_only());
  const Address at = a.plus(until_readable(geo().ws_min));
  const Bytes bytes = data_for(at, geo().ws_min);
  EXPECT_TRUE(looks->write(Sectors(at, geo().ws_min), Source(bytes)).status.is_errno(EROFS));
  EXPECT_TRUE(looks->write(Sectors::vector(at, geo().ws_min), Source(bytes)).status.is_errno(EROFS));
  EXPECT_TRUE(looks->reset(Sectors(a, 1)).status.is_errno(EROFS));
  EXPECT_TRUE(looks->copy(run(a, geo().ws_min), run(at, geo().ws_min)).status.is_errno(EROFS));
  const spec::Command raw =
      spec::build::transfer(spec::IoOpcode::write, device().nsid(), device().to_device(at), geo().ws_min);
  Bytes memory = bytes;
  EXPECT_TRUE(looks->pass(CommandSet::io, raw.dw, Destination(memory)).status.is_errno(EROFS)) << "nor as it is";
  EXPECT_EQ(chunk(a).write_pointer, until_readable(geo().ws_min));
  Bytes data(geo().ws_min * geo().sector_bytes);
  ASSERT_TRUE(looks->read(Sectors::vector(a, geo().ws_min), Destination(data)));
  EXPECT_TRUE(data == data_for(a, geo().ws_min));
}

TEST_P(Traced, trace_tells_what_was_done) {
  if (!GetParam().traced) GTEST_SKIP() << "somebody's device is not traced";
  const std::size_t at = options_.find("trace=");
  const std::string path = options_.substr(at + 6, options_.find('&', at) - at - 6);
  const Address a = free_chunk();
  auto again = open_again();
  ASSERT_TRUE(again);
  const Bytes data = data_for(a, geo().ws_min);
  ASSERT_TRUE(again->write(Sectors::vector(a, geo().ws_min), Source(data)));
  again = std::unexpected(Status());
  std::ifstream file(path);
  const std::string all((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  EXPECT_NE(all.find(" vector_write "), std::string::npos);
  EXPECT_NE(all.find(" geometry "), std::string::npos);
}

TEST_P(OpenLook, trace_that_cannot_be_written_is_a_refusal) {
  const auto opened = open_again("trace=/nonexistent/folder/trace");
  ASSERT_FALSE(opened);
  EXPECT_TRUE(opened.error().is_errno(GetParam().traced ? EINVAL : ENOENT)) << "or two traces";
}

NVM_CONFORMANCE(Open);
NVM_CONFORMANCE(OpenLook);
NVM_CONFORMANCE_OVER(Traced, &RouteUnderTest::is_traced);

/// The backends of the library's list. Their entries in ctest are made from that list, not from this line.
class Backends : public testing::TestWithParam<BackendInfo> {};

TEST_P(Backends, is_among_the_routes_or_absent_with_its_reason) {
  const BackendInfo& info = GetParam();
  if (info.built) {
    const auto routes = built_routes();
    EXPECT_TRUE(std::ranges::any_of(routes, [&](const RouteUnderTest& r) { return r.backend == info.name; }));
    return;
  }
  OpenOptions options;
  options.backend = info.name;
  const auto opened = Device::open("/dev/null", options);
  ASSERT_FALSE(opened);
  EXPECT_FALSE(info.absent_because.empty());
  EXPECT_NE(last_error().find(info.absent_because), std::string::npos) << "who asks for it is told why";
  GTEST_SKIP() << info.absent_because;
}

INSTANTIATE_TEST_SUITE_P(List, Backends, testing::ValuesIn(available_backends()),
                         [](const testing::TestParamInfo<BackendInfo>& one) { return std::string(one.param.name); });

TEST(Named, devices_are_those_of_the_environment) {
  if (named_routes().empty()) GTEST_SKIP() << "NVM_TEST_URIS names no devices";
  for (const RouteUnderTest& route : named_routes()) {
    EXPECT_TRUE(Device::open(route.options)) << route.options << ": " << last_error();
  }
}

TEST(NullBackend, device_that_no_dialect_knows_opens_by_its_backends_name) {
  auto device = DeviceAccess::open("null:", {}, backends::test_registry());
  ASSERT_TRUE(device) << last_error();
  EXPECT_EQ(device->version(), SpecVersion::none);
  EXPECT_EQ(device->backend(), "null");
  EXPECT_EQ(device->backend_id(), 0x100U);
  Bytes data(4096);
  EXPECT_TRUE(device->read(Sectors(Address(), 1), Destination(data)).status.is_errno(ENOTSUP));
  EXPECT_TRUE(device->chunks().error().is_errno(ENOTSUP));
  EXPECT_TRUE(device->flush());
}

TEST(NullBackend, pass_through_works_on_it) {
  auto device = DeviceAccess::open("null:", {}, backends::test_registry());
  ASSERT_TRUE(device);
  Bytes data(4096);
  RawCommand command{};
  command[0] = 0x02;
  EXPECT_TRUE(device->pass(CommandSet::io, command, Destination(data)));
  command[0] = 0x06;
  EXPECT_TRUE(device->pass(CommandSet::admin, command, Destination(data)));
}

TEST(NullBackend, queue_keeps_its_depth) {
  auto device = DeviceAccess::open("null:", {}, backends::test_registry());
  ASSERT_TRUE(device);
  auto queue = device->open_queue(2);
  ASSERT_TRUE(queue);
  unsigned done = 0;
  const auto count = [&](const Completion& c) { done += c.ok() ? 1 : 0; };
  EXPECT_TRUE(queue->flush(count));
  EXPECT_TRUE(queue->flush(count));
  EXPECT_TRUE(queue->flush(count).is_errno(EAGAIN));
  EXPECT_EQ(queue->drain().value_or(0), 2U);
  EXPECT_EQ(done, 2U);
}

/// The lines of a file that contain one of `words`.
std::size_t lines_with(const std::filesystem::path& path, const std::vector<std::string>& words) {
  std::ifstream file(path);
  std::size_t n = 0;
  for (std::string line; std::getline(file, line);) {
    n += std::ranges::any_of(words, [&](const std::string& w) { return line.find(w) != std::string::npos; }) ? 1 : 0;
  }
  return n;
}

TEST(NullBackend, took_one_folder_and_one_line) {
  namespace fs = std::filesystem;
  const fs::path tests = fs::path(TEST_DATA).parent_path();
  EXPECT_EQ(std::distance(fs::directory_iterator(tests / "backends/null"), fs::directory_iterator()), 1);
  EXPECT_EQ(lines_with(tests / "backends/CMakeLists.txt", {"null"}), 1U);
  // Nobody else knows of it: not the library, not the build, not what other test backends share.
  const std::vector<std::string> names = {"backends::null", "(null ", "\"null\"", "namespace null", "null/"};
  for (const char* folder : {"src", "include", "tools", "cmake", "tests/support", "tests/backends/lacking"}) {
    const fs::path root = tests.parent_path() / folder;
    if (!fs::exists(root)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
      const bool clean = !entry.is_regular_file() || lines_with(entry.path(), names) == 0;
      EXPECT_TRUE(clean) << entry.path();
    }
  }
}

TEST(NullBackend, is_not_opened_without_its_name) {
  const auto opened = DeviceAccess::open("whatever", {}, backends::test_registry());
  ASSERT_FALSE(opened);
  EXPECT_NE(last_error().find("null is opened by its name"), std::string::npos) << last_error();
}

}  // namespace
}  // namespace lightnvm::test
