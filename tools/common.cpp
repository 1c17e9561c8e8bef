// SPDX-License-Identifier: BSD-2-Clause
// The frame of the tools.
#include "common.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <optional>
#include <sstream>
#include <vector>

#include "progress.hpp"

namespace tools {
namespace {

void to_stdout(std::string_view text) {
  if (text.empty()) return;
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
    throw Failure("stdout", std::strerror(errno), errno);
  }
}

constexpr std::size_t kHelpColumns = 80;

// Options come last, as in the original's usage, and a line that is too long goes on below.
std::string usage(std::string line) {
  constexpr std::string_view kOptions = " [OPTIONS]";
  const std::size_t at = line.find(kOptions);
  if (at != std::string::npos) line.erase(at, kOptions.size()).append(kOptions);
  if (line.size() < kHelpColumns) return line;
  const std::size_t blank = line.rfind(' ', kHelpColumns - 1);
  return line.substr(0, blank) + "\n        " + line.substr(blank);
}

// The help without the empty lines that pile up where a part of it is empty.
std::string tidy(const std::string& help) {
  std::string out;
  std::istringstream lines(help);
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() && out.ends_with("\n\n")) continue;
    out += (line.starts_with("Usage:") ? usage(line) : line) + "\n";
  }
  while (out.ends_with("\n\n")) out.pop_back();
  return out;
}

// Options are found by both spellings: --ws-min, and --ws_min as the keys of identifiers are written.
std::string dashed(std::string word) {
  if (!word.starts_with("--")) return word;
  const std::size_t end = std::min(word.find('='), word.size());
  for (std::size_t i = 0; i < end; ++i) {
    if (word[i] == '_') word[i] = '-';
  }
  return word;
}

// Where `--` says that what follows is no option.
int end_of_options(int argc, char** argv) {
  return static_cast<int>(std::find(argv, argv + argc, std::string_view("--")) - argv);
}

bool wants_json(int argc, char** argv) {
  char** const end = argv + end_of_options(argc, argv);
  return std::find(argv, end, std::string_view("--json")) != end;
}

std::optional<std::uint64_t> digits(std::string_view text, int base) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_hex(std::string_view text) { return text.starts_with("0x") || text.starts_with("0X"); }

void assign(std::uint32_t& target, std::uint64_t value) { target = static_cast<std::uint32_t>(value); }
void assign(std::uint64_t& target, std::uint64_t value) { target = value; }
void assign(std::optional<std::uint32_t>& target, std::uint64_t value) { target = static_cast<std::uint32_t>(value); }
void assign(std::optional<std::uint64_t>& target, std::uint64_t value) { target = value; }

constexpr std::uint64_t kLargest32 = 0xFFFFFFFF;
constexpr const char* kSize = "number of bytes (K, M, G or T may follow)";

template <typename T>
CLI::Option* add_parsed(CLI::App* app, const std::string& name, T& target, const std::string& help,
                        const std::function<std::optional<std::uint64_t>(const std::string&)>& parse,
                        const std::string& kind) {
  const auto take = [&target, name, parse, kind](const CLI::results_t& words) {
    const auto value = parse(words.front());
    if (!value) throw CLI::ValidationError(name, fmt::format("'{}' is no {}", words.front(), kind));
    assign(target, *value);
    return true;
  };
  return app->add_option(name, CLI::callback_t(take), help)->type_name(name.starts_with('-') ? "N" : "");
}

std::optional<std::uint64_t> parse_size(const std::string& text) {
  constexpr std::string_view kSuffixes = "KMGT";
  std::string_view body = text;
  unsigned shift = 0;
  if (!is_hex(text)) {
    for (const std::string_view tail : {"iB", "B"}) {
      if (body.ends_with(tail)) body.remove_suffix(tail.size());
    }
    const std::size_t unit = body.empty() ? std::string_view::npos : kSuffixes.find(body.back());
    if (unit != std::string_view::npos) {
      shift = 10 * (static_cast<unsigned>(unit) + 1);
      body.remove_suffix(1);
    }
  }
  const auto value = parse_number(body, ~0ULL >> shift);
  return value ? std::optional(*value << shift) : std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> parse_number(std::string_view text, std::uint64_t largest) {
  const auto value = is_hex(text) ? digits(text.substr(2), 16) : digits(text, 10);
  return value && *value <= largest ? value : std::nullopt;
}

std::optional<std::uint64_t> parse_hex(std::string_view text) { return digits(text.substr(is_hex(text) ? 2 : 0), 16); }

CLI::Option* add_number(CLI::App* app, const std::string& name, std::uint32_t& target, const std::string& help) {
  return add_parsed(
      app, name, target, help, [](const std::string& s) { return parse_number(s, kLargest32); }, "number");
}

CLI::Option* add_number(CLI::App* app, const std::string& name, std::uint64_t& target, const std::string& help) {
  return add_parsed(app, name, target, help, [](const std::string& s) { return parse_number(s); }, "number");
}

CLI::Option* add_number(CLI::App* app, const std::string& name, std::optional<std::uint32_t>& target,
                        const std::string& help) {
  return add_parsed(
      app, name, target, help, [](const std::string& s) { return parse_number(s, kLargest32); }, "number");
}

CLI::Option* add_number(CLI::App* app, const std::string& name, std::optional<std::uint64_t>& target,
                        const std::string& help) {
  return add_parsed(app, name, target, help, [](const std::string& s) { return parse_number(s); }, "number");
}

CLI::Option* add_size(CLI::App* app, const std::string& name, std::uint64_t& target, const std::string& help) {
  return add_parsed(app, name, target, help, parse_size, kSize);
}

CLI::Option* add_size(CLI::App* app, const std::string& name, std::optional<std::uint64_t>& target,
                      const std::string& help) {
  return add_parsed(app, name, target, help, parse_size, kSize);
}

std::string_view version() noexcept { return LIGHTNVM_VERSION; }

std::string human_bytes(std::uint64_t bytes) {
  constexpr std::array<const char*, 7> kUnits = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  std::string number = fmt::format("{:.2f}", value);
  if (number.ends_with(".00")) number.resize(number.size() - 3);
  return fmt::format("{} {}", number, kUnits[unit]);
}

std::string counted(std::uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string yaml_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out.append(c == '\'' ? 2 : 1, c);
  return out + "'";
}

void complain(std::string_view call, std::string_view sentence) {
  (void)std::fflush(stdout);
  fmt::print(stderr, "# {}: {}\n", call, sentence);
}

void Output::text(std::string_view text) const {
  if (!json_) to_stdout(text);
}

void Output::show(std::string_view name, std::string_view yaml, std::string_view json_text) {
  text(yaml);
  if (json_) document_[std::string(name)] = Json::parse(json_text);
}

void Output::write(std::string_view piece) {
  written_ = true;
  to_stdout(piece);
}

void Output::finish() const {
  if (json_ && !written_) to_stdout(document_.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

namespace {

// What begins with ? are options: who meant a file's name is told how it is written.
std::string hint(const std::string& ident, lightnvm::Status why) {
  const bool asks = ident.find('?') != std::string::npos;
  const bool meant = asks && (why.is_errno(ENOENT) || ::access(ident.c_str(), F_OK) == 0);
  return meant ? "; a ? that belongs to a file's name is written %3F" : "";
}

}  // namespace

lightnvm::Device open_device(const std::string& ident, const lightnvm::OpenOptions& options) {
  auto device = lightnvm::Device::open(ident, options);
  if (device) return std::move(*device);
  const lightnvm::Status why = device.error();
  throw Failure("nvm_dev_openf", lightnvm::last_error() + hint(ident, why), why.to_errno());
}

Tool::Tool(std::string name, const std::string& purpose, const std::string& examples)
    : name_(std::move(name)), app_(purpose, name_) {
  app_.get_formatter()->column_width(24);
  app_.set_help_flag("-h,--help", "Print this help and exit");
  app_.set_version_flag("--version", fmt::format("{} (liblightnvm) {}", name_, LIGHTNVM_VERSION),
                        "Print the version and exit");
  app_.require_subcommand(1);
  app_.footer("Examples:\n" + examples + "\nEach sub-command explains itself: " + name_ + " SUBCOMMAND --help");
}

CLI::App* Tool::command(const std::string& name, const std::string& purpose, const std::string& examples,
                        Action action) {
  CLI::App* sub = app_.add_subcommand(name, purpose);
  sub->set_help_flag("-h,--help", "Print this help and exit");
  sub->add_flag("--json", json_, "Print one JSON document");
  // The original's tools take it and do nothing.
  sub->add_flag("-v")->group("");
  sub->footer("Examples:\n" + examples);
  actions_[name] = std::move(action);
  return sub;
}

namespace {

// A hidden option has no name in the parser's own sentence about a value that is not there.
CLI::callback_t takes_one(const char* name) {
  return [name](const CLI::results_t& words) {
    if (words.empty() || words.front().empty()) throw CLI::ValidationError(name, "needs a value");
    return true;
  };
}

}  // namespace

void Tool::take_undeclared() {
  for (CLI::App* sub : app_.get_subcommands({})) {
    const auto is_new = [sub](const char* name) { return sub->get_option_no_throw(name) == nullptr; };
    for (const char* name : {"-b", "-t"}) {
      if (is_new(name)) sub->add_flag(name)->group("");
    }
    for (const char* name : {"-i", "-o", "-c", "-m", "-d", "-n", "-x"}) {
      if (is_new(name)) sub->add_option(name, takes_one(name))->expected(0, 1)->group("");
    }
  }
}

int Tool::parse(int argc, char** argv) {
  std::string see = name_;
  const auto misused = [&](const std::string& sentence) {
    complain("FAILED", sentence);
    fmt::print(stderr, "# See: {} --help\n", see);
    if (wants_json(argc, argv)) {
      Output output(true);
      output.document()["error"] = {{"call", "FAILED"}, {"errno", EINVAL}, {"message", sentence}};
      try {
        output.finish();
      } catch (const Failure& e) {
        complain(e.call(), e.what());
      }
    }
    return 1;
  };
  if (argv[1][0] != '-') {
    if (!actions_.contains(argv[1])) return misused(fmt::format("there is no sub-command '{}'", argv[1]));
    see += fmt::format(" {}", argv[1]);
  }
  try {
    std::vector<std::string> words;
    const int end = end_of_options(argc, argv);
    for (int i = 1; i < argc; ++i) words.push_back(i < end ? dashed(argv[i]) : argv[i]);
    std::ranges::reverse(words);
    app_.parse(std::move(words));  // takes them from the back
  } catch (const CLI::CallForHelp&) {
    fmt::print("{}", tidy(app_.help()));
    return 0;
  } catch (const CLI::CallForVersion& e) {
    fmt::print("{}\n", e.what());
    return 0;
  } catch (const CLI::ParseError& e) {
    return misused(e.what());
  }
  return -1;
}

int Tool::execute(const Action& action) const {
  Output output(json_);
  int code = 0;
  try {
    try {
      action(output);
    } catch (const Failure& e) {
      complain(e.call(), e.what());
      output.document()["error"] = {{"call", e.call()}, {"errno", e.error()}, {"message", e.what()}};
      code = 1;
    }
    output.finish();
  } catch (const Failure& e) {
    complain(e.call(), e.what());
    code = 1;
  } catch (const std::exception& e) {
    complain(name_, e.what());
    code = 1;
  }
  return code;
}

int Tool::run(int argc, char** argv) {
  if (argc < 2) {
    fmt::print("{}", tidy(app_.help()));
    return 0;
  }
  // A limit on the size of files is an error that has a sentence.
  (void)std::signal(SIGXFSZ, SIG_IGN);
  if (const int code = parse(argc, argv); code >= 0) return code;
  const int code = execute(actions_.at(app_.get_subcommands().front()->get_name()));
  die_if_interrupted();
  return code;
}

}  // namespace tools
