# SPDX-License-Identifier: BSD-2-Clause
# nvm_target as its users meet it: where it listens, its configuration, its counters, its end.
import json
import signal
import socket
import subprocess

from support import same

NQN = "nqn.2026-11.io.lightnvm:target"


def start(bench, *words):
    process = bench.popen(["nvm_target", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    first = process.stdout.readline()
    if first.startswith("{"):
        while not first.endswith("\n}\n"):
            line = process.stdout.readline()
            assert line, f"{first}{process.stderr.read()}"
            first += line
        return process, json.loads(first)
    assert first.startswith("# nvm_target listens at 127.0.0.1:"), f"{first!r} {process.stderr.read()}"
    return process, int(first.rpartition(":")[2])


def stop(process, how=signal.SIGTERM):
    process.send_signal(how)
    with process:
        out, err = process.stdout.read(), process.stderr.read()
    same(process.returncode, 0)
    return out, err


def test_serves_until_told_to_stop(bench):
    bench.device()
    for how in (signal.SIGTERM, signal.SIGINT):
        process, port = start(bench, "d.img", "--listen", "127.0.0.1:0")
        with socket.create_connection(("127.0.0.1", port), timeout=60) as peer:
            peer.sendall(b"\x00\x00\x80\x00\x80\x00\x00\x00" + bytes(120))
            answer = peer.recv(128, socket.MSG_WAITALL)
            same(answer[:8], b"\x01\x00\x80\x00\x80\x00\x00\x00")
        out, err = stop(process, how)
        same(out, f"{NQN}:\n     1: 'd.img'\n")
        assert "# accepted                            1\n" in err, err
    bench.ok("nvm_emu check d.img")


def test_the_device_is_held_while_it_is_served(bench):
    bench.device()
    process, _ = start(bench, "d.img", "--listen", "127.0.0.1:0")
    bench.fails("nvm_target d.img --listen 127.0.0.1:0", r"# nvm_target: d.img.*")
    stop(process)


def test_tools_use_what_is_served_as_if_it_were_here(bench):
    bench.device("--mw-cunits 0")
    process, port = start(bench, "d.img", "--listen", "127.0.0.1:0")
    there = f"tcp://127.0.0.1:{port}/{NQN}"
    data = bench.random_file("data", 8 * 4096)
    sectors = " ".join(f"0x{sector:016x}" for sector in range(8))
    bench.ok(f"nvm_cmd write {there} {sectors} -i data")
    bench.ok(f"nvm_cmd read {there} {sectors} -o back")
    assert bench.path("back").read_bytes() == data, "what was written through the target does not come back through it"
    served = bench.ok(f"nvm_dev info {there} --json").json
    bench.fails(f"nvm_dev info tcp://127.0.0.1:{port}/nqn.2026-11.io.lightnvm:other", r"# nvm_dev_openf: .*")
    stop(process)
    here = bench.ok("nvm_dev info d.img --json").json
    same(here.keys(), served.keys())
    bench.ok(f"nvm_cmd read d.img {sectors} -o back")
    assert bench.path("back").read_bytes() == data, "what was written through the target is not in the file"


def test_counters_come_with_a_signal(bench):
    process, document = start(bench, "emu:?groups=1&punits=1", "--listen", "127.0.0.1:0", "--json", "--cores", "2")
    same(document["subsystems"], [{"nqn": NQN, "namespaces": [{"nsid": 1, "device": "emu:?groups=1&punits=1"}], "hosts": []}])
    process.send_signal(signal.SIGUSR1)
    counters = json.loads(process.stderr.readline())
    same(counters["connections"], 0)
    same(counters["io_commands"], 0)
    stop(process)


def test_a_file_says_what_is_served(bench):
    config = {
        "listen": "127.0.0.1:0", "cores": 2, "header_digest": True, "data_digest": False, "extension": True,
        "io_queues": 4, "queue_entries": 128, "capsule_bytes": 4096, "transfer_bytes": 131072, "memory_bytes": 1 << 28,
        "connections": 64, "controllers": 8, "handshake_ms": 1000, "stall_ms": 1000, "drain_ms": 1000,
        "subsystems": [
            {"nqn": "nqn.2026-11.org.example:a", "hosts": ["nqn.2026-11.org.example:host"],
             "namespaces": [{"device": "emu:?groups=1", "nsid": 5, "metadata": "extended", "read_only": True}]},
            {"nqn": "nqn.2026-11.org.example:b", "namespaces": [{"device": "emu:?groups=2"}]},
        ],
    }
    bench.path("t.json").write_text(json.dumps(config))
    process, document = start(bench, "--config", "t.json", "--json")
    same([s["nqn"] for s in document["subsystems"]], ["nqn.2026-11.org.example:a", "nqn.2026-11.org.example:b"])
    same(document["subsystems"][0]["namespaces"][0]["nsid"], 5)
    stop(process)

    def refused(change, sentence):
        bench.path("u.json").write_text(json.dumps({**config, **change}))
        bench.fails("nvm_target --config u.json", f"# nvm_target: {sentence}")

    refused({"speed": 1}, "configuration: 'speed' is no member of the configuration")
    refused({"cores": "two"}, "configuration: 'cores' is to be a number, 0 to 4294967295")
    refused({"cores": 0}, "cores: 1 to 256")
    refused({"listen": 5}, "configuration: 'listen' is to be a text")
    refused({"extension": 1}, "configuration: 'extension' is to be true or false")
    refused({"subsystems": {}}, "configuration: 'subsystems' is to be a list")
    refused({"subsystems": [{"name": "x"}]}, "configuration: 'name' is no member of a subsystem")
    refused({"subsystems": [{"namespaces": [{"path": "x"}]}]}, "configuration: 'path' is no member of a namespace")
    refused({"subsystems": [{"namespaces": [{"metadata": "some"}]}]}, "metadata 'some': none or extended is wanted")
    refused({"subsystems": ["a"]}, "configuration: 'a subsystem' is to be an object")
    bench.path("u.json").write_text("{")
    bench.fails("nvm_target --config u.json", r"# nvm_target: u.json: it is no JSON")
    bench.fails("nvm_target --config nowhere.json", r"# nvm_target: nowhere.json: it cannot be read")


def test_mistakes_have_sentences(bench):
    bench.misused("nvm_target --cores 1", "dev_path is required, or --config")
    bench.misused("nvm_target --colour", r"The following argument was not expected: --colour")
    bench.fails("nvm_target emu: --nqn name", r"# nvm_target: 'name' is no NQN.*")
    bench.fails("nvm_target emu: --listen here", r"# nvm_target: (here: .*|cannot listen at here.*)")
    bench.fails("nvm_target nowhere.img", r"# nvm_target: nowhere.img: .*")
    result = bench.run("nvm_target emu: --nqn name --json")
    same(result.code, 1)
    same(result.json["error"]["call"], "nvm_target")
