// SPDX-License-Identifier: BSD-2-Clause
// Waiting for descriptors.
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "os/socket.hpp"

namespace lightnvm::os {
namespace {

std::uint32_t bits(Epoll::Interest interest) noexcept {
  return (interest.read ? EPOLLIN | EPOLLRDHUP : 0U) | (interest.write ? EPOLLOUT : 0U);
}

Status control(int epoll, int operation, int fd, void* who, Epoll::Interest interest) noexcept {
  epoll_event e{};
  e.events = bits(interest);
  e.data.ptr = who;
  return ::epoll_ctl(epoll, operation, fd, &e) == 0 ? Status() : Status::os(errno);
}

int wait_for(int epoll, std::span<epoll_event> events, std::chrono::nanoseconds timeout) noexcept {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(timeout);
  const timespec t{seconds.count(), (timeout - seconds).count()};
  const int room = static_cast<int>(events.size());
  const int n = ::epoll_pwait2(epoll, events.data(), room, &t, nullptr);
  if (n >= 0 || errno != ENOSYS) return n;
  // kernel < 5.11, and what filters or simulates system calls: whole milliseconds; what is shorter only looks.
  const auto whole = std::chrono::duration_cast<std::chrono::milliseconds>(timeout);
  return ::epoll_wait(epoll, events.data(), room, static_cast<int>(whole.count()));
}

}  // namespace

Result<Epoll> Epoll::make() noexcept {
  Fd fd(::epoll_create1(EPOLL_CLOEXEC));
  if (!fd.valid()) return std::unexpected(Status::os(errno));
  return Epoll(std::move(fd));
}

Status Epoll::add(int fd, void* who, Interest interest) noexcept {
  return control(fd_.get(), EPOLL_CTL_ADD, fd, who, interest);
}
Status Epoll::change(int fd, void* who, Interest interest) noexcept {
  return control(fd_.get(), EPOLL_CTL_MOD, fd, who, interest);
}
void Epoll::remove(int fd) noexcept { (void)::epoll_ctl(fd_.get(), EPOLL_CTL_DEL, fd, nullptr); }

unsigned Epoll::wait(std::span<Event> events, std::chrono::nanoseconds timeout) noexcept {
  std::array<epoll_event, 64> raw;
  const int n = wait_for(fd_.get(), std::span(raw).first(std::min(events.size(), raw.size())), timeout);
  for (int i = 0; i < n; ++i) {
    const std::uint32_t what = raw[static_cast<unsigned>(i)].events;
    events[static_cast<unsigned>(i)] = {raw[static_cast<unsigned>(i)].data.ptr, (what & (EPOLLIN | EPOLLRDHUP)) != 0,
                                        (what & EPOLLOUT) != 0, (what & (EPOLLERR | EPOLLHUP)) != 0};
  }
  return n > 0 ? static_cast<unsigned>(n) : 0;
}

Result<Wakeup> Wakeup::make() noexcept {
  Fd fd(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!fd.valid()) return std::unexpected(Status::os(errno));
  return Wakeup(std::move(fd));
}

void Wakeup::wake() const noexcept {
  const std::uint64_t one = 1;
  (void)!::write(fd_.get(), &one, sizeof one);
}

void Wakeup::clear() const noexcept {
  std::uint64_t count = 0;
  (void)!::read(fd_.get(), &count, sizeof count);
}

Result<Timer> Timer::make() noexcept {
  Fd fd(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
  if (!fd.valid()) return std::unexpected(Status::os(errno));
  return Timer(std::move(fd));
}

void Timer::set(std::chrono::steady_clock::time_point when) const noexcept {
  const auto since = when.time_since_epoch();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since);
  itimerspec t{};
  // Zero would disarm it.
  t.it_value = {std::max<std::chrono::seconds::rep>(seconds.count(), 0), std::max<long>((since - seconds).count(), 1)};
  (void)::timerfd_settime(fd_.get(), TFD_TIMER_ABSTIME, &t, nullptr);
}

void Timer::clear() const noexcept {
  const itimerspec never{};
  (void)::timerfd_settime(fd_.get(), 0, &never, nullptr);
}

}  // namespace lightnvm::os
