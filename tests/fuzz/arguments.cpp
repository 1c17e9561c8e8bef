// SPDX-License-Identifier: BSD-2-Clause
// Fuzzes the words of command lines: numbers, sizes and addresses of the tools, and what nvm_cli programs parse.
#include <array>
#include <cstdlib>
#include <deque>
#include <string>
#include <vector>

#include "cli/parse.hpp"
#include "session.hpp"
#include "source.hpp"

namespace {

using namespace lightnvm;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_numbers(const std::string& word) {
  const auto number = tools::parse_number(word, 1000);
  require(!number || *number <= 1000);
  const auto wide = tools::parse_number(word);
  require(!number || number == wide);
  require(!wide || tools::parse_number(std::to_string(*wide)) == wide);
  const auto hex = tools::parse_hex(word);
  require(!hex || tools::parse_hex(fmt::format("{:x}", *hex)) == hex);
}

/// Options as the tools have them, so that what CLI11 makes of a word is fuzzed, too.
void parse_options(std::vector<std::string> words) {
  CLI::App app;
  std::uint32_t narrow = 7;
  std::uint64_t wide = 7;
  std::optional<std::uint64_t> bytes;
  std::string ident;
  std::vector<std::string> addresses;
  tools::add_number(&app, "--narrow", narrow, "");
  tools::add_number(&app, "--wide", wide, "");
  tools::add_size(&app, "--bytes", bytes, "");
  app.add_option("addresses", addresses);
  try {
    std::ranges::reverse(words);
    app.parse(words);
  } catch (const CLI::Error&) {
    return;
  }
  require(app.count("--bytes") != 0 || !bytes);
  static const tools::Session session{.device = tools::open_device("emu:?bad=none")};
  try {
    for (const Address a : tools::parse_addresses(session, addresses)) require(session.device.geometry().contains(a));
  } catch (const tools::Failure& failure) {
    require(!std::string_view(failure.what()).empty());
  }
}

void parse_cli(fuzz::Source in, std::vector<std::string> words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  const auto type = static_cast<nvm_cli_cmd_arg_type>(in.take<std::uint8_t>() % (NVM_CLI_ARG_COUNT_OFFSET + 1));
  require(cli::arguments_text(type) != nullptr);
  auto args = std::make_unique<nvm_cli_cmd_args>();
  const int taken = cli::take_arguments(type, pointers, *args);
  require(taken >= -1 && taken <= static_cast<int>(pointers.size()));
  require(args->naddrs >= 0 && args->naddrs <= 1024 && args->ndec_vals >= 0 && args->ndec_vals <= 1024);
  require(args->nhex_vals >= 0 && args->nhex_vals <= 1024);
  nvm_cli_opts opts{};
  (void)cli::take_options(pointers, opts);
}

}  // namespace

// A byte that chooses a pattern, and words with line ends between.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::vector<std::string> words(1);
  for (std::size_t i = 1; i < size; ++i) {
    if (data[i] == '\n') {
      words.emplace_back();
    } else if (data[i] != 0) {
      words.back() += static_cast<char>(data[i]);
    }
  }
  for (const std::string& word : words) check_numbers(word);
  parse_options(words);
  parse_cli(fuzz::Source(data, 1), words);
  return 0;
}
