// SPDX-License-Identifier: BSD-2-Clause
// The event loop.
#include "target/loop.hpp"

#include <algorithm>

namespace lightnvm::target {
namespace {

using namespace std::chrono_literals;

constexpr auto kTick = 50ms;
// A queue without a descriptor is asked again after this long.
constexpr auto kPollPause = 20us;
constexpr auto kLinger = 2s;
constexpr std::size_t kBufferBytes = 256 * 1024;
constexpr std::size_t kPieces = 384;
constexpr int kSilenceSeconds = 30;
constexpr int kReceivesAtOnce = 4;

}  // namespace

struct Loop::Connection {
  Connection(os::Fd s, Home& home, Tally& tally, const os::Endpoint& local, TimePoint now)
      : socket(std::move(s)), session(home, tally, local, now) {}
  os::Fd socket;
  Session session;
  Source source{Source::Kind::socket, this};
  std::vector<Source> devices;  // one for each descriptor of the session
  TimePoint stuck_since = TimePoint::max();
  TimePoint linger_until = TimePoint::max();  // a TermReq is out
  bool reads = true;
  bool writes = false;  // waits for room in the socket
  bool closed = false;
};

Loop::Loop(Home& home, Duties duties, os::Epoll epoll, os::Wakeup wakeup)
    : home_(home),
      duties_(std::move(duties)),
      epoll_(std::move(epoll)),
      wakeup_(std::move(wakeup)),
      buffer_(kBufferBytes) {}

Result<std::unique_ptr<Loop>> Loop::make(Home& home, Duties duties) {
  auto epoll = os::Epoll::make();
  if (!epoll) return std::unexpected(epoll.error());
  auto wakeup = os::Wakeup::make();
  if (!wakeup) return std::unexpected(wakeup.error());
  std::unique_ptr<Loop> loop(new Loop(home, std::move(duties), std::move(*epoll), std::move(*wakeup)));
  if (const Status s = loop->epoll_.add(loop->wakeup_.fd(), &loop->wakeup_source_, {}); !s) return std::unexpected(s);
  return loop;
}

Loop::~Loop() { join(); }

void Loop::start() {
  now_ = backends::Clock::now();
  accepting_ = duties_.listener >= 0 && epoll_.add(duties_.listener, &listener_source_, {}).ok();
  thread_ = std::thread([this] { run(); });
}

void Loop::join() {
  if (thread_.joinable()) thread_.join();
}

void Loop::adopt(os::Fd socket) {
  {
    const std::lock_guard lock(mutex_);
    handed_.push_back(std::move(socket));
  }
  wake();
}

void Loop::drain(TimePoint deadline) {
  {
    const std::lock_guard lock(mutex_);
    drain_until_ = deadline;
  }
  wake();
}

void Loop::run() {
  TimePoint until = TimePoint::max();
  while (!draining_ || (!connections_.empty() && now_ < until)) {
    turn();
    const std::lock_guard lock(mutex_);
    if (drain_until_ == TimePoint::max() || draining_) continue;
    draining_ = true;
    until = drain_until_;
    handed_.clear();
    if (accepting_) epoll_.remove(duties_.listener);
    accepting_ = false;
    for (const auto& c : connections_) c->session.drain();
  }
  for (const auto& c : connections_) close(*c);
  // What devices hold is waited for: it is theirs.
  while (!connections_.empty()) {
    now_ = backends::Clock::now();
    for (const auto& c : connections_) c->session.run(now_);
    sweep();
    if (!connections_.empty()) std::this_thread::sleep_for(kPollPause);
  }
}

std::chrono::nanoseconds Loop::patience() const noexcept {
  if (busy_) return kPollPause;
  return std::max<std::chrono::nanoseconds>(0ns, next_tick_ - now_);
}

void Loop::turn() {
  std::array<os::Epoll::Event, 64> events;
  const unsigned n = epoll_.wait(events, patience());
  now_ = backends::Clock::now();
  for (unsigned i = 0; i < n; ++i) dispatch(events[i]);
  if (now_ >= next_tick_) {
    look_at_all();
  } else if (busy_) {
    look_at_busy();
  }
  if (now_ >= next_tick_) {
    next_tick_ = now_ + kTick;
    duties_.tick();
    if (duties_.listener >= 0 && !accepting_ && !draining_ && now_ >= accept_again_) {
      accepting_ = epoll_.add(duties_.listener, &listener_source_, {}).ok();
    }
  }
  sweep();
}

void Loop::dispatch(const os::Epoll::Event& event) {
  const Source& source = *static_cast<const Source*>(event.who);
  switch (source.kind) {
    case Source::Kind::wakeup:
      wakeup_.clear();
      adopt_handed();
      look_at_all();
      break;
    case Source::Kind::listener: accept(); break;
    case Source::Kind::device: serve(*source.connection); break;
    case Source::Kind::socket: {
      Connection& c = *source.connection;
      if (c.closed) break;
      if (event.readable || event.broken) receive(c);
      serve(c);
      break;
    }
  }
}

void Loop::accept() {
  for (;;) {
    auto socket = os::accept_tcp(duties_.listener);
    if (!socket) {
      // Out of descriptors or memory: the connections that wait would wake us again and again.
      if (!socket.error().is_errno(EAGAIN) && !socket.error().is_errno(ECONNABORTED)) {
        epoll_.remove(duties_.listener);
        accepting_ = false;
        accept_again_ = now_ + 100ms;
      }
      return;
    }
    duties_.accepted(std::move(*socket));
  }
}

void Loop::adopt_handed() {
  std::vector<os::Fd> handed;
  {
    const std::lock_guard lock(mutex_);
    handed.swap(handed_);
  }
  for (os::Fd& socket : handed) add(std::move(socket));
}

void Loop::add(os::Fd socket) {
  const auto local = os::bound_to(socket.get());
  if (!local) return;
  os::keep_alive(socket.get(), kSilenceSeconds);
  try {
    auto c = std::make_unique<Connection>(std::move(socket), home_, tally_, *local, now_);
    connections_.reserve(connections_.size() + 1);
    if (!epoll_.add(c->socket.get(), &c->source, {})) return;
    connections_.push_back(std::move(c));
  } catch (const std::bad_alloc&) {
    tally_.refused.add();
    return;
  }
  tally_.accepted.add();
  tally_.connections.add();
}

void Loop::receive(Connection& c) {
  std::array<Segment, kPieces> pieces;
  const bool lingers = c.linger_until != TimePoint::max();
  for (int i = 0; i < kReceivesAtOnce && (lingers || !c.session.over()); ++i) {
    const std::size_t count = c.session.landing(std::span(pieces).first(kPieces - 1));
    const std::size_t landing = total_bytes(std::span(pieces).first(count));
    pieces[count] = {buffer_.data(), buffer_.size()};
    tally_.receives.add();
    const auto got = os::receive(c.socket.get(), std::span(pieces).first(count + 1));
    if (!got && got.error().is_errno(EAGAIN)) return;
    if (!got || *got == 0) return close(c);
    const std::size_t landed = std::min(*got, landing);
    if (landed != 0) c.session.landed(landed);
    c.session.received(std::span(buffer_).first(*got - landed));
    if (*got < landing + buffer_.size()) return;
  }
}

void Loop::serve(Connection& c) {
  // Memory that came back may have let further commands in.
  do {
    c.session.run(now_);
    if (c.closed) return;
    if (!flush(c)) return close(c);
  } while (c.session.has_ready());
  watch_devices(c);
  if (c.session.busy()) busy_ = true;
  if (c.session.over() && !c.writes) end(c);
}

// A TermReq would not reach the peer if what it sent were thrown away with the socket. NVMe-TCP-1.0 3.5.
void Loop::end(Connection& c) {
  if (!c.session.terminating()) return close(c);
  if (c.linger_until == TimePoint::max()) {
    os::stop_sending(c.socket.get());
    c.linger_until = now_ + kLinger;
    (void)epoll_.change(c.socket.get(), &c.source, {});
    c.reads = true;
  } else if (now_ >= c.linger_until) {
    close(c);
  }
}

// False: the connection is gone, or does not take what is sent.
bool Loop::flush(Connection& c) {
  std::array<Segment, kPieces> pieces;
  bool room = true;
  while (room) {
    const std::size_t count = c.session.output(pieces);
    if (count == 0) break;
    const std::size_t bytes = total_bytes(std::span(pieces).first(count));
    tally_.sends.add();
    const auto sent = os::send(c.socket.get(), std::span(pieces).first(count));
    if (!sent && !sent.error().is_errno(EAGAIN)) return false;
    if (sent) c.session.sent(*sent);
    if (sent && *sent != 0) c.stuck_since = TimePoint::max();
    room = sent && *sent == bytes;
  }
  // What is not going to be read must not wake us.
  const bool reads = c.linger_until != TimePoint::max() || !c.session.over();
  if (room == c.writes || reads != c.reads) {
    c.writes = !room;
    c.reads = reads;
    if (!epoll_.change(c.socket.get(), &c.source, {.read = reads, .write = c.writes})) return false;
  }
  if (room) return true;
  if (c.stuck_since == TimePoint::max()) c.stuck_since = now_;
  if (now_ - c.stuck_since < home_.config.stall) return true;
  tally_.timeouts.add();
  return false;
}

void Loop::watch_devices(Connection& c) {
  const std::span<const int> descriptors = c.session.descriptors();
  if (descriptors.empty() || !c.devices.empty()) return;
  c.devices.assign(descriptors.size(), {Source::Kind::device, &c});
  for (std::size_t i = 0; i < descriptors.size(); ++i) (void)epoll_.add(descriptors[i], &c.devices[i], {});
}

void Loop::close(Connection& c) {
  if (c.closed) return;
  c.closed = true;
  epoll_.remove(c.socket.get());
  c.socket = os::Fd();
  c.session.hang_up();
  tally_.connections.subtract();
}

void Loop::look_at_all() {
  busy_ = false;
  for (const auto& c : connections_) serve(*c);
}

void Loop::look_at_busy() {
  busy_ = false;
  for (const auto& c : connections_) {
    if (c->session.busy()) serve(*c);
  }
}

void Loop::sweep() {
  std::erase_if(connections_, [&](const std::unique_ptr<Connection>& c) {
    if (!c->closed) return false;
    if (!c->session.quiet()) {
      busy_ = true;
      return false;
    }
    for (const int fd : c->session.descriptors()) epoll_.remove(fd);
    return true;
  });
}

}  // namespace lightnvm::target
