// SPDX-License-Identifier: BSD-2-Clause
// What the tools share: sub-commands, the document that --json prints, failures in the original's form, numbers.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <lightnvm/device.hpp>
#include <lightnvm/status.hpp>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace tools {

using Json = nlohmann::ordered_json;

/// Ends a sub-command with exit code 1; stderr gets "# CALL: SENTENCE".
class Failure : public std::runtime_error {
 public:
  Failure(std::string call, const std::string& sentence, int error = EINVAL)
      : std::runtime_error(sentence), call_(std::move(call)), error_(error) {}
  /// A status that comes with no sentence of its own.
  Failure(std::string call, lightnvm::Status status) : Failure(std::move(call), explain(status), status.to_errno()) {}
  /// A function that leaves its sentence in last_error().
  static Failure explained(std::string call, lightnvm::Status status) {
    return {std::move(call), lightnvm::last_error(), status.to_errno()};
  }

  [[nodiscard]] const std::string& call() const noexcept { return call_; }
  [[nodiscard]] int error() const noexcept { return error_; }

 private:
  /// Its message, and where the cause may lie outside of the device.
  static std::string explain(lightnvm::Status status) {
    const bool full = status.is(lightnvm::StatusCode::capacity_exceeded);
    return status.message() + (full ? ": the disk under an emulated device may be full, or takes no larger file" : "");
  }

  std::string call_;
  int error_;
};

/// What a sub-command says: text as it comes, or one JSON document at the end.
class Output {
 public:
  explicit Output(bool json) noexcept : json_(json) {}

  [[nodiscard]] bool json() const noexcept { return json_; }
  /// With --json: nothing. Errors of standard output are Failures.
  void text(std::string_view text) const;
  /// `yaml` as text; with --json the member `name`, from JSON text.
  void show(std::string_view name, std::string_view yaml, std::string_view json_text);
  [[nodiscard]] Json& document() noexcept { return document_; }
  /// The text or the document as the caller wrote it, piece by piece; instead of all the other functions.
  void write(std::string_view piece);
  /// Prints the document, if that is what is wanted.
  void finish() const;

 private:
  bool json_, written_ = false;
  Json document_ = Json::object();
};

/// A program of sub-commands.
class Tool {
 public:
  using Action = std::function<void(Output&)>;

  Tool(std::string name, const std::string& purpose, const std::string& examples);
  /// A sub-command with --json; its options are the caller's to add. `examples`: lines for its help.
  CLI::App* command(const std::string& name, const std::string& purpose, const std::string& examples, Action action);
  /// Options of the original's tools that a sub-command does not declare are taken by it, and have no effect. Called
  /// once all sub-commands are there.
  void take_undeclared();
  /// Parses, runs, reports. Returns the exit code: 0, or 1 for whatever went wrong.
  int run(int argc, char** argv);

 private:
  int parse(int argc, char** argv);
  [[nodiscard]] int execute(const Action& action) const;

  std::string name_;
  CLI::App app_;
  std::map<std::string, Action> actions_;
  bool json_ = false;
};

/// Writes "# CALL: SENTENCE" to stderr, after what stdout has waiting.
void complain(std::string_view call, std::string_view sentence);

/// Options and positionals with checked values. `target` keeps its value when the option is not given.
CLI::Option* add_number(CLI::App* app, const std::string& name, std::uint32_t& target, const std::string& help);
CLI::Option* add_number(CLI::App* app, const std::string& name, std::uint64_t& target, const std::string& help);
CLI::Option* add_number(CLI::App* app, const std::string& name, std::optional<std::uint32_t>& target,
                        const std::string& help);
CLI::Option* add_number(CLI::App* app, const std::string& name, std::optional<std::uint64_t>& target,
                        const std::string& help);
/// A number of bytes, with K, M, G or T for powers of 1024.
CLI::Option* add_size(CLI::App* app, const std::string& name, std::uint64_t& target, const std::string& help);
CLI::Option* add_size(CLI::App* app, const std::string& name, std::optional<std::uint64_t>& target,
                      const std::string& help);

/// Decimal, or hexadecimal after 0x. Nothing where the text is no number or too large.
std::optional<std::uint64_t> parse_number(std::string_view text, std::uint64_t largest = ~0ULL);
/// Hexadecimal with or without 0x, as the original takes addresses.
std::optional<std::uint64_t> parse_hex(std::string_view text);

/// "5.27 GiB"; below a KiB "512 B".
std::string human_bytes(std::uint64_t bytes);
/// In single quotes, as YAML has them.
std::string yaml_quoted(std::string_view text);
/// "1 chunk", "2 chunks".
std::string counted(std::uint64_t count, std::string_view noun);

/// The library's version.
std::string_view version() noexcept;

/// Opens a device, or ends the sub-command with "# nvm_dev_openf: ...".
lightnvm::Device open_device(const std::string& ident, const lightnvm::OpenOptions& options = {});

}  // namespace tools
