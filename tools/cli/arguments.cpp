// SPDX-License-Identifier: BSD-2-Clause
// Positional arguments: each type is a pattern of what comes one after another.
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "cli/parse.hpp"

namespace lightnvm::cli {
namespace {

// P: dev_path. Components of an address: c channel or group, l LUN or unit, k block or chunk, p plane, g page, s sector
// (1.2), S sector (2.0); '.' ends the address. A: a whole address. d: a decimal, x: a hexadecimal value. '+': one or
// more.
struct Pattern {
  const char* text;
  const char* parts;
};
constexpr std::array kPatterns = {
    Pattern{"", ""},
    Pattern{"dev_path", "P"},
    Pattern{"dev_path val", "Pd"},
    Pattern{"dev_path val [val...]", "Pd+"},
    Pattern{"dev_path begin end", "Pdd"},
    Pattern{"dev_path 0xVAL", "Px"},
    Pattern{"dev_path 0xVAL [0xVAL...]", "Px+"},
    Pattern{"dev_path 0xADDR", "PA"},
    Pattern{"dev_path 0xADDR [0xADDR...]", "PA+"},
    Pattern{"dev_path 0xSRC 0xDST", "PAA"},
    Pattern{"dev_path ch lun", "Pcl."},
    Pattern{"dev_path ch lun blk", "Pclk."},
    Pattern{"dev_path ch lun blk pg", "Pclkg."},
    Pattern{"dev_path ch lun pl blk pg sec", "Pclpkgs."},
    Pattern{"dev_path ch lun 0xVAL", "Pcl.x"},
    Pattern{"dev_path ch lun blk 0xVAL", "Pclk.x"},
    Pattern{"dev_path grp pu chk 0xVAL", "Pclk.x"},
    Pattern{"dev_path grp pu chk NADDRS 0xOPT", "Pclk.dx"},
    Pattern{"dev_path ch lun blk ch lun blk", "Pclk.clk."},
    Pattern{"dev_path pugrp punit chunk pugrp punit chunk", "Pclk.clk."},
    Pattern{"dev_path ch lun blk pl pg sec", "Pclkpgs."},
    Pattern{"dev_path pugrp punit chunk sectr", "PclkS."},
    // The block is the end's, and the beginning's too.
    Pattern{"dev_path ch_bgn ch_end lun_bgn lun_end blk", "PL"},
    Pattern{"dev_path ch_bgn ch_end lun_bgn lun_end blk count offset", "PLdd"},
    Pattern{"dev_path 0xREG", "Px"},
    Pattern{"dev_path 0xREG 0xVAL", "Pxx"},
    Pattern{"dev_path count offset", "Pdd"},
};
static_assert(kPatterns.size() == NVM_CLI_ARG_COUNT_OFFSET + 1);

constexpr int kMost = sizeof(nvm_cli_cmd_args::addrs) / sizeof(nvm_addr);

// A word as a number; the whole of it.
bool number(const char* word, int base, std::uint64_t& value) noexcept {
  if (*word == '\0' || *word == '-' || *word == '+' || *word == ' ') return false;
  char* end = nullptr;
  errno = 0;
  value = std::strtoull(word, &end, base);
  return errno == 0 && *end == '\0';
}

bool component(const char* word, unsigned bits, std::uint64_t& value) noexcept {
  const bool hexadecimal = word[0] == '0' && (word[1] == 'x' || word[1] == 'X');
  return number(word, hexadecimal ? 16 : 10, value) && value >> bits == 0;
}

class Taker {
 public:
  Taker(Words words, nvm_cli_cmd_args& args) noexcept : words_(words), args_(args) {}

  // One part of a pattern.
  bool take(char part) noexcept {
    std::uint64_t value = 0;
    switch (part) {
      case 'P': return path();
      case 'A': {
        nvm_addr addr;
        if (!next() || !number(word_, 16, addr.val)) return false;
        return add(addr);
      }
      case 'd': return decimal(value) && args_.ndec_vals < kMost && ((args_.dec_vals[args_.ndec_vals++] = value), true);
      case 'x':
        return next() && number(word_, 16, value) && args_.nhex_vals < kMost &&
               ((args_.hex_vals[args_.nhex_vals++] = value), true);
      case 'L': return line();
      case '.': {
        const nvm_addr addr = building_;
        building_.val = 0;
        return add(addr);
      }
      default: return place(part);
    }
  }
  [[nodiscard]] bool more() const noexcept { return at_ < words_.size() && words_[at_][0] != '-'; }
  [[nodiscard]] int taken() const noexcept { return static_cast<int>(at_); }

 private:
  bool next() noexcept {
    if (!more()) return false;
    word_ = words_[at_++];
    return true;
  }
  bool decimal(std::uint64_t& value) noexcept { return next() && component(word_, 63, value); }
  bool path() noexcept {
    if (!next() || *word_ == '\0' || std::strlen(word_) >= sizeof(args_.dev_path)) return false;
    std::strcpy(args_.dev_path, word_);
    return true;
  }
  bool add(nvm_addr addr) noexcept {
    if (args_.naddrs == kMost) return false;
    args_.addrs[args_.naddrs++] = addr;
    return true;
  }
  // One component into the address that is being built.
  bool place(char part) noexcept {
    std::uint64_t value = 0;
    if (!next()) return false;
    switch (part) {
      case 'c': return component(word_, 8, value) && ((building_.g.ch = value), true);
      case 'l': return component(word_, 8, value) && ((building_.g.lun = value), true);
      case 'k': return component(word_, 16, value) && ((building_.g.blk = value), true);
      case 'p': return component(word_, 8, value) && ((building_.g.pl = value), true);
      case 'g': return component(word_, 16, value) && ((building_.g.pg = value), true);
      case 's': return component(word_, 8, value) && ((building_.g.sec = value), true);
      case 'S': return component(word_, 32, value) && ((building_.l.sectr = value), true);
      default: return false;
    }
  }
  // ch_bgn ch_end lun_bgn lun_end blk
  bool line() noexcept {
    std::array<std::uint64_t, 5> v{};
    for (std::size_t i = 0; i < v.size(); ++i) {
      if (!next() || !component(word_, i == 4 ? 16 : 8, v[i])) return false;
    }
    nvm_addr first, last;
    first.val = last.val = 0;
    first.g.ch = v[0];
    last.g.ch = v[1];
    first.g.lun = v[2];
    last.g.lun = v[3];
    first.g.blk = last.g.blk = v[4];
    return add(first) && add(last);
  }

  Words words_;
  nvm_cli_cmd_args& args_;
  std::size_t at_ = 0;
  const char* word_ = nullptr;
  nvm_addr building_{};
};

}  // namespace

const char* arguments_text(nvm_cli_cmd_arg_type type) noexcept {
  return static_cast<std::size_t>(type) < kPatterns.size() ? kPatterns[type].text : "";
}

int take_arguments(nvm_cli_cmd_arg_type type, Words words, nvm_cli_cmd_args& args) noexcept {
  if (static_cast<std::size_t>(type) >= kPatterns.size()) return -1;
  Taker taker(words, args);
  for (const char* part = kPatterns[type].parts; *part != '\0'; ++part) {
    if (*part != '+') {
      if (!taker.take(*part)) return -1;
      continue;
    }
    while (taker.more()) {
      if (!taker.take(part[-1])) return -1;
    }
  }
  return taker.taken();
}

}  // namespace lightnvm::cli
