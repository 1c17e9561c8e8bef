// SPDX-License-Identifier: BSD-2-Clause
// How the fixtures open devices, find chunks, and make bytes.
#include "conformance/support/fixture.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "lightnvm/emulator.hpp"
#include "support/violations.hpp"

namespace lightnvm::test {
namespace {

// Small, with counts that are no powers of two, chunks larger than MDTS, and one reset enough for a notification.
constexpr const char* kDevice =
    "groups=3&punits=2&chunks=11&sectors=192&ws_min=4&ws_opt=8&mw_cunits=24&bad=0.0.7,2.1.3&mccap=3&mdts=7"
    "&pe_cycles=100&wit=1";

/// The same device for an image, with chunks that a description in words cannot have.
emulator::Config config() {
  emulator::Config c;
  for (const std::string_view word :
       {"groups=3", "punits=2", "chunks=11", "sectors=192", "ws_min=4", "ws_opt=8", "mw_cunits=24", "bad=0.0.7,2.1.3",
        "mccap=3", "mdts=7", "pe_cycles=100", "wit=1"}) {
    const std::size_t equals = word.find('=');
    EXPECT_TRUE(emulator::apply_option(c, word.substr(0, equals), word.substr(equals + 1)));
  }
  emulator::ChunkOverride shorter;
  shorter.address = Address::of(1, 0, 4);
  shorter.sectors = 96;
  emulator::ChunkOverride random;
  random.address = Address::of(1, 1, 5);
  random.type = ChunkType::random;
  c.overrides.push_back(shorter);
  c.overrides.push_back(random);
  return c;
}

/// In memory where there is enough: the images' own durability has its tests elsewhere, and costs a disk's time here.
std::string scratch_folder() {
  const std::filesystem::path shared = "/dev/shm";
  std::error_code error;
  const auto space = std::filesystem::space(shared, error);
  const bool enough = !error && space.available > 512U << 20 && ::access(shared.c_str(), W_OK) == 0;
  return enough ? shared.string() + "/" : testing::TempDir();
}

std::string unique_name() {
  const auto* info = testing::UnitTest::GetInstance()->current_test_info();
  std::string name = std::string(info->test_suite_name()) + "_" + info->name() + "_" + std::to_string(::getpid());
  std::ranges::replace(name, '/', '_');
  return name;
}

/// Bytes from a seed, eight at a time: splitmix64.
void fill(std::span<std::byte> target, std::uint64_t seed) {
  for (std::size_t i = 0; i < target.size(); i += 8) {
    std::uint64_t z = seed += 0x9E3779B97F4A7C15ULL;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    z ^= z >> 31;
    std::memcpy(target.data() + i, &z, std::min<std::size_t>(8, target.size() - i));
  }
}

Bytes bytes_for(std::span<const Address> sectors, std::size_t unit, std::uint64_t salt) {
  Bytes out(sectors.size() * unit);
  for (std::size_t i = 0; i < sectors.size(); ++i) {
    fill(std::span(out).subspan(i * unit, unit), sectors[i].value * 31 + salt);
  }
  return out;
}

}  // namespace

void LookTest::SetUp() {
  const RouteUnderTest& route = GetParam();
  const std::string name = unique_name();
  folder_ = scratch_folder() + name;
  uri_ = route.backend.empty() ? route.options : route.backend + ":";
  if (route.in_file || route.traced || route.plan) std::filesystem::create_directories(folder_);
  if (route.in_file) {
    ASSERT_TRUE(emulator::create(folder_ + "/image", config())) << last_error();
    uri_ += folder_ + "/image";
  }
  if (route.backend == "tcp") {
    TargetConfig target;
    target.capsule_bytes = route.capsule_bytes;
    served_ = std::make_unique<Served>(route.in_file ? folder_ + "/image" : "emu:?" + std::string(kDevice),
                                       route.extended_lbas ? TargetMetadata::extended : TargetMetadata::none, target);
    uri_ = served_->ident();
  } else if (!route.in_file && !route.backend.empty()) {
    options_ = std::string(kDevice) + "&name=" + name;
  }
  if (!route.backend.empty() && !route.options.empty()) options_ += (options_.empty() ? "" : "&") + route.options;
  if (route.backend == "lacking") {
    options_ += "&faults=" + name;
    faults_ = faults(name);
  }
  if (route.traced) options_ += (options_.empty() ? "trace=" : "&trace=") + folder_ + "/trace";
  if (route.plan) {
    std::ofstream(folder_ + "/plan") << *route.plan;
    options_ += (options_.empty() ? "fault=" : "&fault=") + folder_ + "/plan";
  }
  auto opened = open_again();
  ASSERT_TRUE(opened) << uri_ << "?" << options_ << ": " << last_error();
  device_ = std::make_unique<Device>(std::move(*opened));
  ASSERT_NE(device_->version(), SpecVersion::none);
  if (device_->version() == SpecVersion::ocssd12) GTEST_SKIP() << "speaks OCSSD 1.2; physical_test.cpp is about that";
}

void LookTest::TearDown() {
  device_.reset();
  served_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
  for (const std::string& what : take_violations()) ADD_FAILURE() << what;
}

Result<Device> LookTest::open_again(const std::string& options) const {
  std::string uri = uri_;
  for (const std::string& part : {options_, options}) {
    if (part.empty()) continue;
    uri += uri.find('?') == std::string::npos ? '?' : '&';
    uri += part;
  }
  return DeviceAccess::open(uri, {}, registry_of(GetParam()));
}

std::uint32_t LookTest::most_addresses() const {
  // NVMe-2.0 5.17.2.1: MDTS, in units of 4096 bytes; 0 is no limit.
  const auto mdts = std::to_integer<unsigned>(device_->identify_controller()[77]);
  const std::uint64_t most = mdts == 0 ? kMaxAddresses : (4096ULL << mdts) / geo().sector_bytes;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>({most, kMaxAddresses, geo().sectors}));
}

Bytes LookTest::data_for(std::span<const Address> sectors, unsigned round) const {
  return bytes_for(sectors, geo().sector_bytes, 1000003ULL * round);
}
Bytes LookTest::data_for(Address first, std::uint32_t count, unsigned round) const {
  return data_for(run(first, count), round);
}
Bytes LookTest::oob_for(std::span<const Address> sectors, unsigned round) {
  return carries_metadata() ? bytes_for(sectors, geo().oob_bytes, 1000003ULL * round + 77) : Bytes();
}
Bytes LookTest::oob_for(Address first, std::uint32_t count, unsigned round) {
  return oob_for(run(first, count), round);
}

std::vector<Address> LookTest::run(Address first, std::uint32_t count) {
  std::vector<Address> out;
  for (std::uint32_t i = 0; i < count; ++i) out.push_back(first.plus(i));
  return out;
}

std::vector<Address> LookTest::both(std::vector<Address> a, const std::vector<Address>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

void WriteTest::SetUp() {
  if (GetParam().backend.empty() && !may_destroy_named()) {
    GTEST_SKIP() << "NVM_TEST_DESTRUCTIVE=1 allows to write to " << GetParam().options;
  }
  LookTest::SetUp();
  if (IsSkipped()) return;
  if (HasFatalFailure()) return;
  if (caps().read_only) GTEST_SKIP() << "it can only be read";
}

// Devices of the suite's own end with the test.
void WriteTest::TearDown() {
  if (GetParam().backend.empty()) {
    for (const Address a : used_) {
      if (chunk(a).state == ChunkState::free) continue;
      write_rest(a);
      (void)device().reset(Sectors(a, 1));
    }
  }
  LookTest::TearDown();
}

std::vector<Address> WriteTest::free_chunks(std::size_t n) {
  const auto report = device().chunks();
  EXPECT_TRUE(report);
  std::vector<std::vector<Address>> by_unit(geo().total_units());
  for (const Chunk& c : *report) {
    const bool usable = c.state == ChunkState::free && c.type == ChunkType::sequential && c.sectors == geo().sectors &&
                        std::ranges::find(used_, c.address) == used_.end();
    if (usable) by_unit[c.address.group() * geo().units + c.address.unit()].push_back(c.address);
  }
  std::vector<Address> out;
  for (std::size_t row = 0; out.size() < n && row < geo().chunks; ++row) {
    for (const auto& unit : by_unit) {
      if (row < unit.size() && out.size() < n) out.push_back(unit[row]);
    }
  }
  EXPECT_EQ(out.size(), n) << "not enough free chunks";
  out.resize(n);
  used_.insert(used_.end(), out.begin(), out.end());
  return out;
}

void WriteTest::write(Address first, std::uint32_t count, unsigned round) {
  for (std::uint32_t done = 0; done < count;) {
    const std::uint32_t n = std::min({count - done, geo().ws_opt * 16, device().max_sectors()});
    const Address at = first.plus(done);
    const Bytes data = data_for(at, n, round);
    const Bytes oob = oob_for(at, n, round);
    const Completion c = device().write(Sectors(at, n), Source(data, oob));
    ASSERT_TRUE(c) << c.status.message() << ", " << first.sector() << "+" << done;
    done += n;
  }
}

void WriteTest::write_rest(Address address) {
  const Chunk c = chunk(address);
  if (c.state != ChunkState::free && c.state != ChunkState::open) return;
  const auto from = static_cast<std::uint32_t>(c.write_pointer);
  write(address.at_sector(from), c.sectors - from);
}

void WriteTest::forget(std::span<const Address> chunks) {
  std::erase_if(used_, [&](Address a) { return std::ranges::find(chunks, a) != chunks.end(); });
}

std::uint32_t WriteTest::until_readable(std::uint32_t count) const {
  const std::uint32_t unit = geo().ws_min;
  return std::min(geo().sectors, (count + geo().mw_cunits + unit - 1) / unit * unit);
}

Chunk WriteTest::chunk(Address address) {
  const auto c = device().chunk(address);
  EXPECT_TRUE(c);
  return c ? *c : Chunk{};
}

std::optional<Chunk> WriteTest::find(ChunkState state) {
  const auto report = device().chunks();
  EXPECT_TRUE(report);
  const auto found = std::ranges::find(*report, state, &Chunk::state);
  return found == report->end() ? std::nullopt : std::optional(*found);
}

}  // namespace lightnvm::test
