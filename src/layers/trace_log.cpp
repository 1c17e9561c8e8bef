// SPDX-License-Identifier: BSD-2-Clause
// How a line of a trace looks: fourteen columns without blanks in them, described in docs/trace.md.
#include "layers/trace_log.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "base/segments.hpp"
#include "spec/names.hpp"
#include "spec/ocssd12.hpp"
#include "spec/ocssd20.hpp"

namespace lightnvm::layers {

using backends::QueueKind;
using spec::AdminOpcode;
using spec::IoOpcode;

/// A line under construction. What does not fit is cut, and the line ends in "...".
class TraceLog::Line {
 public:
  static constexpr std::size_t kBytes = 4096;

  template <typename... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) noexcept {
    const std::size_t room = kLast - used_;
    const auto done = fmt::format_to_n(text_.data() + used_, room, format, std::forward<Args>(args)...);
    used_ += std::min(room, done.size);
    cut_ |= done.size > room;
  }
  std::string_view end() noexcept {
    if (cut_) {
      std::memcpy(text_.data() + used_, "...", 3);
      used_ += 3;
    }
    // Columns are padded; the last needs it not.
    while (used_ != 0 && text_[used_ - 1] == ' ') --used_;
    text_[used_++] = '\n';
    return {text_.data(), used_};
  }

 private:
  static constexpr std::size_t kLast = kBytes - 4;
  std::array<char, kBytes> text_;
  std::size_t used_ = 0;
  bool cut_ = false;
};

namespace {

/// Writes name=value words with commas between them, or "-" where there was none.
template <typename Line>
class Words {
 public:
  explicit Words(Line& line) noexcept : line_(line) {}
  template <typename... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) noexcept {
    if (any_) line_.add(",");
    any_ = true;
    line_.add(format, std::forward<Args>(args)...);
  }
  void add_if(bool set, std::string_view word) noexcept {
    if (set) add("{}", word);
  }
  void end() noexcept {
    if (!any_) line_.add("-");
  }

 private:
  Line& line_;
  bool any_ = false;
};

// Addresses that follow each other are one word: first and count.
template <typename Line>
void add_addresses(Words<Line>& words, std::string_view name, std::span<const std::uint64_t> list) noexcept {
  for (std::size_t i = 0; i < list.size();) {
    std::size_t n = 1;
    while (i + n < list.size() && list[i + n] == list[i] + n) ++n;
    words.add("{}={:#x}+{}", name, list[i], n);
    i += n;
  }
}

template <typename Line>
void add_io_fields(Words<Line>& words, const spec::Command& c, const Payload& p) noexcept {
  const std::uint32_t opcode = spec::Opcode::get(c);
  add_addresses(words, "lba", p.list);
  add_addresses(words, "to", p.destination);
  switch (static_cast<IoOpcode>(opcode)) {
    case IoOpcode::read:
    case IoOpcode::write: words.add("lba={:#x}+{}", spec::Slba::get(c), spec::Nlb::get(c) + 1); [[fallthrough]];
    case IoOpcode::vector_reset:
    case IoOpcode::vector_write:
    case IoOpcode::vector_read:
    case IoOpcode::vector_copy:
      words.add_if(spec::Fua::get(c) != 0, "fua");
      words.add_if(spec::LimitedRetry::get(c) != 0, "lr");
      // OCSSD-1.2 10.4: the plane mode and its like; reserved in OCSSD 2.0.
      if (spec::is_vector(spec::Opcode::get(c)) && (spec::Control::get(c) & 0x3FFF) != 0) {
        words.add("control={:#x}", spec::Control::get(c) & 0x3FFF);
      }
      return;
    case IoOpcode::dataset_management:
      for (std::size_t i = 0; i <= spec::Nr::get(c); ++i) {
        spec::DsmRange range{};
        if (total_bytes(p.data) < (i + 1) * sizeof range) break;
        SegmentRange{p.data, i * sizeof range, sizeof range}.copy_out(reinterpret_cast<std::byte*>(&range));
        words.add("lba={:#x}+{}", range.slba, range.blocks);
      }
      words.add_if(spec::Deallocate::get(c) != 0, "ad");
      return;
    case IoOpcode::flush: break;
  }
  for (std::size_t i = 10; i < c.dw.size(); ++i) {
    if (c.dw[i] != 0) words.add("cdw{}={:#x}", i, c.dw[i]);
  }
}

template <typename Line>
void add_admin_fields(Words<Line>& words, const spec::Command& c) noexcept {
  switch (static_cast<AdminOpcode>(spec::Opcode::get(c))) {
    case AdminOpcode::identify: words.add("cns={:#x}", spec::Cns::get(c)); return;
    case AdminOpcode::get_log_page:
      words.add("lid={:#x},offset={},bytes={}", spec::Lid::get(c), spec::Lpo::get(c),
                ((static_cast<std::uint64_t>(spec::Numdu::get(c)) << 16 | spec::Numdl::get(c)) + 1) * 4);
      words.add_if(spec::Rae::get(c) != 0, "rae");
      return;
    case AdminOpcode::set_features:
      words.add("fid={:#x},value={:#x}", spec::Fid::get(c), spec::FeatureValue::get(c));
      return;
    case AdminOpcode::get_features: words.add("fid={:#x},sel={}", spec::Fid::get(c), spec::Sel::get(c)); return;
    case AdminOpcode::abort:
    case AdminOpcode::async_event_request:
    case AdminOpcode::keep_alive:
    case AdminOpcode::geometry:
    case AdminOpcode::set_bad_blocks:
    case AdminOpcode::get_bad_blocks: break;
  }
  for (std::size_t i = 10; i < c.dw.size(); ++i) {
    if (c.dw[i] != 0) words.add("cdw{}={:#x}", i, c.dw[i]);
  }
}

template <typename Line>
void add_status(Line& line, const Completion& completion) noexcept {
  const Status s = completion.status;
  if (s.is_os()) {
    const char* name = ::strerrorname_np(s.to_errno());
    line.add(" {:<26}", name != nullptr ? name : "errno");
  } else {
    line.add(" {:<26}", s.ok() ? "success" : status_info(s.code()).name);
  }
  line.add(" {:#05x} {:<8} {:#018x}", s.nvme_bits() & 0x7FFU,
           s.dnr() ? (s.more() ? "dnr,more" : "dnr") : (s.more() ? "more" : "-"), completion.result);
}

constexpr std::string_view event_name(TraceEvent event) noexcept {
  switch (event) {
    case TraceEvent::submit: return "submit";
    case TraceEvent::refused: return "refused";
    case TraceEvent::done: break;
  }
  return "done";
}

template <typename Line>
void add_time(Line& line, TraceLog::Clock::duration since) noexcept {
  const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(since).count();
  line.add("{:>10}.{:03}", ns / 1000, ns % 1000);
}

}  // namespace

Result<std::unique_ptr<TraceLog>> TraceLog::open(const std::string& path) {
  auto file = os::open(path, O_WRONLY | O_CREAT | O_APPEND, 0666);
  if (!file) return std::unexpected(file.error());
  return std::unique_ptr<TraceLog>(new TraceLog(std::move(*file)));
}

TraceLog::TraceLog(os::Fd file) noexcept : file_(std::move(file)), start_(Clock::now()) { head(); }

TraceLog::~TraceLog() {
  const std::lock_guard lock(mutex_);
  flush();
  if (lost_ == 0) return;
  Line line;
  line.add("# {} lines are missing", lost_);
  const std::string_view text = line.end();
  (void)!::write(file_.get(), text.data(), text.size());
}

void TraceLog::head() noexcept {
  Line title;
  title.add("# liblightnvm trace 1");
  append(title);
  Line names;
  names.add("#{:>13} {:<8} {:>5} {:<8} {:<20} {:>10} {:>9} {:>7} {:>14} {:<26} {:<5} {:<8} {:<18} {}", "us", "queue",
            "tag", "event", "opcode", "nsid", "data", "meta", "latency", "status", "code", "flags", "result", "fields");
  append(names);
}

void TraceLog::command(TraceEvent event, TraceQueueName queue, const backends::Request& request, Clock::time_point now,
                       Clock::time_point submitted, const Completion* completion) noexcept {
  const spec::Command& c = request.command;
  const bool admin = queue.kind == QueueKind::admin;
  const std::uint32_t opcode = spec::Opcode::get(c);
  const std::string_view name = admin ? spec::admin_opcode_name(opcode) : spec::io_opcode_name(opcode);
  Line line;
  add_time(line, now - start_);
  line.add(" {}{:<{}} {:>5} {:<8}", admin ? "admin" : "io", queue.number, admin ? 3 : 6, request.tag,
           event_name(event));
  if (name.empty()) {
    line.add(" 0x{:02x}{:16}", opcode, "");
  } else {
    line.add(" {:<20}", name);
  }
  line.add(" {:>10} {:>9} {:>7} ", spec::Nsid::get(c), total_bytes(request.payload.data),
           total_bytes(request.payload.metadata));
  if (completion != nullptr) {
    add_time(line, now - submitted);
    add_status(line, *completion);
  } else {
    line.add("{:>14} {:<26} {:<5} {:<8} {:<18}", "-", "-", "-", "-", "-");
  }
  line.add(" ");
  Words<Line> words(line);
  if (admin) {
    add_admin_fields(words, c);
  } else {
    add_io_fields(words, c, request.payload);
  }
  words.end();
  append(line);
}

void TraceLog::async_event(const backends::AsyncEvent& event, Clock::time_point now) noexcept {
  Line line;
  add_time(line, now - start_);
  line.add(" {:<8} {:>5} {:<8} {:<20} {:>10} {:>9} {:>7} {:>14} {:<26} {:<5} {:<8} {:<18}", "-", "-", "event", "-", "-",
           "-", "-", "-", "-", "-", "-", "-");
  line.add(" type={:#x},information={:#x},log={:#x}", event.type, event.information, event.log_page);
  append(line);
}

void TraceLog::append(Line& line) noexcept {
  const std::string_view text = line.end();
  const std::lock_guard lock(mutex_);
  if (buffer_.size() - used_ < text.size()) flush();
  std::memcpy(buffer_.data() + used_, text.data(), text.size());
  used_ += text.size();
  ++waiting_;
}

// Whole lines in one call, so that traces of several processes in one file do not mix within a line.
void TraceLog::flush() noexcept {
  std::size_t done = 0;
  while (done < used_) {
    const ssize_t n = ::write(file_.get(), buffer_.data() + done, used_ - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      lost_ += waiting_;
      break;
    }
    done += static_cast<std::size_t>(n);
  }
  used_ = 0;
  waiting_ = 0;
}

}  // namespace lightnvm::layers
