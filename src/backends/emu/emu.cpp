// SPDX-License-Identifier: BSD-2-Clause
// Backend emu: the emulated Open-Channel SSD, called in this process. No system call in memory, no thread of its own.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "backends/emu/find.hpp"
#include "backends/emu/shared_devices.hpp"
#include "backends/registry.hpp"
#include "base/error.hpp"
#include "emulator/controller.hpp"
#include "emulator/paced_queue.hpp"
#include "emulator/queue.hpp"
#include "spec/build.hpp"

namespace lightnvm::backends::emu {
namespace {

constexpr std::uint32_t kMaxDepth = 4096;

/// QueuePair::reap over a model with `there` commands in flight. `poll(most)` hands over what is done.
template <typename Poll, typename Wait>
unsigned reap_from(unsigned there, unsigned min, unsigned max, Deadline deadline, Poll poll, Wait wait) noexcept {
  // What callbacks submit from within is for the next call.
  const unsigned limit = max == 0 ? there : std::min(max, there);
  const unsigned wanted = std::min(min, limit);
  unsigned reaped = 0;
  while (reaped < limit) {
    const unsigned n = poll(limit - reaped);
    reaped += n;
    if (n != 0) continue;
    if (reaped >= wanted || (deadline != kForever && Clock::now() >= deadline)) break;
    wait();
  }
  return reaped;
}

/// Both kinds of queue: `Model` is emulator::Queue or emulator::AdminQueue.
template <typename Model>
class EmuQueue : public QueuePair {
 public:
  template <typename... Args>
  explicit EmuQueue(std::uint32_t depth, Args&&... args) : model_(std::forward<Args>(args)...), requests_(depth) {}

  Status submit(Request& request) noexcept override {
    requests_[request.tag] = &request;
    model_.start(request.command, request.payload, request.tag);
    return {};
  }

  Result<unsigned> reap(Sink& sink, unsigned min, unsigned max, Deadline deadline) noexcept override {
    return reap_from(
        model_.in_flight(), min, max, deadline,
        [&](unsigned most) {
          return model_.poll(most, [&](std::uint16_t tag, const Completion& completion) {
            sink.complete(*requests_[tag], completion);
          });
        },
        // Another thread's command holds what ours waits for; it is a copy away from being done.
        [] { std::this_thread::yield(); });
  }

 protected:
  Model model_;
  std::vector<Request*> requests_;
};

/// Counts itself among the controller's I/O queues.
class IoQueue final : public EmuQueue<emulator::Queue> {
 public:
  IoQueue(std::atomic<std::uint32_t>& open, std::uint32_t depth, emulator::Controller& controller, std::uint16_t sqid)
      : EmuQueue(depth, controller, depth, sqid), open_(open) {
    ++open_;
  }
  ~IoQueue() override { --open_; }

 private:
  std::atomic<std::uint32_t>& open_;
};

/// Of a device with timing or faults: waits until commands are due.
class PacedIoQueue final : public QueuePair {
 public:
  PacedIoQueue(std::atomic<std::uint32_t>& open, std::uint32_t depth, emulator::Controller& controller,
               std::uint16_t sqid)
      : open_(open), model_(controller, depth, sqid), requests_(depth) {
    ++open_;
  }
  ~PacedIoQueue() override { --open_; }

  Status submit(Request& request) noexcept override {
    requests_[request.tag] = &request;
    return model_.start(request.command, request.payload, request.tag, now());
  }

  Result<unsigned> reap(Sink& sink, unsigned min, unsigned max, Deadline deadline) noexcept override {
    return reap_from(
        model_.in_flight(), min, max, deadline,
        [&](unsigned most) {
          return model_.poll(most, now(), [&](std::uint16_t tag, const Completion& completion) {
            sink.complete(*requests_[tag], completion);
          });
        },
        [&] { wait(deadline); });
  }

 private:
  static emulator::Nanoseconds now() noexcept {
    return static_cast<emulator::Nanoseconds>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch()).count());
  }

  // Sleeps through what is long, and watches the clock for the rest: a timer's end is some dozens of microseconds late.
  // Slices, because a command of another queue can take the power from ours.
  void wait(Deadline deadline) const noexcept {
    constexpr std::chrono::microseconds kWatched{80};
    constexpr std::chrono::milliseconds kSlice{10};
    const auto due = model_.next_due();
    const Deadline next = due ? Deadline(std::chrono::nanoseconds(*due)) : Clock::now();
    const Deadline until = std::min({next, deadline, Clock::now() + kSlice}) - kWatched;
    if (until > Clock::now()) {
      std::this_thread::sleep_until(until);
    } else {
      std::this_thread::yield();
    }
  }

  std::atomic<std::uint32_t>& open_;
  emulator::PacedQueue model_;
  std::vector<Request*> requests_;
};

/// A device that has lost its power answers nothing more.
class EmuAdminQueue final : public EmuQueue<emulator::AdminQueue> {
 public:
  EmuAdminQueue(std::uint32_t depth, emulator::Controller& controller)
      : EmuQueue(depth, controller), device_(controller.device()) {}
  Status submit(Request& request) noexcept override {
    return device_.powered() ? EmuQueue::submit(request) : Status::nvme(StatusCode::connection_lost);
  }
  Result<unsigned> reap(Sink& sink, unsigned min, unsigned max, Deadline deadline) noexcept override {
    if (device_.powered()) return EmuQueue::reap(sink, min, max, deadline);
    model_.abort_waiting();
    const unsigned there = model_.in_flight();
    return model_.poll(max == 0 ? there : std::min(max, there), [&](std::uint16_t tag, const Completion&) {
      sink.complete(*requests_[tag], {0, Status::nvme(StatusCode::connection_lost)});
    });
  }
  void cancel_all(Sink& sink) noexcept override {
    model_.abort_waiting();
    (void)reap(sink, ~0U, 0, kForever);
  }

 private:
  emulator::Device& device_;
};

class EmuBackend final : public Backend {
 public:
  EmuBackend(std::shared_ptr<emulator::Device> device, bool read_only)
      : controller_(device, device->next_controller_id()), events_(controller_) {
    const Geometry& g = device->geometry();
    caps_.max_segments = ~0U;
    caps_.max_depth = kMaxDepth;
    caps_.metadata = g.oob_bytes != 0 ? MetadataTransfer::separate : MetadataTransfer::none;
    caps_.vectors = caps_.vector_copy = caps_.reset_descriptors = true;
    caps_.ordered_writes = true;
    caps_.synchronous = device->media().blocking();
    caps_.read_only = read_only || device->read_only();
    caps_.events = true;
  }

  [[nodiscard]] const Caps& caps() const noexcept override { return caps_; }
  [[nodiscard]] std::uint32_t nsid() const noexcept override { return 1; }

  Result<std::unique_ptr<QueuePair>> open_queue(const QueueOptions& options) override {
    if (options.kind == QueueKind::admin) return std::make_unique<EmuAdminQueue>(options.depth, controller_);
    // The number that the Number of Queues feature grants. NVMe-1.3 5.21.1.7.
    if (open_queues_ >= emulator::kMaxIoQueues) {
      return unexpected(Status::os(EMFILE), fmt::format("the emulated controller has {} I/O queues, and all are open",
                                                        emulator::kMaxIoQueues));
    }
    if (!controller_.device().conduct().plain()) {
      return std::make_unique<PacedIoQueue>(open_queues_, options.depth, controller_, next_sqid_++);
    }
    return std::make_unique<IoQueue>(open_queues_, options.depth, controller_, next_sqid_++);
  }

  Result<std::optional<AsyncEvent>> next_event() override {
    if (!controller_.device().powered()) return std::unexpected(Status::nvme(StatusCode::connection_lost));
    const std::lock_guard lock(events_mutex_);
    const spec::Command request = spec::build::async_event_request();
    if (!waiting_) events_.start(request, {}, 0);
    waiting_ = true;
    emulator::Done done;
    if (events_.poll({&done, 1}) == 0) return std::nullopt;
    waiting_ = false;
    if (!done.completion) return std::unexpected(done.completion.status);
    const std::uint64_t dw0 = done.completion.result;
    return AsyncEvent{static_cast<std::uint8_t>(dw0 & 7), static_cast<std::uint8_t>(dw0 >> 8),
                      static_cast<std::uint8_t>(dw0 >> 16)};
  }

 private:
  emulator::Controller controller_;
  Caps caps_;
  std::atomic<std::uint16_t> next_sqid_{1};
  std::atomic<std::uint32_t> open_queues_{0};
  std::mutex events_mutex_;
  emulator::AdminQueue events_;
  bool waiting_ = false;
};

std::unexpected<Refusal> refuse(bool mine, Status status, std::string sentence) {
  return std::unexpected(Refusal{mine, status, std::move(sentence)});
}

Opened opened(Result<std::shared_ptr<emulator::Device>> device, bool read_only) {
  if (!device) return refuse(true, device.error(), last_error());
  return std::make_unique<EmuBackend>(std::move(*device), read_only);
}

// Takes the options that say how the device behaves out of `options`.
Status take_conduct(std::map<std::string, std::string>& options, emulator::Conduct& conduct) {
  for (auto option = options.begin(); option != options.end();) {
    if (!emulator::is_conduct(option->first)) {
      ++option;
      continue;
    }
    if (const Status s = emulator::apply_conduct(conduct, option->first, option->second); !s) return s;
    option = options.erase(option);
  }
  return {};
}

Opened open(const Ident& ident, Opener&) {
  std::map<std::string, std::string> options = ident.options;
  emulator::Conduct conduct;
  const bool named = ident.backend == "emu";
  if (ident.locator.empty()) {
    if (!named) return refuse(false, Status::os(ENODEV), "no path");
    if (const Status s = take_conduct(options, conduct); !s) return refuse(true, s, last_error());
    emulator::Config config;
    std::string name;
    // What kind of device it is decides which options there are.
    const auto spec = options.find("spec");
    if (spec != options.end()) {
      if (const Status s = emulator::apply_option(config, "spec", spec->second); !s) {
        return refuse(true, s, last_error());
      }
    }
    for (const auto& [key, value] : options) {
      if (key == "name") {
        name = value;
      } else if (key == "spec") {
        continue;
      } else if (const Status s = emulator::apply_option(config, key, value); !s) {
        return refuse(true, s, last_error());
      }
    }
    const bool bare = options.size() == (name.empty() ? 0U : 1U);
    const auto joining = bare ? SharedDevices::Joining::any : SharedDevices::Joining::same;
    return opened(SharedDevices::instance().memory(name, config, joining, conduct), ident.read_only);
  }
  const auto is_image = looks_like_image(ident.locator);
  if (!is_image) {
    return refuse(true, is_image.error(), fmt::format("{}: {}", ident.locator, is_image.error().message()));
  }
  if (!*is_image) {
    return refuse(named, Status::os(EINVAL),
                  fmt::format("{}: not an emulated device (nvm_emu create makes one)", ident.locator));
  }
  if (const Status s = take_conduct(options, conduct); !s) return refuse(true, s, last_error());
  if (!options.empty()) {
    return refuse(true, Status::os(EINVAL),
                  fmt::format("'{}' is no option of an emulated device in a file; there are ro, trace, fault, faults, "
                              "timing and tbus",
                              options.begin()->first));
  }
  const auto access = ident.read_only ? emulator::ImageAccess::look : emulator::ImageAccess::exclusive;
  return opened(SharedDevices::instance().file(ident.locator, access, conduct), ident.read_only);
}

}  // namespace

extern const Descriptor descriptor;
const Descriptor descriptor{&open, &find};

}  // namespace lightnvm::backends::emu
