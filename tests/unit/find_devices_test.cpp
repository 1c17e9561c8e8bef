// SPDX-License-Identifier: BSD-2-Clause
// Finding devices: what the routes are asked, and what the emulated one sees in directories.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "device/core.hpp"
#include "lightnvm/emulator.hpp"
#include "os/fd.hpp"

namespace lightnvm {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

// While one lives, permissions count for root, too.
class NotRoot {
 public:
  NotRoot() : root_(::geteuid() == 0) {
    if (root_) (void)!::seteuid(65534);
  }
  ~NotRoot() {
    if (root_) (void)!::seteuid(0);
  }
  NotRoot(const NotRoot&) = delete;
  NotRoot& operator=(const NotRoot&) = delete;

 private:
  bool root_;
};

class FindDevices : public testing::Test {
 protected:
  void SetUp() override {
    ::unsetenv("NVM_BE");
    std::string folder = testing::TempDir() + "lightnvm-find-XXXXXX";
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    folder_ = folder;
  }
  void TearDown() override {
    std::error_code ignored;
    fs::permissions(folder_, fs::perms::owner_all, ignored);
    fs::remove_all(folder_, ignored);
  }
  [[nodiscard]] std::string at(const std::string& name) const { return folder_ + "/" + name; }
  void make(const std::string& name, SpecVersion spec = SpecVersion::ocssd20, std::uint64_t segment_bytes = 0) {
    emulator::CreateOptions options;
    options.segment_bytes = segment_bytes;
    ASSERT_TRUE(emulator::create(at(name), emulator::Config(spec), options)) << last_error();
  }
  void write(const std::string& name, const std::string& text) const { std::ofstream(at(name)) << text; }
  [[nodiscard]] std::vector<FoundDevice> find() const {
    auto found = find_devices({{folder_}});
    EXPECT_TRUE(found) << last_error();
    return found.value_or(std::vector<FoundDevice>());
  }
  [[nodiscard]] std::vector<std::string> idents() const {
    std::vector<std::string> out;
    for (const FoundDevice& device : find()) out.push_back(device.ident);
    return out;
  }

  std::string folder_;
};

TEST_F(FindDevices, emulated_devices_are_described_without_being_opened) {
  make("b.img");
  make("a.img", SpecVersion::ocssd12);
  const auto found = find();
  ASSERT_EQ(found.size(), 2U);
  const FoundDevice& old = found[0];
  EXPECT_EQ(old.ident, at("a.img"));
  EXPECT_EQ(old.backend, "emu");
  EXPECT_EQ(old.backend_id, 0x10000U);
  EXPECT_EQ(old.version, SpecVersion::ocssd12);
  EXPECT_EQ(old.bytes, emulator::Config(SpecVersion::ocssd12).geometry.total_bytes());
  EXPECT_EQ(old.description, "2 channels x 3 LUNs x 2 planes x 44 blocks x 48 pages x 4 sectors of 4096+16 bytes");
  const FoundDevice& other = found[1];
  EXPECT_EQ(other.version, SpecVersion::ocssd20);
  EXPECT_EQ(other.bytes, 5662310400U);
  EXPECT_EQ(other.description, "3 groups x 5 units x 60 chunks x 1536 sectors of 4096+16 bytes");
  for (const FoundDevice& device : found) {
    EXPECT_TRUE(device.trouble.ok());
    EXPECT_FALSE(device.in_use);
    auto opened = Device::open(device.ident);
    ASSERT_TRUE(opened) << last_error();
    EXPECT_EQ(opened->geometry().total_bytes(), device.bytes);
    EXPECT_EQ(opened->version(), device.version);
  }
}

TEST_F(FindDevices, only_images_among_the_directorys_own_regular_files_are_listed) {
  make("x.img", SpecVersion::ocssd20, 1U << 30);
  ASSERT_TRUE(fs::exists(at("x.img.1"))) << "a further file of the device is none itself";
  fs::create_directory(at("below"));
  make("below/y.img");
  write("empty", "");
  write("short", "LNVMOCSD");
  write("text", std::string(20000, 'x'));
  fs::create_symlink(at("x.img"), at("link.img"));
  ASSERT_EQ(::mkfifo(at("fifo").c_str(), 0600), 0);
  EXPECT_THAT(idents(), ElementsAre(at("x.img")));
  const auto both = find_devices({{at("below"), folder_}});
  ASSERT_TRUE(both);
  ASSERT_EQ(both->size(), 2U);
  EXPECT_EQ((*both)[0].ident, at("below/y.img"));
  const auto none = find_devices({{}});
  ASSERT_TRUE(none);
  EXPECT_TRUE(none->empty());
}

TEST_F(FindDevices, current_directory_is_the_default) {
  make("here.img");
  const fs::path before = fs::current_path();
  fs::current_path(folder_);
  const auto found = find_devices();
  fs::current_path(before);
  ASSERT_TRUE(found) << last_error();
  ASSERT_EQ(found->size(), 1U);
  EXPECT_EQ(found->front().ident, "here.img");
}

TEST_F(FindDevices, identifier_opens_a_file_of_any_name) {
  const std::string name = "emu:50% ?a\n\xFFz.img";
  make(name);
  const auto found = find();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].ident, as_locator(folder_) + "/emu%3A50%25 %3Fa%0A%FFz.img");
  EXPECT_TRUE(Device::open(found[0].ident)) << last_error();
}

TEST_F(FindDevices, device_that_another_process_holds_is_in_use) {
  make("x.img");
  {
    auto own = Device::open(at("x.img"));
    ASSERT_TRUE(own) << last_error();
    EXPECT_FALSE(find().at(0).in_use) << "this process may open it again";
  }
  auto holder = os::open(at("x.img"), O_RDWR);
  ASSERT_TRUE(holder);
  ASSERT_TRUE(os::lock_exclusively(holder->get()));
  const auto found = find();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(found[0].in_use);
  EXPECT_TRUE(found[0].trouble.ok());
  EXPECT_FALSE(Device::open(found[0].ident));
  EXPECT_TRUE(Device::open(found[0].ident + "?ro")) << last_error();
}

TEST_F(FindDevices, image_that_cannot_be_opened_says_why) {
  make("damaged.img");
  make("parts.img", SpecVersion::ocssd20, 1U << 30);
  {
    std::fstream file(at("damaged.img"), std::ios::in | std::ios::out | std::ios::binary);
    for (const int at : {100, 4196}) file.seekp(at).put('x');
  }
  fs::remove(at("parts.img.2"));
  const auto found = find();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_TRUE(found[0].trouble.is_errno(EINVAL));
  EXPECT_EQ(found[0].description, "damaged, both superblocks are damaged");
  EXPECT_EQ(found[0].version, SpecVersion::none);
  EXPECT_EQ(found[0].bytes, 0U);
  EXPECT_TRUE(found[1].trouble.is_errno(ENOENT));
  EXPECT_THAT(found[1].description, HasSubstr("segment 2 of the device is missing"));
}

TEST_F(FindDevices, looking_changes_no_file) {
  make("x.img");
  const auto content = [&] {
    std::ifstream file(at("x.img"), std::ios::binary);
    std::string bytes(1 << 20, '\0');
    file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return bytes;
  };
  struct stat before{};
  struct stat after{};
  const std::string bytes = content();
  ASSERT_EQ(::stat(at("x.img").c_str(), &before), 0);
  EXPECT_EQ(find().size(), 1U);
  ASSERT_EQ(::stat(at("x.img").c_str(), &after), 0);
  EXPECT_EQ(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
  EXPECT_EQ(before.st_ctim.tv_nsec, after.st_ctim.tv_nsec);
  EXPECT_TRUE(bytes == content());
  EXPECT_TRUE(Device::open(at("x.img"))) << "nothing stays locked";
}

TEST_F(FindDevices, directory_that_cannot_be_read_is_an_error_with_its_name) {
  write("file", "x");
  const auto missing = find_devices({{folder_, at("missing")}});
  ASSERT_FALSE(missing);
  EXPECT_TRUE(missing.error().is_errno(ENOENT));
  EXPECT_EQ(last_error(), at("missing") + ": No such file or directory");
  const auto file = find_devices({{at("file")}});
  ASSERT_FALSE(file);
  EXPECT_TRUE(file.error().is_errno(ENOTDIR));
  EXPECT_FALSE(find_devices({{""}}));
  fs::permissions(folder_, fs::perms::none);
  const NotRoot nobody;
  const auto closed = find_devices({{folder_}});
  ASSERT_FALSE(closed);
  EXPECT_TRUE(closed.error().is_errno(EACCES));
}

TEST_F(FindDevices, files_that_cannot_be_read_are_passed_over) {
  make("closed.img");
  make("open.img");
  fs::permissions(folder_, fs::perms::all);
  fs::permissions(at("closed.img"), fs::perms::none);
  const NotRoot nobody;
  EXPECT_THAT(idents(), ElementsAre(at("open.img")));
}

backends::Opened open_nothing(const backends::Ident&, backends::Opener&) {
  return std::unexpected(backends::Refusal{});
}

Result<std::vector<FoundDevice>> find_two(const FindOptions& options) {
  FoundDevice first;
  first.ident = "first";
  FoundDevice second;
  second.ident = options.directories.at(0);
  second.trouble = Status::os(EACCES);
  return std::vector{first, second};
}

Result<std::vector<FoundDevice>> find_fails(const FindOptions&) { return std::unexpected(Status::os(EINVAL)); }

TEST(Find, routes_are_asked_in_their_order_and_those_that_cannot_look_are_not) {
  constexpr backends::Descriptor kBlind{&open_nothing};
  constexpr backends::Descriptor kSeeing{&open_nothing, &find_two};
  constexpr backends::Descriptor kFailing{&open_nothing, &find_fails};
  const backends::Entry entries[] = {
      {"absent", 1, nullptr, "not built"}, {"blind", 2, &kBlind, {}}, {"seeing", 4, &kSeeing, {}}};
  const auto found = DeviceAccess::find({{"place"}}, entries);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 2U);
  EXPECT_EQ((*found)[0].ident, "first");
  EXPECT_EQ((*found)[1].ident, "place");
  for (const FoundDevice& device : *found) {
    EXPECT_EQ(device.backend, "seeing");
    EXPECT_EQ(device.backend_id, 4U);
  }
  EXPECT_TRUE((*found)[1].trouble.is_errno(EACCES));
  const backends::Entry failing[] = {{"seeing", 4, &kSeeing, {}}, {"failing", 8, &kFailing, {}}};
  const auto failed = DeviceAccess::find({{"place"}}, failing);
  ASSERT_FALSE(failed);
  EXPECT_TRUE(failed.error().is_errno(EINVAL));
}

}  // namespace
}  // namespace lightnvm
