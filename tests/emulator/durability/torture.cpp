// SPDX-License-Identifier: BSD-2-Clause
// nvm_torture: power failures and kills by the thousand, each from a seed that can be told again.
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>

#include "cut_run.hpp"
#include "kill_run.hpp"

namespace {

namespace durability = lightnvm::emulator::durability;

constexpr std::uint32_t kCutsOfADevice = 4;

struct Request {
  std::uint64_t cuts = 2000, kills = 500, seed = 1;
};

std::string directory() {
  std::string path = std::filesystem::temp_directory_path().string() + "/nvm_torture-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) {
    fmt::print(stderr, "{}: cannot be made\n", path);
    std::exit(1);
  }
  return path;
}

void show(const char* what, std::uint64_t done, std::uint64_t total) {
  if (::isatty(2) != 0) fmt::print(stderr, "\r{}: {} of {}", what, done, total);
}

// Runs `one(seed, cuts, directory)` until there were `total`; false after the first that found something.
bool repeat(const char* what, std::uint64_t total, std::uint64_t seed,
            const std::function<durability::CutResult(std::uint64_t, std::uint32_t, const std::string&)>& one) {
  const auto begin = std::chrono::steady_clock::now();
  durability::CutResult sum;
  for (; sum.cuts < total; ++seed) {
    const std::string where = directory();
    const auto cuts = static_cast<std::uint32_t>(std::min<std::uint64_t>(kCutsOfADevice, total - sum.cuts));
    const durability::CutResult r = one(seed, cuts, where);
    std::filesystem::remove_all(where);
    if (!r.wrong.empty()) {
      fmt::print("\n{}: seed {}: {}\n  again: nvm_torture --{} {} --seed {}\n", what, seed, r.wrong, what, cuts, seed);
      return false;
    }
    sum.cuts += r.cuts;
    sum.commands += r.commands;
    sum.syncs += r.syncs;
    show(what, sum.cuts, total);
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  if (total != 0) {
    fmt::print("\r{}: {} survived, {} commands, {} syncs, last seed {}, {:.1f} s\n", what, sum.cuts, sum.commands,
               sum.syncs, seed - 1, took.count());
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  Request request;
  bool cuts_named = false;
  bool kills_named = false;
  for (int i = 1; i < argc; i += 2) {
    const std::string name = argv[i];
    std::uint64_t* value = name == "--cuts"    ? &request.cuts
                           : name == "--kills" ? &request.kills
                           : name == "--seed"  ? &request.seed
                                               : nullptr;
    if (value == nullptr || i + 1 == argc) {
      fmt::print(stderr, "usage: nvm_torture [--cuts N] [--kills N] [--seed N]\n");
      return 2;
    }
    *value = std::strtoull(argv[i + 1], nullptr, 0);
    cuts_named |= name == "--cuts";
    kills_named |= name == "--kills";
  }
  if (cuts_named && !kills_named) request.kills = 0;
  if (kills_named && !cuts_named) request.cuts = 0;
  fmt::print("seed {}\n", request.seed);
  const bool survived = repeat("cuts", request.cuts, request.seed, durability::cut_run) &&
                        repeat("kills", request.kills, request.seed, durability::kill_run);
  return survived ? 0 : 1;
}
