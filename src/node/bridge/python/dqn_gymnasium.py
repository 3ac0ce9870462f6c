"""Serves Gymnasium's environments to @scope/dqn over its standard streams.

Started by `gymnasium()` of `@scope/dqn/node`; needs gymnasium, numpy and Python 3.9 or newer. The protocol is described in docs/gymnasium-bridge.md.
"""

import contextlib
import importlib
import inspect
import itertools
import json
import os
import platform
import re
import signal
import struct
import sys
import threading
import time
import traceback
import warnings

PROTOCOL = 1
MAGIC = b"DQNB"
HEADER = struct.Struct("<4sB3xIII")  # magic, kind, id, bytes of JSON, bytes of raw data

HELLO, MAKE, RESET, STEP, RENDER, CLOSE = 1, 2, 3, 4, 5, 6
ANSWER = 0x80
NOTE, ERROR = 0xFE, 0xFF

MAX_JSON = 16 * 2**20
MAX_RAW = 256 * 2**20
MAX_ENVIRONMENTS = 4096
MAX_NUMBERS = 2**24  # of one space
MAX_DEPTH = 16
MAX_ENTRIES = 1_000  # of an info, and of each part of one
CHUNK = 2**20

# Packages that register a namespace of environments when they are imported.
NAMESPACES = {"ALE": "ale_py"}

np = None
gym = None
WRITING = threading.Lock()  # warnings may come from other threads


class Refusal(Exception):
    """What is wrong with a request, with the code of the error that it becomes."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class WorkerError(Exception):
    """An error of an environment in another process, told in place of the one that brought it here."""

    def __init__(self, kind, message, lines):
        super().__init__(message)
        self.kind = kind
        self.lines = lines


class Malformed(Exception):
    """Bytes that are no message: what follows them cannot be read either."""


# --- Frames ---------------------------------------------------------------------------------------------------------


def read_exactly(stream, count):
    """`count` bytes, or None where the stream ends before the first. Nothing is allocated for bytes that have not come."""
    if count <= CHUNK:
        parts = stream.read(count)
    else:
        collected = bytearray()
        while len(collected) < count:
            part = stream.read(min(CHUNK, count - len(collected)))
            if not part:
                break
            collected += part
        parts = bytes(collected)
    if len(parts) == count:
        return parts
    if parts:
        raise Malformed(f"the stream ended after {len(parts)} of {count} bytes")
    return None


def read_frame(stream):
    """The next message as (kind, id, object, raw bytes), or None at the end of the stream."""
    header = read_exactly(stream, HEADER.size)
    if header is None:
        return None
    magic, kind, number, json_size, raw_size = HEADER.unpack(header)
    if magic != MAGIC:
        raise Malformed(f"a message begins with {MAGIC!r}, not with {magic!r}")
    if json_size > MAX_JSON or raw_size > MAX_RAW:
        raise Malformed(f"a message of {json_size} bytes of JSON and {raw_size} raw bytes is over the limits of {MAX_JSON} and {MAX_RAW}")
    text = read_exactly(stream, json_size)
    raw = read_exactly(stream, raw_size)
    if text is None or raw is None:
        raise Malformed("the stream ended within a message")
    if not text:
        return kind, number, {}, raw
    try:
        fields = json.loads(text.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise Malformed(f"the JSON of a message cannot be read: {error}") from error
    if not isinstance(fields, dict):
        raise Malformed("the JSON of a message is no object")
    return kind, number, fields, raw


def write_frame(stream, kind, number, fields=None, raw=b""):
    text = json.dumps(fields, allow_nan=False, separators=(",", ":")).encode("utf-8") if fields else b""
    if len(text) > MAX_JSON or len(raw) > MAX_RAW:
        raise Refusal("environment-failed", f"an answer of {len(text)} bytes of JSON and {len(raw)} raw bytes is over the limits of {MAX_JSON} and {MAX_RAW}")
    with WRITING:
        stream.write(HEADER.pack(MAGIC, kind, number, len(text), len(raw)) + text + raw)
        stream.flush()


# --- Spaces ---------------------------------------------------------------------------------------------------------


class Codec:
    """A space: its description for the other side, and its elements as bytes. `size` is the number of these."""

    __slots__ = ("decode", "description", "encode", "numbers", "size")

    def __init__(self, description, size, numbers, encode, decode):
        self.description = description
        self.size = size
        self.numbers = numbers
        self.encode = encode
        self.decode = decode


def mismatch(space, value):
    got = f"dtype {value.dtype} and shape {value.shape}" if isinstance(value, np.ndarray) else f"{type(value).__name__} {str(value)[:100]}"
    return Refusal("invalid-observation", f"the environment gave {got} where its space is {str(space)[:200]}")


def bound(array):
    """Bounds for JSON, which has no infinity: one number where all are equal."""
    values = array.reshape(-1)
    if values.size > 1 and not (values == values[0]).all():
        return [plain_number(float(value)) for value in values]
    return plain_number(float(values[0]))


def plain_number(value):
    if value == value and value not in (float("inf"), float("-inf")):
        return value
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"


def array_codec(space, description, shape, wire, cast, offset=None):
    """Elements that are arrays; on the way they are of `wire`, less `offset`. `cast` makes them of the dtype of the space."""
    wire = np.dtype(wire)
    count = int(np.prod(shape, dtype=np.int64)) if shape else 1
    size = count * wire.itemsize

    def encode(value):
        array = value if isinstance(value, np.ndarray) else np.asarray(value)
        if array.dtype == wire and array.shape == shape and offset is None:
            return array.tobytes()
        if array.shape != shape or array.dtype.kind not in "biuf":
            raise mismatch(space, value)
        if offset is not None:
            array = array - offset
        sent = array.astype(wire)
        # Only floating-point numbers may lose digits on the way.
        if wire.kind != "f" and not (sent == array).all():
            raise mismatch(space, value)
        return sent.tobytes()

    def decode(buffer, start):
        array = cast(np.frombuffer(buffer, wire, count, start).reshape(shape))
        return array if offset is None else cast(array + offset)

    return Codec(description, size, count, encode, decode)


def caster(dtype):
    return lambda array: array.astype(dtype)


def box_caster(space, dtype):
    """Float32 numbers may lie beyond bounds of another dtype that they are rounded from: what they become lies within."""
    if dtype in (np.float32, np.uint8):
        return caster(dtype)
    low, high = space.low.astype(np.float64), space.high.astype(np.float64)
    if dtype.kind not in "iu":
        return lambda array: np.clip(array.astype(np.float64), low, high).astype(dtype)
    # Bounds of 64 bits are rounded too, the largest to one that would overflow.
    largest = np.iinfo(dtype).max
    high = np.minimum(high, float(largest) if float(largest) <= largest else np.nextafter(float(largest), 0))
    return lambda array: np.clip(np.clip(array.astype(np.float64), low, high).astype(dtype), space.low, space.high)


def box_codec(space):
    shape = tuple(int(n) for n in space.shape)
    if any(n < 1 for n in shape):
        raise Refusal("invalid-space", f"{space} has a dimension of size 0, and no numbers")
    # Sizes first: bounds of a space that is too large are not looked at.
    numbers = 1
    for n in shape:
        numbers *= n
    check_numbers(space, numbers)
    dtype = np.dtype(space.dtype)
    if dtype.kind not in "biuf":
        raise Refusal("invalid-space", f"{space} holds {dtype}; numbers are needed")
    is_bytes = dtype == np.uint8
    description = {
        "kind": "box",
        "dtype": "uint8" if is_bytes else "float32",
        "shape": list(shape) or [1],
        "low": bound(space.low),
        "high": bound(space.high),
    }
    return array_codec(space, description, shape, "u1" if is_bytes else "<f4", box_caster(space, dtype))


def discrete_codec(space):
    start = int(getattr(space, "start", 0))
    n = int(space.n)
    own = np.dtype(space.dtype).type
    packed = struct.Struct("<d")

    def encode(value):
        try:
            number = int(value)
        except (TypeError, ValueError):
            raise mismatch(space, value) from None
        if number != value:
            raise mismatch(space, value)
        return packed.pack(number)

    def decode(buffer, offset):
        number = packed.unpack_from(buffer, offset)[0]
        if not (start <= number < start + n and number == int(number)):
            raise Refusal("invalid-action", f"{number} is not in {space}")
        return own(number)

    return Codec({"kind": "discrete", "n": n, "start": start}, 8, 1, encode, decode)


def multi_discrete_codec(space):
    shape = tuple(int(n) for n in space.nvec.shape)
    start = np.asarray(getattr(space, "start", np.zeros_like(space.nvec)))
    check_numbers(space, space.nvec.size)
    description = {"kind": "multiDiscrete", "nvec": [int(n) for n in space.nvec.reshape(-1)]}
    return array_codec(space, description, shape, "<i4", caster(space.dtype), start if start.any() else None)


def multi_binary_codec(space):
    shape = tuple(int(n) for n in space.shape)
    numbers = int(np.prod(shape, dtype=np.int64))
    check_numbers(space, numbers)
    return array_codec(space, {"kind": "multiBinary", "n": numbers}, shape, "u1", caster(space.dtype))


def check_numbers(space, numbers):
    if not 1 <= numbers <= MAX_NUMBERS:
        raise Refusal("invalid-space", f"{str(space)[:200]} has {numbers} numbers; 1 to {MAX_NUMBERS} can be sent")


def parts_codec(space, names, parts, depth, collect, take):
    """Elements of several parts: `take(value, name)` gives one, `collect` makes an element of their list."""
    if not parts:
        raise Refusal("invalid-space", f"{space} has no parts")
    codecs = [codec_of(part, depth + 1) for part in parts]
    numbers = sum(codec.numbers for codec in codecs)
    check_numbers(space, numbers)

    def encode(value):
        try:
            values = [take(value, name) for name in names]
        except (KeyError, IndexError, TypeError):
            raise mismatch(space, value) from None
        return b"".join(codec.encode(part) for codec, part in zip(codecs, values))

    def decode(buffer, offset):
        values = []
        for codec in codecs:
            values.append(codec.decode(buffer, offset))
            offset += codec.size
        return collect(values)

    return codecs, sum(codec.size for codec in codecs), numbers, encode, decode


def codec_of(space, depth=0):
    """How elements of one of Gymnasium's spaces are sent; refuses spaces that have no counterpart."""
    spaces = gym.spaces
    if depth > MAX_DEPTH:
        raise Refusal("invalid-space", f"a space is nested more than {MAX_DEPTH} deep")
    if isinstance(space, spaces.Box):
        return box_codec(space)
    if isinstance(space, spaces.Discrete):
        return discrete_codec(space)
    if isinstance(space, spaces.MultiDiscrete):
        return multi_discrete_codec(space)
    if isinstance(space, spaces.MultiBinary):
        return multi_binary_codec(space)
    if isinstance(space, spaces.Tuple):
        names = range(len(space.spaces))
        codecs, *rest = parts_codec(space, names, list(space.spaces), depth, tuple, lambda value, i: value[i])
        return Codec({"kind": "tuple", "spaces": [codec.description for codec in codecs]}, *rest)
    if isinstance(space, spaces.Dict):
        names = list(space.spaces)
        if not all(isinstance(name, str) for name in names):
            raise Refusal("invalid-space", f"{str(space)[:200]} has keys that are no texts")
        codecs, *rest = parts_codec(
            space, names, list(space.spaces.values()), depth, lambda values: dict(zip(names, values)), lambda value, name: value[name]
        )
        return Codec({"kind": "dict", "spaces": [[name, codec.description] for name, codec in zip(names, codecs)]}, *rest)
    raise Refusal(
        "invalid-space",
        f"{type(space).__name__} spaces have no fixed number of numbers for a network, or are not known: {str(space)[:200]}; wrap the environment in one of "
        "gymnasium.wrappers.TransformObservation or TransformAction that gives a Box, Discrete, MultiDiscrete, MultiBinary, Tuple or Dict",
    )


# --- Infos ----------------------------------------------------------------------------------------------------------


def plain_info(info):
    """The entries of an info as JSON has them, of a large one the first and how many more there are."""
    told = {str(key): plain(part, 1) for key, part in itertools.islice(info.items(), MAX_ENTRIES)}
    if len(info) > MAX_ENTRIES:
        told["…"] = f"{len(info) - MAX_ENTRIES} more entries"
    return told


def plain(value, depth):
    """A value of an info as JSON has it; what is large, deep or of another kind becomes a short text."""
    if value is None or isinstance(value, (bool, str)):
        return value if not isinstance(value, str) or len(value) <= 10_000 else value[:10_000] + "…"
    if isinstance(value, int):
        return value if abs(value) < 2**53 else str(value)[:100]
    if isinstance(value, float):
        return plain_number(value)
    if isinstance(value, np.generic):
        return plain(value.item(), depth + 1) if depth < MAX_DEPTH else str(value)[:200]
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf" and value.size <= MAX_ENTRIES:
        return plain(value.tolist(), depth)
    if depth < 8 and isinstance(value, dict) and len(value) <= MAX_ENTRIES:
        return {str(key): plain(part, depth + 1) for key, part in value.items()}
    if depth < 8 and isinstance(value, (list, tuple)) and len(value) <= MAX_ENTRIES:
        return [plain(part, depth + 1) for part in value]
    if isinstance(value, np.ndarray):
        return f"an array of dtype {value.dtype} and shape {value.shape}"
    return repr(value)[:200]


# --- Environments ---------------------------------------------------------------------------------------------------

UNTOUCHED, RUNNING, ENDED = 0, 1, 2
REWARD = struct.Struct("<d")


class Environments:
    """
    What both ways to step environments share: when a reset is due, and what each environment gave last.

    `sent(observation, info)` gives what goes over of these: bytes, JSON and the mask of actions.
    """

    def __init__(self, size, autoreset):
        self.size = size
        self.autoreset = autoreset
        self.status = [UNTOUCHED] * size
        self.latest = [None] * size  # as `sent` gave it
        # From the begin of a call to its answer, and for good where none goes over: an end that nobody was told of asks for a reset.
        self.failed = False
        self.current = None

    def begin_reset(self, mask):
        if mask is not None and (self.failed or any(not chosen and one == UNTOUCHED for chosen, one in zip(mask, self.status))):
            raise Refusal("not-reset", "reset all environments before some of them, and after a failure")
        self.failed = True

    def begin_step(self):
        if self.failed or UNTOUCHED in self.status:
            raise Refusal("not-reset", "reset the environments before the first step and after a failure")
        if self.autoreset == "disabled" and ENDED in self.status:
            ended = [str(i) for i, one in enumerate(self.status) if one == ENDED]
            raise Refusal("not-reset", f"the episodes of environments {', '.join(ended)} have ended and wait for a reset")
        self.failed = True

    def left_alone(self, i):
        """What a reset gives of an environment that its mask spares: all but the info."""
        observation, _, mask = self.latest[i]
        return observation, None, mask


class Each(Environments):
    """Environments stepped one after the other."""

    def __init__(self, make, size, autoreset):
        super().__init__(size, autoreset)
        self.environments = []
        try:
            for i in range(size):
                self.environments.append(make(i))
        except BaseException:
            with contextlib.suppress(Exception):
                self.close()
            raise
        first = self.environments[0]
        self.observation_space = first.observation_space
        self.action_space = first.action_space

    def reset(self, seed, options, mask, sent):
        told = []
        for i, environment in enumerate(self.environments):
            if mask is not None and not mask[i]:
                told.append(self.left_alone(i))
                continue
            self.current = i
            own = None if seed is None else seed + i
            # Each its own copy: some environments take entries out.
            observation, info = environment.reset(seed=own, options=None if options is None else dict(options))
            self.latest[i] = sent(observation, info)
            self.status[i] = RUNNING
            told.append(self.latest[i])
        self.current = None
        return told

    def step(self, actions, sent):
        size, status, latest = self.size, self.status, self.latest
        rewards, terminated, truncated = bytearray(REWARD.size * size), bytearray(size), bytearray(size)
        finals = []
        same_step = self.autoreset == "same-step"
        for i, environment in enumerate(self.environments):
            self.current = i
            if status[i] == ENDED:
                observation, info = environment.reset()
                status[i] = RUNNING
            else:
                observation, reward, ends, cut, info = environment.step(actions[i])
                REWARD.pack_into(rewards, REWARD.size * i, reward)
                if ends or cut:
                    terminated[i] = bool(ends)
                    truncated[i] = bool(cut)
                    if same_step:
                        # Before the reset: some environments write into the same array and the same info each time.
                        finals.append(sent(observation, info))
                        observation, info = environment.reset()
                    else:
                        status[i] = ENDED
            latest[i] = sent(observation, info)
        self.current = None
        return rewards, terminated, truncated, latest, finals

    def render(self, index):
        return self.environments[index].render()

    def close(self):
        """Closes all, even where some raise, and then raises the first error."""
        first = None
        for environment in self.environments:
            try:
                environment.close()
            except BaseException as error:
                first = error if first is None else first
        if first is not None:
            raise first


class Vectorized(Environments):
    """A vector environment of Gymnasium (1.1 or newer): AsyncVectorEnv, whose environments are in processes of their own, or the one that an id brings along."""

    def __init__(self, make, autoreset, in_processes):
        self.make = make
        self.vector = make()
        super().__init__(self.vector.num_envs, self.mode(autoreset))
        self.observation_space = self.vector.single_observation_space
        self.action_space = self.vector.single_action_space
        self.iterate = gym.vector.utils.iterate
        self.in_processes = in_processes
        self.broken = False
        self.seed = 0
        self.renewals = 0

    def mode(self, wanted):
        mode = (self.vector.metadata or {}).get("autoreset_mode")
        names = {"NextStep": "next-step", "SameStep": "same-step", "Disabled": "disabled"}
        told = names.get(getattr(mode, "value", mode))
        if told != wanted:
            raise Refusal(
                "invalid-option",
                f"{self.vector} resets itself as {told or mode!r} and cannot do so as {wanted!r}; pass autoreset: {told!r}, or leave vectorization out",
            )
        return told

    def call(self, name, *arguments, **keywords):
        try:
            return getattr(self.vector, name)(*arguments, **keywords)
        except BaseException as error:
            # Gymnasium has shut down a worker that failed, and cannot go on without it.
            self.failed = self.broken = self.in_processes
            told = getattr(error.args[0] if error.args else None, "told", None)
            if told is None:
                raise
            self.current, *rest = told
            raise WorkerError(*rest) from error

    def reset(self, seed, options, mask, sent):
        chosen = range(self.size) if mask is None else {i for i in range(self.size) if mask[i]}
        if self.broken:
            seed = self.renew(seed)
        if seed is not None:
            self.seed = seed
        # Gymnasium refuses a mask of zeros alone.
        if chosen:
            options = None if options is None else dict(options)
            if mask is not None:
                options = {**(options or {}), "reset_mask": np.frombuffer(mask, np.uint8).astype(np.bool_)}
            observations, info = self.call("reset", seed=seed, options=options)
            self.keep(observations, info, chosen, sent)
        for i in chosen:
            self.status[i] = RUNNING
        return [self.latest[i] if i in chosen else self.left_alone(i) for i in range(self.size)]

    def step(self, actions, sent):
        empty = gym.vector.utils.create_empty_array(self.action_space, self.size)
        batch = gym.vector.utils.concatenate(self.action_space, actions, empty)
        observations, rewards, terminated, truncated, info = self.call("step", batch)
        ended = np.logical_or(terminated, truncated)
        finals = []
        if self.autoreset == "same-step" and ended.any():
            final_observations = info.pop("final_obs")
            info.pop("_final_obs", None)
            told = info.pop("final_info", {})
            info.pop("_final_info", None)
            rows = self.split(told) if isinstance(told, dict) else list(told)
            # Some keep them as one batch, some as an array of single ones.
            if not (isinstance(final_observations, np.ndarray) and final_observations.dtype == object):
                final_observations = list(self.iterate(self.vector.observation_space, final_observations))
            for i in np.flatnonzero(ended):
                self.current = int(i)
                finals.append(sent(final_observations[i], rows[i]))
        elif self.autoreset == "disabled":
            self.status = [ENDED if one else RUNNING for one in ended]
        self.keep(observations, info, range(self.size), sent)
        flags = [bytes(np.asarray(one, np.uint8)) for one in (terminated, truncated)]
        return np.asarray(rewards, "<f8").tobytes(), *flags, self.latest, finals

    def keep(self, observations, info, chosen, sent):
        infos = self.split(info)
        for i, observation in enumerate(self.iterate(self.vector.observation_space, observations)):
            if i in chosen:
                self.current = i
                self.latest[i] = sent(observation, infos[i])
        self.current = None

    def renew(self, seed):
        """Makes the vector anew. Gives the seed of its first reset: other episodes than before, but the same in every run."""
        self.end_workers()
        self.vector = self.make()
        self.broken = False
        self.renewals += 1
        return int(np.random.SeedSequence([self.seed, self.renewals]).generate_state(1)[0]) if seed is None else seed

    def end_workers(self):
        # What close() of the vector waits for may never come.
        for process in self.vector.processes:
            process.kill()
        for process in self.vector.processes:
            process.join()
        self.vector.closed = True

    def split(self, info):
        """The info of each environment from one of all: Gymnasium marks by `_name` which of them have `name`."""
        rows = [{} for _ in range(self.size)]
        for name, values in info.items():
            if name.startswith("_") and name[1:] in info:
                continue
            marks = info.get("_" + name)
            parts = self.split(values) if isinstance(values, dict) else values
            if not hasattr(parts, "__len__") or len(parts) != self.size:
                continue
            for i in range(self.size):
                if marks is None or marks[i]:
                    rows[i][name] = parts[i]
        return rows

    def render(self, index):
        return self.call("render")[index]

    def close(self):
        if self.broken:
            self.end_workers()
        else:
            self.vector.close()


def traced(environment, index):
    """
    An environment in a worker, whose errors carry what is told of them: Gymnasium keeps the type and the text of an error alone, and waits for ever for one that cannot be
    pickled.
    """

    def attempt(call, *arguments, **keywords):
        try:
            return call(*arguments, **keywords)
        except BaseException as error:
            kind = type(error).__name__
            failure = RuntimeError(f"{kind}: {error}")
            failure.told = (index, kind, str(error), traceback.format_exc())
            raise failure from error

    class Traced(gym.Wrapper):
        def reset(self, *, seed=None, options=None):
            return attempt(self.env.reset, seed=seed, options=options)

        def step(self, action):
            return attempt(self.env.step, action)

        def render(self):
            return attempt(self.env.render)

    return Traced(environment)


def import_namespace(name):
    """Imports the package that registers the id, where that is known."""
    namespace = name.split("/", 1)[0] if "/" in name and ":" not in name else None
    package = NAMESPACES.get(namespace)
    if package is None:
        return
    try:
        module = importlib.import_module(package)
    except ImportError as error:
        pip = package.replace("_", "-")
        raise Refusal("missing-package", f"{name} is registered by {package}, which cannot be imported: {error}; install it with: {sys.executable} -m pip install {pip}") from error
    if hasattr(gym, "register_envs"):
        gym.register_envs(module)


def make(fields):
    name = text_of(fields, "id")
    size = whole(fields, "size", 1, MAX_ENVIRONMENTS)
    autoreset = one_of(fields, "autoreset", ("same-step", "next-step", "disabled"))
    vectorization = one_of(fields, "vectorization", ("each", "async", "native"))
    keywords = fields.get("kwargs", {})
    if not isinstance(keywords, dict):
        raise Refusal("invalid-option", "kwargs is no object")
    if fields.get("render"):
        keywords = {**keywords, "render_mode": "rgb_array"}
    import_namespace(name)

    def single(index):
        # The checker's warnings are of all of them alike.
        quiet = {"disable_env_checker": True} if index > 0 else {}
        return gym.make(name, **{**quiet, **keywords})

    try:
        if vectorization == "each":
            return Each(single, size, autoreset)
        mode = mode_of(autoreset)
        if vectorization == "async":
            return Vectorized(lambda: make_async(name, single, size, mode), autoreset, True)
        return Vectorized(lambda: make_native(name, size, mode, keywords), autoreset, False)
    except gym.error.DependencyNotInstalled as error:
        raise Refusal("missing-package", str(error)) from error
    except ModuleNotFoundError as error:
        raise Refusal("missing-package", f"{name} cannot be made: {error}") from error
    except gym.error.Error as error:
        told = str(error).rstrip(".")
        raise Refusal("invalid-option", f"{told}; gymnasium.registry lists the ids there are, and 'module:id' imports the module that registers one") from error


def mode_of(autoreset):
    modes = getattr(gym.vector, "AutoresetMode", None)
    if modes is None:
        raise Refusal("invalid-option", f"gymnasium {gym.__version__} has no modes of resetting; vectorization needs 1.1 or newer")
    return {"same-step": modes.SAME_STEP, "next-step": modes.NEXT_STEP, "disabled": modes.DISABLED}[autoreset]


def make_async(name, single, size, mode):
    def factory(index):
        def build():
            # In a worker that is no fork of this process nothing is imported yet.
            import_namespace(name)
            return traced(single(index), index)

        return build

    return gym.vector.AsyncVectorEnv([factory(i) for i in range(size)], autoreset_mode=mode)


def make_native(name, size, mode, keywords):
    module, _, plain_name = name.rpartition(":")
    if module:
        importlib.import_module(module)
    entry = gym.spec(plain_name).vector_entry_point
    if entry is None:
        raise Refusal("invalid-option", f"{name} brings no vector environment of its own; use vectorization 'each' or 'async'")
    if isinstance(entry, str):
        module, _, attribute = entry.partition(":")
        entry = getattr(importlib.import_module(module), attribute)
    if "autoreset_mode" in inspect.signature(entry).parameters:
        keywords = {**keywords, "autoreset_mode": mode}
    return gym.make_vec(name, size, "vector_entry_point", **keywords)


def text_of(fields, name):
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise Refusal("invalid-option", f"{name} is {str(value)[:100]!r}, not a text")
    return value


def whole(fields, name, low, high):
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise Refusal("invalid-option", f"{name} is {str(value)[:100]}, not a whole number in [{low}, {high}]")
    return value


def one_of(fields, name, values):
    value = fields.get(name)
    if value not in values:
        raise Refusal("invalid-option", f"{name} is {str(value)[:100]!r}, not one of {', '.join(values)}")
    return value


# --- The server -----------------------------------------------------------------------------------------------------


class Server:
    def __init__(self, reader, writer):
        self.reader = reader
        self.writer = writer
        self.greeted = False
        self.environments = None
        self.observations = None
        self.actions = None
        self.handlers = {HELLO: self.hello, MAKE: self.make, RESET: self.reset, STEP: self.step, RENDER: self.render, CLOSE: self.close}

    def run(self):
        while True:
            frame = read_frame(self.reader)
            if frame is None:
                return
            kind, number, fields, raw = frame
            try:
                handler = self.handlers.get(kind)
                if handler is None:
                    raise Malformed(f"messages of kind {kind} are not known")
                if not self.greeted and kind != HELLO:
                    raise Malformed(f"the first message is a greeting, not one of kind {kind}")
                if self.environments is None and kind in (RESET, STEP, RENDER):
                    raise Malformed(f"a message of kind {kind} came before the environments were made")
                fields, raw = handler(fields, raw)
                write_frame(self.writer, kind | ANSWER, number, fields, raw)
                if kind in (RESET, STEP):
                    self.environments.failed = False
            except Malformed as error:
                self.tell(number, error)
                raise
            except BaseException as error:  # an environment may even call sys.exit()
                self.tell(number, error)
            if kind == CLOSE:
                return

    def tell(self, number, error):
        code = error.code if isinstance(error, Refusal) else "worker-failed" if isinstance(error, Malformed) else "environment-failed"
        if isinstance(error, WorkerError):
            kind, lines = error.kind, error.lines
        else:
            kind, lines = type(error).__name__, "".join(traceback.format_exception(type(error), error, error.__traceback__))
        fields = {}
        if self.environments is not None and self.environments.current is not None:
            fields["environment"], self.environments.current = self.environments.current, None
        fields |= {"code": code, "type": kind, "message": without_colors(str(error))[:10_000], "traceback": lines[-100_000:]}
        write_frame(self.writer, ERROR, number, fields)

    def hello(self, fields, _raw):
        offered = fields.get("protocols")
        if not isinstance(offered, list) or PROTOCOL not in offered:
            raise Malformed(f"the other side speaks versions {str(offered)[:100]} of the protocol, this one {PROTOCOL}")
        load_packages()
        self.greeted = True
        return {
            "protocol": PROTOCOL,
            "server": "dqn_gymnasium",
            "versions": {"python": platform.python_version(), "gymnasium": gym.__version__, "numpy": np.__version__},
        }, b""

    def make(self, fields, _raw):
        if self.environments is not None:
            raise Malformed("the environments are made already")
        environments = make(fields)
        try:
            observations = codec_of(environments.observation_space)
            actions = codec_of(environments.action_space)
            needed = environments.size * (10 + 2 * observations.size)
            if max(needed, environments.size * actions.size) > MAX_RAW:
                raise Refusal("invalid-option", f"{environments.size} observations of {observations.size} bytes and as many last ones are more than the {MAX_RAW} bytes of a message")
        except BaseException:
            with contextlib.suppress(Exception):
                environments.close()
            raise
        self.environments, self.observations, self.actions = environments, observations, actions
        action_space = environments.action_space
        self.mask_size = int(action_space.n) if isinstance(action_space, gym.spaces.Discrete) else 0
        return {
            "size": environments.size,
            "autoreset": environments.autoreset,
            "observationSpace": observations.description,
            "actionSpace": actions.description,
        }, b""

    def reset(self, fields, raw):
        size = self.environments.size
        seed = whole(fields, "seed", 0, 2**53) if fields.get("seed") is not None else None
        options = fields.get("options")
        if options is not None and not isinstance(options, dict):
            raise Refusal("invalid-option", "options is no object")
        if raw and (len(raw) != size or any(byte > 1 for byte in raw)):
            raise Malformed(f"a mask of {len(raw)} bytes for {size} environments, or one with other numbers than 0 and 1")
        mask = raw or None
        self.environments.begin_reset(mask)
        told = self.environments.reset(seed, options, mask, self.sent)
        return self.diagnostics(told), b"".join([observation for observation, _, _ in told])

    def step(self, _fields, raw):
        environments, actions = self.environments, self.actions
        size, width = environments.size, actions.size
        if len(raw) != size * width:
            raise Malformed(f"actions of {len(raw)} bytes where {size} of {width} bytes are due")
        chosen = [actions.decode(raw, i * width) for i in range(size)]
        environments.begin_step()
        rewards, terminated, truncated, told, finals = environments.step(chosen, self.sent)
        parts = [rewards, terminated, truncated, *[observation for observation, _, _ in told], *[observation for observation, _, _ in finals]]
        return self.diagnostics(told, finals), b"".join(parts)

    def sent(self, observation, info):
        """What an environment gave, as it goes over: the bytes of the observation, the info as JSON and the mask of actions, where there are any."""
        encoded = self.observations.encode(observation)
        if not info:
            return encoded, None, None
        info = dict(info)
        return encoded, plain_info(info), self.mask(info)

    def diagnostics(self, told, finals=()):
        """Infos and action masks, where there are any."""
        fields = {}
        for info_name, mask_name, rows in (("infos", "masks", told), ("finalInfos", "finalMasks", finals)):
            infos, masks = [info for _, info, _ in rows], [mask for _, _, mask in rows]
            if any(infos):
                fields[info_name] = infos
            if any(mask is not None for mask in masks):
                fields[mask_name] = masks
        return fields

    def mask(self, info):
        """What Gymnasium's environments tell as info["action_mask"]: which actions are possible."""
        told = info.get("action_mask")
        if told is None or self.mask_size == 0:
            return None
        mask = np.asarray(told).reshape(-1)
        if mask.size != self.mask_size or mask.dtype.kind not in "biuf":
            return None
        return [int(bool(one)) for one in mask]

    def render(self, fields, _raw):
        index = whole(fields, "index", 0, self.environments.size - 1)
        frame = np.asarray(self.environments.render(index))
        if frame.ndim != 3 or frame.shape[2] != 3 or frame.dtype != np.uint8:
            raise Refusal("environment-failed", f"render() gave dtype {frame.dtype} and shape {frame.shape}, not uint8 and [height, width, 3]; make the environments with render: true")
        return {"width": frame.shape[1], "height": frame.shape[0]}, frame.tobytes()

    def close(self, _fields, _raw):
        environments, self.environments = self.environments, None
        if environments is not None:
            environments.close()
        return {}, b""

    def warn(self, message, category, filename, lineno, _file=None, _line=None):
        fields = {"type": category.__name__, "message": without_colors(str(message))[:10_000], "where": f"{filename}:{lineno}"}
        write_frame(self.writer, NOTE, 0, fields)


def without_colors(text):
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def load_packages():
    global gym, np
    for name in ("numpy", "gymnasium"):
        try:
            module = importlib.import_module(name)
        except ImportError as error:
            raise Refusal(
                "missing-package",
                f"{sys.executable} (Python {platform.python_version()}) cannot import {name}: {error}; install it with: {sys.executable} -m pip install gymnasium",
            ) from error
        if name == "numpy":
            np = module
        else:
            gym = module


def take_standard_streams():
    """The protocol's streams. What else reads standard input finds its end, and what is printed goes to standard error."""
    if os.name == "nt":
        import msvcrt

        msvcrt.setmode(0, os.O_BINARY)
        msvcrt.setmode(1, os.O_BINARY)
    reader = os.fdopen(os.dup(0), "rb", 2**16)
    writer = os.fdopen(os.dup(1), "wb", 2**16)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return reader, writer


def leads_group():
    """Whether this process was started as the first of a group: all others of it were then started by environments, the workers of a vector among them."""
    return hasattr(os, "getpgrp") and os.getpgrp() == os.getpid()


def end_with_parent(descriptor):
    """Ends this process when the other end of its input is gone, even in the middle of a step that never returns. Not on Windows, which cannot poll pipes."""
    import select

    if not hasattr(select, "poll"):
        return

    def watch():
        poll = select.poll()
        poll.register(descriptor, 0)  # told of hang-ups alone
        poll.poll()
        # The end of the stream is read by whoever is not stuck.
        time.sleep(2)
        if leads_group():
            # With the workers: a step that never returns keeps them from seeing the end of their input.
            os.killpg(os.getpid(), signal.SIGKILL)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def main():
    # Ctrl-C is for the parent, which ends this process when it is done; on Windows it comes here too.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    reader, writer = take_standard_streams()
    server = Server(reader, writer)
    warnings.showwarning = server.warn
    end_with_parent(reader.fileno())
    try:
        server.run()
    except Malformed as error:
        print(f"dqn_gymnasium: {error}", file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:
        pass
    finally:
        if server.environments is not None and not sys.is_finalizing():
            try:
                server.environments.close()
            except Exception:
                pass
        if leads_group():
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            os.killpg(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
