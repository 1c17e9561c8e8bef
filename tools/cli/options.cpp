// SPDX-License-Identifier: BSD-2-Clause
// Options, the files of a pass-through command, and what the environment says.
#include <sys/stat.h>

#include <array>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "cli/parse.hpp"

namespace lightnvm::cli {
namespace {

constexpr std::array kOptions = {
    Option{'h', NVM_CLI_OPT_HELP, "", "Print usage"},
    Option{'b', NVM_CLI_OPT_BRIEF, "", "Brief, minimal output"},
    Option{'v', NVM_CLI_OPT_VERBOSE, "", "Dump CLI state to stdout"},
    Option{'s', NVM_CLI_OPT_STATUS, "", "Print status"},
    Option{'c', NVM_CLI_OPT_FILE_CMD, "FILE", "Path to cmd, 64 byte"},
    Option{'d', NVM_CLI_OPT_FILE_DATA, "FILE", "Path to data, 1 MiB max"},
    Option{'m', NVM_CLI_OPT_FILE_META, "FILE", "Path to meta, 1 MiB max"},
    Option{'i', NVM_CLI_OPT_FILE_INPUT, "FILE", "Path to input file"},
    Option{'o', NVM_CLI_OPT_FILE_OUTPUT, "FILE", "Path to output file"},
    Option{'n', NVM_CLI_OPT_VAL_DEC, "VAL", "Value, decimal"},
    Option{'x', NVM_CLI_OPT_VAL_HEX, "0xVAL", "Value, hexadecimal"},
    Option{'t', NVM_CLI_OPT_TERSE, "", "Print only the address"},
};
static_assert(kOptions.size() == NVM_CLI_OPT_COUNT);

bool number(const char* text, int base, std::size_t& value) noexcept {
  if (text == nullptr || std::isxdigit(static_cast<unsigned char>(*text)) == 0) return false;
  char* end = nullptr;
  errno = 0;
  value = std::strtoull(text, &end, base);
  return errno == 0 && end != text && *end == '\0';
}

bool set(nvm_cli_opts& opts, const Option& option, char* value) noexcept {
  opts.mask |= option.type;
  switch (option.type) {
    case NVM_CLI_OPT_HELP: opts.help = 1; break;
    case NVM_CLI_OPT_BRIEF: opts.brief = 1; break;
    case NVM_CLI_OPT_VERBOSE: opts.verbose = 1; break;
    case NVM_CLI_OPT_STATUS: opts.status = 1; break;
    case NVM_CLI_OPT_TERSE: opts.terse = 1; break;
    case NVM_CLI_OPT_FILE_CMD: opts.pfile.cmd_path = value; break;
    case NVM_CLI_OPT_FILE_META: opts.pfile.meta_path = value; break;
    case NVM_CLI_OPT_FILE_DATA: opts.pfile.data_path = value; break;
    case NVM_CLI_OPT_FILE_INPUT: opts.file_input = value; break;
    case NVM_CLI_OPT_FILE_OUTPUT: opts.file_output = value; break;
    case NVM_CLI_OPT_VAL_DEC: return number(value, 10, opts.dec_val);
    case NVM_CLI_OPT_VAL_HEX: return number(value, 16, opts.hex_val);
    default: return false;
  }
  return true;
}

const Option* find(char letter) noexcept {
  for (const Option& o : kOptions) {
    if (o.letter == letter) return &o;
  }
  return nullptr;
}

// One file of a pass-through command.
bool load(nvm_dev* dev, nvm_cli_opts_pfile& files, int i, std::size_t most, std::size_t least) noexcept {
  if (files.paths[i] == nullptr) return true;
  struct stat st{};
  if (::stat(files.paths[i], &st) != 0 || st.st_size < 0) return false;
  const auto size = static_cast<std::size_t>(st.st_size);
  if (size < least || size > most || size == 0) return false;
  std::uint64_t phys = 0;
  files.bufs[i] = nvm_buf_alloc(dev, size, &phys);
  files.dups[i] = std::malloc(size);
  if (files.bufs[i] == nullptr || files.dups[i] == nullptr) return false;
  files.phys[i] = reinterpret_cast<void*>(phys);
  files.nbytes[i] = size;
  if (nvm_buf_from_file(static_cast<char*>(files.bufs[i]), size, files.paths[i]) != 0) return false;
  std::memcpy(files.dups[i], files.bufs[i], size);
  return true;
}

// Tells about a variable whose value is wrong.
bool complain(const char* variable) noexcept {
  nvm_cli_perror(variable);
  return false;
}

// A variable's number goes to a setter of the device; without the variable `value` is what the device has.
bool setting(nvm_dev* dev, const char* variable, int base, int (*set)(nvm_dev*, int), int (*get)(const nvm_dev*),
             int& value) noexcept {
  if (const char* text = std::getenv(variable); text != nullptr) {
    char* end = nullptr;
    const long wanted = std::strtol(text, &end, base);
    if (end == text || *end != '\0' || wanted != static_cast<int>(wanted)) {
      errno = EINVAL;
      return complain(variable);
    }
    if (set(dev, static_cast<int>(wanted)) != 0) return complain(variable);
  }
  value = get(dev);
  return true;
}

}  // namespace

std::span<const Option> options() noexcept { return kOptions; }

bool take_options(Words words, nvm_cli_opts& opts) noexcept {
  for (std::size_t i = 0; i < words.size(); ++i) {
    char* word = words[i];
    if (word[0] != '-') continue;
    if (word[1] == '\0') return false;
    // Letters without a value may share a word.
    for (char* letter = word + 1; *letter != '\0'; ++letter) {
      const Option* option = find(*letter);
      if (option == nullptr) return false;
      const bool takes_value = option->argument[0] != '\0';
      if (!takes_value) {
        if (!set(opts, *option, nullptr)) return false;
        continue;
      }
      char* value = letter[1] != '\0' ? letter + 1 : (i + 1 < words.size() ? words[++i] : nullptr);
      if (value == nullptr || !set(opts, *option, value)) return false;
      break;
    }
  }
  return true;
}

bool load_files(nvm_dev* dev, nvm_cli_opts_pfile& files) noexcept {
  constexpr std::size_t kMost = NVM_CLI_OPTS_PFILE_MAX_NBYTES, kCommand = NVM_CLI_OPTS_PFILE_CMD_NBYTES;
  return load(dev, files, 0, kCommand, kCommand) && load(dev, files, 1, kMost, 0) && load(dev, files, 2, kMost, 0);
}

void free_files(nvm_dev* dev, nvm_cli_opts_pfile& files) noexcept {
  for (int i = 0; i < NVM_CLI_OPTS_PFILE_COUNT; ++i) {
    nvm_buf_free(dev, files.bufs[i]);
    std::free(files.dups[i]);
    files.bufs[i] = files.dups[i] = nullptr;
  }
}

bool open_flags(int& flags) noexcept {
  constexpr const char* kVariable = "NVM_CLI_CMD_OPTS";
  const char* text = std::getenv(kVariable);
  if (text == nullptr) return true;
  std::size_t value = 0;
  if (!number(text, 16, value) || value > 0x7FFFFFFF) {
    errno = EINVAL;
    return complain(kVariable);
  }
  flags = static_cast<int>(value);
  return true;
}

bool apply_environment(nvm_cli& cli) noexcept {
  nvm_dev* dev = cli.args.dev;
  nvm_cli_evars& e = cli.evars;
  const bool good = setting(dev, "NVM_CLI_PMODE", 16, nvm_dev_set_pmode, nvm_dev_get_pmode, e.pmode) &&
                    setting(dev, "NVM_CLI_META_MODE", 16, nvm_dev_set_meta_mode, nvm_dev_get_meta_mode, e.meta_mode) &&
                    setting(dev, "NVM_CLI_ERASE_NADDRS_MAX", 10, nvm_dev_set_erase_naddrs_max,
                            nvm_dev_get_erase_naddrs_max, e.erase_naddrs_max) &&
                    setting(dev, "NVM_CLI_WRITE_NADDRS_MAX", 10, nvm_dev_set_write_naddrs_max,
                            nvm_dev_get_write_naddrs_max, e.write_naddrs_max) &&
                    setting(dev, "NVM_CLI_READ_NADDRS_MAX", 10, nvm_dev_set_read_naddrs_max,
                            nvm_dev_get_read_naddrs_max, e.read_naddrs_max);
  e.noverify = std::getenv("NVM_CLI_NOVERIFY") != nullptr ? 1 : 0;
  e.meta_pr = std::getenv("NVM_CLI_META_PR") != nullptr ? 1 : 0;
  return good;
}

}  // namespace lightnvm::cli
