// SPDX-License-Identifier: BSD-2-Clause
// nvm_target: serves devices over NVMe/TCP until it is told to stop.
#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <lightnvm/target.hpp>

#include "common.hpp"
#include "target_config.hpp"

namespace {

using tools::Failure;
using tools::Json;

struct Arguments {
  std::vector<std::string> devices, hosts;
  std::string config, nqn = "nqn.2026-11.io.lightnvm:target", listen, metadata = "none";
  std::optional<std::uint32_t> cores;
  bool read_only = false, json = false;
};

constexpr const char* kExamples =
    "Examples:\n"
    "  nvm_target ocssd.img\n"
    "  nvm_target ssd0.img ssd1.img --nqn nqn.2026-11.org.example:lab --listen 0.0.0.0:4420 --cores 2\n"
    "  nvm_target --config target.json --json\n"
    "\nSIGTERM and SIGINT end it: commands in flight are answered, devices flushed.\n"
    "SIGUSR1 prints its counters to standard error.\n";

/// Returns an exit code, or -1 to go on.
int parse(int argc, char** argv, Arguments& a) {
  CLI::App app("NVM Target: serves devices over NVMe/TCP", "nvm_target");
  app.get_formatter()->column_width(24);
  app.set_help_flag("-h,--help", "Print this help and exit");
  app.set_version_flag("--version", fmt::format("nvm_target (liblightnvm) {}", tools::version()),
                       "Print the version and exit");
  app.footer(kExamples);
  app.add_option("dev_path", a.devices, "Devices: namespaces 1, 2, ... of one subsystem")->type_name("");
  app.add_option("--nqn", a.nqn, "The subsystem's name, " + a.nqn)->type_name("NQN");
  app.add_option("--host", a.hosts, "Hosts that may connect; without, all")->type_name("NQN");
  app.add_option("--metadata", a.metadata, "What standard hosts get of it: none, extended")->type_name("WHAT");
  app.add_flag("--ro", a.read_only, "Nothing is written to the devices");
  app.add_option("--listen", a.listen, "HOST:PORT; 127.0.0.1:4420; port 0: a free one")->type_name("ADDRESS");
  tools::add_number(&app, "--cores", a.cores, "Threads that serve connections, 1");
  app.add_option("--config", a.config, "Read a JSON file first; arguments go before it")->type_name("FILE");
  app.add_flag("--json", a.json, "Print one JSON document: where it listens, and what it serves");
  if (argc < 2) {
    fmt::print("{}", app.help());
    return 0;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    fmt::print("{}", app.help());
    return 0;
  } catch (const CLI::CallForVersion& e) {
    fmt::print("{}\n", e.what());
    return 0;
  } catch (const CLI::ParseError& e) {
    throw Failure("FAILED", e.what());
  }
  return -1;
}

lightnvm::TargetConfig config_of(const Arguments& a) {
  lightnvm::TargetConfig config;
  if (!a.config.empty()) tools::read_target_config(a.config, config);
  if (!a.listen.empty()) config.listen = a.listen;
  if (a.cores) config.cores = *a.cores;
  if (a.devices.empty()) {
    if (a.config.empty()) throw Failure("FAILED", "dev_path is required, or --config");
    return config;
  }
  lightnvm::TargetSubsystem subsystem{a.nqn, {}, a.hosts};
  for (const std::string& device : a.devices) {
    const auto nsid = static_cast<std::uint32_t>(subsystem.namespaces.size() + 1);
    subsystem.namespaces.push_back({device, nsid, tools::parse_target_metadata(a.metadata), a.read_only});
  }
  config.subsystems.push_back(std::move(subsystem));
  return config;
}

void introduce(const lightnvm::Target& target, const lightnvm::TargetConfig& config, const tools::Output& out) {
  Json subsystems = Json::array();
  out.text(fmt::format("# nvm_target listens at {}\n", target.address()));
  for (const auto& s : config.subsystems) {
    Json namespaces = Json::array();
    out.text(fmt::format("{}:\n", s.nqn));
    for (const auto& n : s.namespaces) {
      out.text(fmt::format("  {:>4}: {}\n", n.nsid, tools::yaml_quoted(n.device)));
      namespaces.push_back({{"nsid", n.nsid}, {"device", n.device}});
    }
    subsystems.push_back({{"nqn", s.nqn}, {"namespaces", std::move(namespaces)}, {"hosts", s.hosts}});
  }
  tools::Output document(out.json());
  document.document() = {{"listen", target.address()}, {"subsystems", std::move(subsystems)}};
  document.finish();
  (void)std::fflush(stdout);
}

void print_counters(const lightnvm::Target& target, bool json) {
  const lightnvm::TargetCounters counters = target.counters();
  fmt::print(stderr, "{}", json ? tools::json_of(counters).dump() + "\n" : tools::text_of(counters));
}

int serve(const Arguments& arguments) {
  const tools::Output out(arguments.json);
  const lightnvm::TargetConfig config = config_of(arguments);
  // Before there are threads, so that all of them leave these signals to this one.
  sigset_t signals;
  sigemptyset(&signals);
  for (const int s : {SIGTERM, SIGINT, SIGUSR1}) sigaddset(&signals, s);
  (void)pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  auto target = lightnvm::Target::open(config);
  if (!target) throw Failure::explained("nvm_target", target.error());
  if (const lightnvm::Status s = target->start(); !s) throw Failure("nvm_target", s);
  introduce(*target, config, out);
  for (int got = 0; sigwait(&signals, &got) == 0 && got == SIGUSR1;) print_counters(*target, arguments.json);
  const lightnvm::Status stopped = target->stop();
  print_counters(*target, arguments.json);
  if (!stopped) throw Failure::explained("nvm_target", stopped);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  try {
    if (const int code = parse(argc, argv, arguments); code >= 0) return code;
    return serve(arguments);
  } catch (const Failure& e) {
    tools::complain(e.call(), e.what());
    if (e.call() == "FAILED") fmt::print(stderr, "# See: nvm_target --help\n");
    if (arguments.json)
      fmt::print("{}\n", Json{{"error", {{"call", e.call()}, {"errno", e.error()}, {"message", e.what()}}}}.dump(2));
  } catch (const std::exception& e) {
    tools::complain("nvm_target", e.what());
  }
  return 1;
}
