// SPDX-License-Identifier: BSD-2-Clause
// The grammar of identifiers, and what opening says when it cannot.
#include "device/ident.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "lightnvm/device.hpp"

namespace lightnvm {
namespace {

using backends::default_registry;
using device::parse_ident;
using testing::HasSubstr;

TEST(Ident, is_a_path_when_nothing_else_is_said) {
  const auto ident = parse_ident("/dev/nvme0n1", default_registry());
  ASSERT_TRUE(ident);
  EXPECT_EQ(ident->backend, "");
  EXPECT_EQ(ident->locator, "/dev/nvme0n1");
  EXPECT_FALSE(ident->read_only);
}

TEST(Ident, has_a_backend_and_options) {
  const auto ident = parse_ident("emu:?groups=8&ro&name=a%20b%3F", default_registry());
  ASSERT_TRUE(ident);
  EXPECT_EQ(ident->backend, "emu");
  EXPECT_EQ(ident->locator, "");
  EXPECT_TRUE(ident->read_only);
  EXPECT_EQ(ident->options.at("groups"), "8");
  EXPECT_EQ(ident->options.at("name"), "a b?");
  EXPECT_EQ(ident->options.size(), 2U);
}

TEST(Ident, keeps_a_colon_that_names_no_backend) {
  const auto ident = parse_ident("traddr:0000:01:00.0", default_registry());
  ASSERT_TRUE(ident);
  EXPECT_EQ(ident->backend, "");
  EXPECT_EQ(ident->locator, "traddr:0000:01:00.0");
}

TEST(Ident, may_hold_a_question_mark_as_an_escape) {
  const auto ident = parse_ident("emu:what%3F.img", default_registry());
  ASSERT_TRUE(ident);
  EXPECT_EQ(ident->locator, "what?.img");
}

TEST(Ident, refuses_what_is_broken_with_a_sentence) {
  for (const char* text :
       {"", "?ro", "a?x=%", "a?x=%1", "a?x=%zz", "a%00b", "a?=1", "a?x=1&x=2", "a?ro&ro", "a?ro=0", "a?ro=banana"}) {
    const auto ident = parse_ident(text, default_registry());
    ASSERT_FALSE(ident) << text;
    EXPECT_TRUE(ident.error().is_errno(EINVAL)) << text;
    EXPECT_FALSE(last_error().empty()) << text;
  }
}

class Opening : public testing::Test {
 protected:
  void SetUp() override { ::unsetenv("NVM_BE"); }
  void TearDown() override { ::unsetenv("NVM_BE"); }
};

TEST_F(Opening, of_nothing_says_that_there_is_nothing) {
  const auto device = Device::open("/nonexistent/ssd.img");
  ASSERT_FALSE(device);
  EXPECT_TRUE(device.error().is_errno(ENOENT));
  EXPECT_THAT(last_error(), HasSubstr("/nonexistent/ssd.img"));
}

TEST_F(Opening, of_something_else_says_that_no_backend_knows_it) {
  const auto device = Device::open("/dev/null");
  ASSERT_FALSE(device);
  EXPECT_TRUE(device.error().is_errno(EINVAL) || device.error().is_errno(ENODEV));
  EXPECT_THAT(last_error(), HasSubstr("/dev/null"));
}

TEST_F(Opening, through_a_backend_that_is_not_built_says_why) {
  const auto device = Device::open("spdk:traddr:0000:01:00.0");
  ASSERT_FALSE(device);
  EXPECT_TRUE(device.error().is_errno(ENOSYS));
  EXPECT_THAT(last_error(), HasSubstr("spdk"));
}

TEST_F(Opening, through_an_unknown_backend_names_it) {
  const auto device = Device::open("emu:?groups=2", {.backend = "nfs"});
  ASSERT_FALSE(device);
  EXPECT_TRUE(device.error().is_errno(EINVAL));
  EXPECT_THAT(last_error(), HasSubstr("nfs"));
}

TEST_F(Opening, takes_the_backend_from_the_environment_in_each_spelling) {
  for (const char* name : {"emu", "EMU", "NVM_BE_EMU", "nvm_be_emu"}) {
    ::setenv("NVM_BE", name, 1);
    EXPECT_TRUE(Device::open("emu:?groups=2")) << name << ": " << last_error();
  }
  ::setenv("NVM_BE", "NVM_BE_LBD", 1);
  EXPECT_TRUE(Device::open("emu:?groups=2")) << "an identifier's backend wins over the environment";
  const auto device = Device::open("/dev/null");
  ASSERT_FALSE(device);
  EXPECT_TRUE(device.error().is_errno(ENOSYS));
}

TEST_F(Opening, refuses_an_unknown_option_and_lists_the_known) {
  const auto device = Device::open("emu:?grups=2");
  ASSERT_FALSE(device);
  EXPECT_TRUE(device.error().is_errno(EINVAL));
  EXPECT_THAT(last_error(), HasSubstr("'grups'"));
  EXPECT_THAT(last_error(), HasSubstr("groups, punits"));
}

TEST_F(Opening, in_memory_shares_a_device_by_its_name) {
  auto one = Device::open("emu:?name=shared");
  auto two = Device::open("emu:?name=shared");
  auto other = Device::open("emu:?name=another");
  ASSERT_TRUE(one && two && other);
  ASSERT_TRUE(one->report_unwritten(true));
  EXPECT_NE(*two->feature(Feature::error_recovery), 0U);
  EXPECT_EQ(*other->feature(Feature::error_recovery), 0U);
  const auto different = Device::open("emu:?name=shared&groups=5");
  ASSERT_FALSE(different);
  EXPECT_TRUE(different.error().is_errno(EINVAL));
}

TEST_F(Opening, by_a_name_that_is_there_needs_its_options_or_none) {
  const std::string first = "emu:?name=named&bad=none&predefined=0xff";
  auto one = Device::open(first);
  ASSERT_TRUE(one) << last_error();
  EXPECT_TRUE(Device::open(first)) << last_error();
  EXPECT_TRUE(Device::open("emu:?name=named")) << last_error();
  for (const auto& [options, why] :
       {std::pair("&bad=none", "predefined is 255, not 0"), std::pair("&predefined=0xff", "bad has other chunks"),
        std::pair("&bad=none&predefined=0xff&mdts=6", "mdts is 7, not 6"),
        std::pair("&bad=none&predefined=0xff&serial=X", "serial is LNVM0001, not X"),
        std::pair("&groups=2", "groups is 3, not 2")}) {
    const auto other = Device::open(std::string("emu:?name=named") + options);
    ASSERT_FALSE(other) << options;
    EXPECT_TRUE(other.error().is_errno(EINVAL));
    EXPECT_THAT(last_error(), HasSubstr(why));
  }
}

TEST_F(Opening, needs_a_file_to_trace_into) {
  for (const char* ident : {"emu:?trace=", "emu:?trace"}) {
    const auto device = Device::open(ident);
    ASSERT_FALSE(device) << ident;
    EXPECT_TRUE(device.error().is_errno(EINVAL));
    EXPECT_THAT(last_error(), HasSubstr("trace= needs the name of a file"));
  }
}

}  // namespace
}  // namespace lightnvm
