// SPDX-License-Identifier: BSD-2-Clause
// The progress bar and its signals.
#include "progress.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <string_view>

namespace tools {
namespace {

using namespace std::chrono_literals;

constexpr auto kFirst = 500ms;
constexpr auto kEvery = 100ms;
constexpr std::string_view kClear = "\r\033[K";

// Shared with the signal handler, hence lock-free and global.
std::atomic<bool> visible{false};    // there is a bar on the terminal
std::atomic<bool> drawing{false};    // the ticker is writing one
std::atomic<bool> forbidden{false};  // no more bars
std::atomic<int> guarded{0};         // Interruptibles alive
std::atomic<int> noted{0};           // the signal that came while guarded

void write_all(std::string_view text) noexcept {
  while (!text.empty()) {
    const auto n = ::write(STDERR_FILENO, text.data(), text.size());
    if (n <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

void on_signal(int number) {
  forbidden = true;
  // The ticker blocks these signals, so that this never waits for its own thread.
  while (drawing) {
  }
  if (visible.exchange(false)) write_all(kClear);
  if (guarded > 0 && noted == 0) {
    noted = number;
    return;
  }
  (void)std::signal(number, SIG_DFL);
  (void)std::raise(number);
}

void handle_signals() {
  static const bool kOnce = [] {
    struct sigaction action{};
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
      struct sigaction old{};
      // What the caller ignores, as nohup does, stays ignored.
      if (::sigaction(number, nullptr, &old) == 0 && old.sa_handler != SIG_IGN)
        (void)::sigaction(number, &action, nullptr);
    }
    return true;
  }();
  (void)kOnce;
}

bool on_terminal() {
  const char* kind = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) == 1 && kind != nullptr && std::string_view(kind) != "dumb";
}

unsigned terminal_columns() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col != 0 ? size.ws_col : 80U;
}

std::string duration(double seconds) {
  const auto all = static_cast<std::uint64_t>(std::ceil(seconds));
  if (all >= 3600) return fmt::format("{}:{:02}:{:02}", all / 3600, all / 60 % 60, all % 60);
  return fmt::format("{}:{:02}", all / 60, all % 60);
}

struct Scale {
  double divisor;
  const char* unit;
};

Scale scale_of(double bytes) {
  constexpr std::array<const char*, 6> kUnits = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  std::size_t i = 0;
  double divisor = 1;
  for (; bytes / divisor >= 1024 && i + 1 < kUnits.size(); ++i) divisor *= 1024;
  return {divisor, kUnits[i]};
}

std::string amounts(const BarValues& v) {
  if (!v.bytes) return fmt::format("{:{}} of {} {}", v.done, fmt::formatted_size("{}", v.total), v.total, v.unit);
  const Scale s = scale_of(static_cast<double>(v.total));
  const std::string total = fmt::format("{:.1f}", static_cast<double>(v.total) / s.divisor);
  return fmt::format("{:{}.1f} of {} {}", static_cast<double>(v.done) / s.divisor, total.size(), total, s.unit);
}

std::string speed(const BarValues& v) {
  const double rate = v.seconds > 0 ? static_cast<double>(v.done) / v.seconds : 0;
  if (!v.bytes) return fmt::format("{:7.0f}/s", rate);
  const Scale s = scale_of(rate);
  const double shown = rate / s.divisor;
  return fmt::format("{:4.{}f} {}/s", shown, shown < 10 ? 1 : 0, s.unit);
}

std::string time_left(const BarValues& v) {
  if (v.done == 0) return "-:-- left";
  return duration(v.seconds * (static_cast<double>(v.total) / static_cast<double>(v.done) - 1)) + " left";
}

}  // namespace

std::string bar_line(const BarValues& values, unsigned columns) {
  BarValues v = values;
  v.done = std::min(v.done, v.total);
  if (v.total == 0) return fmt::format("{}  {}", v.what, duration(v.seconds)).substr(0, columns);
  const double part = static_cast<double>(v.done) / static_cast<double>(v.total);
  const std::string begin = fmt::format("{} {:3.0f}%", v.what, std::floor(part * 100));
  // The parts that a narrow terminal has no room for are left out, the bar first.
  std::string end;
  // Seconds have no speed.
  for (const std::string& more : {amounts(v), v.unit == "s" ? "" : speed(v), time_left(v)}) {
    if (!more.empty() && begin.size() + end.size() + 2 + more.size() <= columns) end += "  " + more;
  }
  const std::size_t used = begin.size() + end.size() + 3;
  if (columns < used + 5) return (begin + end).substr(0, columns);
  const std::size_t width = columns - used;
  const auto filled = static_cast<std::size_t>(part * static_cast<double>(width));
  std::string bar(filled, '=');
  if (filled < width) bar += '>';
  return fmt::format("{} [{:<{}}]{}", begin, bar, width, end);
}

Progress::Progress(Options options) : options_(std::move(options)), total_(options_.total) {
  handle_signals();
  if (options_.quiet || !on_terminal()) return;
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  (void)::pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { tick(); });
  (void)::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Progress::~Progress() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_.notify_one();
  thread_.join();
  if (visible.exchange(false)) write_all(kClear);
}

void Progress::above(const std::function<void()>& print) {
  const std::lock_guard lock(mutex_);
  if (visible.exchange(false)) write_all(kClear);
  print();
}

void Progress::tick() {
  std::unique_lock lock(mutex_);
  for (auto pause = kFirst; !stop_.wait_for(lock, pause, [this] { return stopping_; }); pause = kEvery) {
    draw(terminal_columns());
  }
}

void Progress::draw(unsigned columns) {
  if (options_.done) done_ = options_.done();
  BarValues v{options_.what,  done_,        total_, std::chrono::duration<double>(Clock::now() - start_).count(),
              options_.bytes, options_.unit};
  // The last column stays free: some terminals wrap when it is written.
  const std::string line = fmt::format("{}{}", kClear, bar_line(v, columns - 1));
  drawing = true;
  if (!forbidden) {
    write_all(line);
    visible = true;
  }
  drawing = false;
}

Interruptible::Interruptible() {
  handle_signals();
  ++guarded;
}
Interruptible::~Interruptible() { --guarded; }

bool interrupted() noexcept { return noted != 0; }

void die_if_interrupted() {
  if (noted == 0) return;
  (void)std::signal(noted, SIG_DFL);
  (void)std::raise(noted);
}

}  // namespace tools
