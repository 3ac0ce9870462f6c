"""Environments of @scope/dqn, and of your own in TypeScript or JavaScript, as environments of Gymnasium.

    from dqn_environments import DqnEnvironment
    environment = DqnEnvironment("@scope/dqn/environments#CartPole")

One file; needs gymnasium, numpy, Python 3.9 or newer, and Node. The protocol is described in docs/gymnasium-bridge.md.
"""

import json
import os
import struct
import subprocess
import threading
import time

import gymnasium
import numpy as np
from gymnasium import spaces

PROTOCOL = 1
MAGIC = b"DQNB"
HEADER = struct.Struct("<4sB3xIII")  # magic, kind, id, bytes of JSON, bytes of raw data

HELLO, MAKE, RESET, STEP, RENDER, CLOSE = 1, 2, 3, 4, 5, 6
ANSWER = 0x80
NOTE, ERROR = 0xFE, 0xFF

MAX_JSON = 16 * 2**20
MAX_RAW = 256 * 2**20
MAX_NUMBERS = 2**24  # of one space
MAX_DEPTH = 16
MAX_SEED = 2**53 - 1
CHUNK = 2**20


class DqnError(RuntimeError):
    """What went wrong on the other side or on the way there. `code` is a stable word, `trace` the stack of the other side."""

    def __init__(self, code, message="", trace=""):
        if isinstance(code, DqnError):
            # Gymnasium's AsyncVectorEnv makes the error of a worker anew, of that error alone.
            code, message, trace = code.code, code.message, code.trace
        super().__init__(f"{message}\n{trace}" if trace else message)
        self.code = code
        self.message = message
        self.trace = trace

    def __reduce__(self):
        # What it was made of, and not its text alone, goes from process to process.
        return type(self), (self.code, self.message, self.trace)


def malformed(message):
    return DqnError("worker-failed", f"the other side sent {message}; see that both are of the same version of @scope/dqn")


class Codec:
    """A space of Gymnasium and its elements as bytes."""

    __slots__ = ("decode", "encode", "size", "space")

    def __init__(self, space, size, encode, decode):
        self.space = space
        self.size = size
        self.encode = encode
        self.decode = decode


def array_codec(space, shape, wire):
    wire = np.dtype(wire)
    count = int(np.prod(shape, dtype=np.int64))

    def encode(value):
        array = np.asarray(value)
        if array.shape != shape or array.dtype.kind not in "biuf":
            raise DqnError("invalid-action", f"{value!r} is not in {space}")
        cast = array.astype(wire)
        if wire.kind != "f" and not (cast == array).all():
            raise DqnError("invalid-action", f"{value!r} is not in {space}")
        return cast.tobytes()

    def decode(buffer, start):
        return np.frombuffer(buffer, wire, count, start).astype(space.dtype).reshape(shape)

    return Codec(space, count * wire.itemsize, encode, decode)


def discrete_codec(n, start):
    space = spaces.Discrete(n, start=start)
    packed = struct.Struct("<d")

    def encode(value):
        try:
            number = int(value)
        except (TypeError, ValueError, OverflowError):
            number = None
        if number is None or number != value:
            raise DqnError("invalid-action", f"{value!r} is not in {space}")
        return packed.pack(number)

    def decode(buffer, offset):
        number = packed.unpack_from(buffer, offset)[0]
        if not (start <= number < start + n and number == int(number)):
            raise malformed(f"the observation {number} of {space}")
        return np.int64(number)

    return Codec(space, 8, encode, decode)


def whole(value, low, high):
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise malformed(f"{str(value)[:100]} for a whole number in [{low}, {high}]")
    return value


def bounds(told, shape):
    count = int(np.prod(shape, dtype=np.int64))
    numbers = told if isinstance(told, list) else [told]
    if isinstance(told, list) and len(told) != count:
        raise malformed(f"{len(told)} bounds for {count} numbers")
    for number in numbers:
        if isinstance(number, bool) or not (isinstance(number, (int, float)) or number in ("Infinity", "-Infinity")):
            raise malformed(f"the bound {str(number)[:100]}")
    array = np.array([float(number) for number in numbers], np.float64)
    return np.broadcast_to(array, (count,)).reshape(shape) if array.size == 1 else array.reshape(shape)


def codec_of(told, depth=0):
    """The space of a description, as one of Gymnasium."""
    if depth > MAX_DEPTH:
        raise malformed(f"spaces nested more than {MAX_DEPTH} deep")
    kind = told.get("kind") if isinstance(told, dict) else None
    if kind == "box":
        shape = told.get("shape")
        if not isinstance(shape, list) or len(shape) > 32:
            raise malformed(f"the shape {str(shape)[:100]}")
        count = 1
        for n in shape:
            count = whole(count * whole(n, 1, MAX_NUMBERS), 1, MAX_NUMBERS)
        shape = tuple(shape)
        dtype = {"float32": np.float32, "uint8": np.uint8}.get(told.get("dtype"))
        if dtype is None:
            raise malformed(f"a box of {str(told.get('dtype'))[:100]}")
        low, high = bounds(told.get("low"), shape), bounds(told.get("high"), shape)
        space = spaces.Box(low.astype(dtype), high.astype(dtype), shape, dtype)
        return array_codec(space, shape, "<f4" if dtype is np.float32 else "u1")
    if kind == "discrete":
        return discrete_codec(whole(told.get("n"), 1, 2**31), whole(told.get("start"), -(2**31), 2**31))
    if kind == "multiDiscrete":
        nvec = told.get("nvec")
        if not isinstance(nvec, list) or not 1 <= len(nvec) <= MAX_NUMBERS:
            raise malformed("no list of numbers of values")
        space = spaces.MultiDiscrete([whole(n, 1, 2**31) for n in nvec])
        return array_codec(space, (len(nvec),), "<i4")
    if kind == "multiBinary":
        n = whole(told.get("n"), 1, MAX_NUMBERS)
        return array_codec(spaces.MultiBinary(n), (n,), "u1")
    if kind == "tuple":
        codecs = [codec_of(part, depth + 1) for part in listed(told)]
        return parts_codec(spaces.Tuple([codec.space for codec in codecs]), range(len(codecs)), codecs, tuple)
    if kind == "dict":
        named = listed(told)
        if not all(isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str) for pair in named):
            raise malformed("no list of names and spaces")
        names = [name for name, _ in named]
        codecs = [codec_of(part, depth + 1) for _, part in named]
        space = spaces.Dict({name: codec.space for name, codec in zip(names, codecs)})
        return parts_codec(space, names, codecs, lambda values: dict(zip(names, values)))
    raise malformed(f"the description {str(told)[:100]} of a space")


def space_of(fields, name):
    try:
        return codec_of(fields.get(name))
    except (ValueError, TypeError, ArithmeticError, AssertionError) as error:
        raise malformed(f"as {name} one that Gymnasium refuses: {error}") from error


def listed(told):
    parts = told.get("spaces")
    if not isinstance(parts, list) or not parts:
        raise malformed("no list of spaces")
    return parts


def parts_codec(space, names, codecs, collect):
    size = sum(codec.size for codec in codecs)
    if size > MAX_RAW:
        raise malformed("a space that is too large")

    def encode(value):
        try:
            values = [value[name] for name in names]
        except (KeyError, IndexError, TypeError):
            raise DqnError("invalid-action", f"{value!r} is not in {space}") from None
        return b"".join(codec.encode(part) for codec, part in zip(codecs, values))

    def decode(buffer, offset):
        values = []
        for codec in codecs:
            values.append(codec.decode(buffer, offset))
            offset += codec.size
        return collect(values)

    return Codec(space, size, encode, decode)


class Bridge:
    """A Node process and the requests to it. It is ended where it does not answer in time."""

    def __init__(self, command, timeout):
        try:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        except OSError as error:
            raise DqnError("missing-package", f"{command[0]} cannot be started: {error}; install Node 20.19 or newer, or pass its path as node=…") from error
        self.timeout = timeout
        self.number = 0
        self.deadline = None
        self.late = False
        self.ended = threading.Event()
        threading.Thread(target=self.watch, daemon=True).start()

    def watch(self):
        # A read from a pipe cannot be given up by itself on every platform: whoever is late is ended, which ends the read.
        while not self.ended.wait(min(1.0, self.timeout / 4)):
            deadline = self.deadline
            if deadline is not None and time.monotonic() > deadline:
                self.late = True
                self.process.kill()
                return

    def request(self, kind, fields=None, raw=b""):
        """The fields and the raw data of the answer."""
        self.number = (self.number + 1) % 2**32
        try:
            text = json.dumps(fields, allow_nan=False, separators=(",", ":")).encode("utf-8") if fields else b""
        except (TypeError, ValueError) as error:
            raise DqnError("invalid-option", f"options must be what JSON can hold: {error}") from error
        self.deadline = time.monotonic() + self.timeout
        try:
            self.process.stdin.write(HEADER.pack(MAGIC, kind, self.number, len(text), len(raw)) + text + raw)
            self.process.stdin.flush()
            told, number, answer, data = self.read_frame()
            while told == NOTE:
                told, number, answer, data = self.read_frame()
            if number != self.number or told not in (ERROR, kind | ANSWER):
                raise malformed(f"a message of kind {told} with the id {number} for an answer to kind {kind} with the id {self.number}")
        except (OSError, EOFError, ValueError) as error:
            self.kill()
            if self.late:
                raise DqnError("worker-failed", f"Node did not answer within {self.timeout} s and was ended") from error
            raise DqnError("worker-failed", f"Node is gone, with exit code {self.process.poll()}: {error}") from error
        except BaseException:
            # After a KeyboardInterrupt too an answer is on its way that nobody waits for.
            self.kill()
            raise
        finally:
            self.deadline = None
        if told == ERROR:
            raise DqnError(str(answer.get("code")), str(answer.get("message")), str(answer.get("traceback", "")))
        return answer, data

    def read_frame(self):
        header = self.read(HEADER.size)
        magic, kind, number, json_size, raw_size = HEADER.unpack(header)
        if magic != MAGIC:
            raise malformed("bytes that are no message")
        if json_size > MAX_JSON or raw_size > MAX_RAW:
            raise malformed(f"a message of {json_size} bytes of JSON and {raw_size} raw bytes, over the limits of {MAX_JSON} and {MAX_RAW}")
        text, raw = self.read(json_size), self.read(raw_size)
        if not text:
            return kind, number, {}, raw
        try:
            fields = json.loads(text.decode("utf-8"))
        except (ValueError, RecursionError) as error:
            raise malformed(f"JSON that cannot be read ({error})") from error
        if not isinstance(fields, dict):
            raise malformed("JSON that is no object")
        return kind, number, fields, raw

    def read(self, count):
        # Nothing is allocated for bytes that have not come.
        collected = bytearray()
        while len(collected) < count:
            part = self.process.stdout.read(min(CHUNK, count - len(collected)))
            if not part:
                raise EOFError("its output ended")
            collected += part
        return bytes(collected)

    def kill(self):
        self.ended.set()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.close_streams()

    def end(self):
        """Lets Node end by itself, and ends it where it does not."""
        self.ended.set()
        self.close_streams()
        try:
            self.process.wait(2)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def close_streams(self):
        for stream in (self.process.stdin, self.process.stdout):
            try:
                stream.close()
            except OSError:
                pass


class DqnEnvironment(gymnasium.Env):
    """
    An environment that runs in Node.

    environment: "module#name", the class of an environment or a function that gives one. The module is a path from the working directory, with "./" in front, or the
        name of a package.
    kwargs: what the class or function gets, as one object.
    render_mode: "ansi" or "svg", texts both, or None.
    node: the program that runs Node 20.19 or newer. server: the path of serve-environment.js, where this file was moved away from it.
    timeout: seconds within which every call must be answered.

    Node's death or silence raises DqnError("worker-failed"); the next reset() starts it anew.
    """

    metadata = {"render_modes": ["ansi", "svg"], "render_fps": 30}

    def __init__(self, environment, kwargs=None, render_mode=None, node="node", server=None, timeout=60.0):
        if render_mode is not None and render_mode not in self.metadata["render_modes"]:
            raise DqnError("invalid-option", f"render_mode is {render_mode!r}, not one of {', '.join(self.metadata['render_modes'])}")
        self.render_mode = render_mode
        server = server or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "serve-environment.js")
        if not os.path.exists(server):
            raise DqnError("missing-package", f"there is no {server}; pass the path of dist/serve-environment.js of @scope/dqn as server=…")
        self._command = [node, server]
        self._timeout = timeout
        self._make = {"id": environment, "size": 1, "autoreset": "disabled", "kwargs": kwargs or {}}
        self._bridge = None
        self._seeded = False
        self._start()

    def _start(self):
        bridge = Bridge(self._command, self._timeout)
        try:
            hello, _ = bridge.request(HELLO, {"protocols": [PROTOCOL]})
            if hello.get("protocol") != PROTOCOL:
                raise malformed(f"version {str(hello.get('protocol'))[:100]} of the protocol instead of {PROTOCOL}")
            made, _ = bridge.request(MAKE, self._make)
            self._observations = space_of(made, "observationSpace")
            self._actions = space_of(made, "actionSpace")
        except BaseException:
            bridge.kill()
            raise
        self.observation_space = self._observations.space
        self.action_space = self._actions.space
        self._bridge = bridge
        self._seeded = False

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        if self._bridge is None:
            raise DqnError("disposed", "the environment was closed")
        if seed is not None and seed > MAX_SEED:
            raise DqnError("invalid-option", f"the seed is {seed}, more than {MAX_SEED}, which is the last one that Node can hold")
        if self._bridge.ended.is_set():
            self._start()
        if seed is None and not self._seeded:
            seed = int(self.np_random.integers(2**31))
        self._seeded = True
        fields, raw = self._bridge.request(RESET, {"seed": seed, "options": options})
        if len(raw) != self._observations.size:
            self._bridge.kill()
            raise malformed(f"{len(raw)} bytes for an observation of {self._observations.size}")
        return self._observations.decode(raw, 0), self._info(fields)

    def step(self, action):
        if self._bridge is None:
            raise DqnError("disposed", "the environment was closed")
        if self._bridge.ended.is_set():
            raise DqnError("worker-failed", "Node is gone; reset() starts it anew")
        fields, raw = self._bridge.request(STEP, None, self._actions.encode(action))
        if len(raw) != 10 + self._observations.size or max(raw[8], raw[9]) > 1:
            self._bridge.kill()
            raise malformed(f"{len(raw)} bytes for a step of {10 + self._observations.size}, or flags that are neither 0 nor 1")
        reward = struct.unpack_from("<d", raw)[0]
        return self._observations.decode(raw, 10), reward, raw[8] == 1, raw[9] == 1, self._info(fields)

    def _info(self, fields):
        rows = fields.get("infos")
        info = rows[0] if isinstance(rows, list) and len(rows) == 1 and isinstance(rows[0], dict) else {}
        masks = fields.get("masks")
        if isinstance(masks, list) and len(masks) == 1 and isinstance(masks[0], list):
            if not all(bit in (0, 1) for bit in masks[0]):
                raise malformed("an action mask that is neither 0 nor 1")
            info["action_mask"] = np.array(masks[0], np.int8)
        return info

    def render(self):
        if self.render_mode is None:
            return None
        if self._bridge is None:
            raise DqnError("disposed", "the environment was closed")
        fields, _ = self._bridge.request(RENDER, {"index": 0, "mode": self.render_mode})
        return str(fields.get("text"))

    def close(self):
        bridge, self._bridge = self._bridge, None
        if bridge is None or bridge.ended.is_set():
            return
        try:
            bridge.request(CLOSE)
        finally:
            bridge.end()

    def __del__(self):
        # An environment that nobody closed leaves no process behind.
        bridge = getattr(self, "_bridge", None)
        if bridge is not None and not bridge.ended.is_set():
            bridge.kill()
