"""Feeds streams of bytes to one of the two Python sides of the bridge, and prints for each how it ended. The memory is limited: nothing may be allocated for bytes that never come."""

import base64
import io
import json
import os
import sys
import threading

import gymnasium  # noqa: F401
import numpy  # noqa: F401

options = json.loads(sys.stdin.readline())
sys.path.insert(0, options["folder"])
import dqn_environments  # noqa: E402
import dqn_gymnasium  # noqa: E402


def limit_memory(more):
    try:
        import resource

        with open("/proc/self/status") as status:
            now = next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmSize"))
        resource.setrlimit(resource.RLIMIT_AS, (now + more, now + more))
    except (ImportError, OSError):
        pass  # not on Linux


def reader_of(stream):
    """What a child process reads: a pipe, unlike memory, gets room for as many bytes as are asked of it."""
    if len(stream) > 32_768:
        return io.BytesIO(stream)  # more than a pipe is sure to hold
    reader, writer = os.pipe()
    os.write(writer, stream)
    os.close(writer)
    return os.fdopen(reader, "rb")


def serve(stream):
    out = io.BytesIO()
    server = dqn_gymnasium.Server(reader_of(stream), out)
    try:
        server.run()
        end, reason = "end", ""
    except dqn_gymnasium.Malformed as error:
        end, reason = "malformed", str(error)
    out.seek(0)
    answers = 0
    while dqn_gymnasium.read_frame(out) is not None:
        answers += 1
    return [end, answers, reason]


class Process:
    def __init__(self, stream):
        self.stdin = io.BytesIO()
        self.stdout = reader_of(stream)

    def poll(self):
        return 0

    def wait(self, _timeout=None):
        return 0


def use(stream):
    bridge = dqn_environments.Bridge.__new__(dqn_environments.Bridge)
    bridge.process = Process(stream)
    bridge.timeout, bridge.number, bridge.deadline, bridge.late, bridge.ended = 60, 0, None, False, threading.Event()
    real, dqn_environments.Bridge = dqn_environments.Bridge, lambda _command, _timeout: bridge
    calls = 0
    try:
        environment = dqn_environments.DqnEnvironment("x", server=__file__)
        calls = 1
        environment.reset(seed=1)
        calls = 2
        for _ in range(3):
            environment.step(environment._actions.decode(bytes(environment._actions.size), 0))
            calls += 1
        return ["end", calls, ""]
    except dqn_environments.DqnError as error:
        return [error.code, calls, str(error)]
    finally:
        dqn_environments.Bridge = real


limit_memory(128 * 2**20)
for line in sys.stdin:
    side, text = json.loads(line)
    try:
        told = (serve if side == "server" else use)(base64.b64decode(text))
    except BaseException as error:
        import traceback

        told = ["crash", traceback.format_exc()[-2000:]]
    print(json.dumps(told), flush=True)
