// SPDX-License-Identifier: BSD-2-Clause
// Devices for the tests of nvm_check.
#include "check/support.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "device/core.hpp"
#include "lightnvm/emulator.hpp"
#include "support/test_registry.hpp"

namespace lightnvm::test {

namespace check = tools::check;

Folder::Folder() {
  const std::filesystem::path shared = "/dev/shm";
  std::error_code error;
  const auto space = std::filesystem::space(shared, error);
  const bool enough = !error && space.available > 64U << 20 && ::access(shared.c_str(), W_OK) == 0;
  static int number = 0;
  path_ = (enough ? shared.string() + "/" : testing::TempDir()) + "nvm_check_" + std::to_string(::getpid()) + "_" +
          std::to_string(number++);
  std::filesystem::create_directories(path_);
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string make_full_device(const Folder& folder) {
  emulator::Config config;
  for (const auto& [key, value] : std::vector<std::pair<std::string, std::string>>{{"groups", "2"},
                                                                                   {"punits", "2"},
                                                                                   {"chunks", "11"},
                                                                                   {"sectors", "96"},
                                                                                   {"sector_bytes", "512"},
                                                                                   {"ws_min", "4"},
                                                                                   {"ws_opt", "8"},
                                                                                   {"mw_cunits", "16"},
                                                                                   {"mdts", "3"},
                                                                                   {"mccap", "7"},
                                                                                   {"wit", "1"},
                                                                                   {"pe_cycles", "100"},
                                                                                   {"maxoc", "6"},
                                                                                   {"maxocpu", "4"},
                                                                                   {"bad", "none"}}) {
    EXPECT_TRUE(emulator::apply_option(config, key, value)) << last_error();
  }
  const auto chunks = emulator::parse_chunk_info(
      "group=0 punit=0 chunk=1 cnlb=48\n"
      "group=0 punit=1 chunk=2 type=RAN\n"
      "group=0 punit=1 chunk=3 state=CLOSED wp=40\n"
      "group=0 punit=0 chunk=4 state=OFFLINE\n",
      config.geometry);
  EXPECT_TRUE(chunks) << last_error();
  config.overrides = *chunks;
  const std::string path = folder.path() + "/device.img";
  EXPECT_TRUE(emulator::create(path, config, {.replace = true})) << last_error();
  return path;
}

Device open_device(const std::string& ident) {
  auto device = DeviceAccess::open(ident, {}, backends::test_registry());
  if (!device) device = Device::open(ident);
  EXPECT_TRUE(device) << ident << ": " << last_error();
  return std::move(*device);
}

std::vector<check::Finding> run_all(const Device& device, std::uint64_t seed) {
  // Findings point to their rules.
  static const std::vector<check::Rule> k20 = check::rules_of(SpecVersion::ocssd20);
  static const std::vector<check::Rule> k12 = check::rules_of(SpecVersion::ocssd12);
  auto stock = check::Stock::take_stock(device, seed);
  EXPECT_TRUE(stock) << stock.error().message();
  check::Session session(std::move(*stock));
  std::vector<check::Finding> out;
  for (const check::Rule& rule : device.version() == SpecVersion::ocssd12 ? k12 : k20)
    out.push_back(session.check(rule));
  return out;
}

std::vector<std::string> broken(const std::vector<check::Finding>& findings) {
  std::vector<std::string> out;
  for (const auto& f : findings) {
    if (f.outcome == check::Outcome::failed) out.emplace_back(f.rule->name);
  }
  return out;
}

std::string failures(const std::vector<check::Finding>& findings) {
  std::string out;
  for (std::size_t i = 0; i < findings.size(); ++i) {
    if (findings[i].outcome == check::Outcome::failed) out += check::tap(findings[i], i + 1);
  }
  return out;
}

}  // namespace lightnvm::test
