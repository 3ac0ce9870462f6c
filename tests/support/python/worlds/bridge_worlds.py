"""Worlds that try the bridge, for the real Gymnasium and the stand-in alike: "bridge_worlds:Spaces-v0" and others."""

import os
import subprocess
import sys
import time
import warnings

import gymnasium
import numpy as np
from gymnasium import spaces


class World(gymnasium.Env):
    """Counts its steps; the sixth ends the episode."""

    metadata = {"render_modes": ["rgb_array"]}
    observation_space = spaces.Box(0, 100, (1,), np.float32)
    action_space = spaces.Discrete(3)

    def __init__(self, render_mode=None, **options):
        self.render_mode = render_mode
        self.options = options
        self.count = 0
        self.episode = 0

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.count = 0
        self.episode += 1
        return self.observe(), {"episode": self.episode, "seed": seed, "options": options}

    def step(self, action):
        self.count += 1
        return self.observe(), float(self.count), self.count == 6, False, {"count": self.count, **self.more()}

    def more(self):
        return {}

    def observe(self):
        return np.array([self.count + 10 * self.episode], np.float32)


class Limit(World):
    """Cut off after a number of steps that differs by the seed."""

    def reset(self, *, seed=None, options=None):
        if seed is not None:
            self.length = 2 + seed % 3
        return super().reset(seed=seed, options=options)

    def step(self, action):
        observation, reward, _, _, info = super().step(action)
        return observation, reward, False, self.count >= self.length, info


class Masked(Limit):
    """Allows other actions after each step."""

    def reset(self, *, seed=None, options=None):
        observation, info = super().reset(seed=seed, options=options)
        return observation, {**info, "action_mask": np.array([1, 0, 0], np.int8)}

    def more(self):
        return {"action_mask": np.array([1, self.count % 2, 1], np.int8)}


class Reusing(Limit):
    """Writes into the same array and the same info each time."""

    def __init__(self, render_mode=None):
        super().__init__(render_mode)
        self.observation = np.zeros(1, np.float32)
        self.info = {}

    def reset(self, *, seed=None, options=None):
        return self.again(*super().reset(seed=seed, options=options))

    def step(self, action):
        observation, *rest, info = super().step(action)
        observation, info = self.again(observation, info)
        return observation, *rest, info

    def again(self, observation, info):
        self.observation[:] = observation
        self.info.clear()
        self.info.update(info)
        return self.observation, self.info


PARTS = {
    "box": spaces.Box(np.array([[-1.0, -np.inf], [0.0, 2.5]]), np.array([[1.0, np.inf], [0.5, 3.0]]), dtype=np.float64),
    "bytes": spaces.Box(0, 255, (2, 3), np.uint8),
    "ints": spaces.Box(-5, 70_000, (2,), np.int32),
    "scalar": spaces.Box(-2.0, 2.0, (), np.float32),
    "discrete": spaces.Discrete(3, start=-2),
    "multi": spaces.MultiDiscrete([3, 5], start=[1, -1]),
    "grid": spaces.MultiDiscrete([[2, 3], [4, 5]]),
    "switches": spaces.MultiBinary([2, 2]),
    "tuple": spaces.Tuple([spaces.Discrete(2), spaces.Dict({"deep": spaces.MultiBinary(3)})]),
}


class Spaces(World):
    """All spaces, as observations and as actions; tells in its info what it was given, as text."""

    def __init__(self, render_mode=None):
        super().__init__(render_mode)
        self.observation_space = spaces.Dict(PARTS)
        self.action_space = spaces.Dict(PARTS)

    def observe(self):
        return {
            "box": np.array([[-0.5, 1e10], [0.25, 2.75]]),
            "bytes": np.array([[0, 1, 2], [253, 254, 255]], np.uint8),
            "ints": np.array([-5, 70_000], np.int32),
            "scalar": np.array(1.5, np.float32),
            "discrete": np.int64(-1),
            "multi": np.array([3, -1]),
            "grid": np.array([[1, 2], [3, 4]]),
            "switches": np.array([[0, 1], [1, 0]], np.int8),
            "tuple": (1, {"deep": np.array([1, 0, 1], np.int8)}),
        }

    def step(self, action):
        assert self.action_space.contains(action), action
        observation, reward, terminated, truncated, _ = super().step(action)
        told = {name: part.tolist() if isinstance(part, (np.ndarray, np.generic)) else repr(part) for name, part in action.items()}
        return observation, reward, terminated, truncated, told


class Infos(World):
    def step(self, action):
        result = super().step(action)
        info = {
            "nan": float("nan"),
            "infinite": np.float32(-np.inf),
            "big": 2**60,
            "array": np.array([[1, 2], [3, 4]], np.int16),
            "huge": np.zeros((100, 100)),
            "object": object,
            "none": None,
            "truth": np.bool_(True),
            "nested": {"list": (1, [2.5, "three"])},
            "action_mask": np.array([1, 0, self.count % 2], np.int8),
        }
        return (*result[:4], info)


class Bounds(World):
    """Actions of dtypes that float32 numbers are rounded for; tells what it was given."""

    action_space = spaces.Dict(
        {
            "double": spaces.Box(-0.1, 0.1, (1,), np.float64),
            "whole": spaces.Box(-(2**31), 2**31 - 1, (1,), np.int32),
            "long": spaces.Box(-(2**63), 2**63 - 1, (1,), np.int64),
            "odd": spaces.Box(0, 2**24 + 1, (1,), np.int64),
            "byte": spaces.Box(-128, 127, (1,), np.int8),
            "number": spaces.Discrete(3, dtype=np.int32),
        }
    )

    def step(self, action):
        assert self.action_space.contains(action), action
        return (*super().step(action)[:4], {name: [str(part.dtype), str(part.item())] for name, part in action.items()})


class Closing(World):
    """Writes down that it is closed, and raises."""

    def close(self):
        with open(self.options["log"], "a") as log:
            log.write(f"{self.count}\n")
        raise RuntimeError(f"the door is stuck after {self.count} steps")


class Misbehaving(World):
    """What goes wrong is said by `how`, at the third step unless that is 2. With `helper` it has a process of its own."""

    def more(self):
        told = {"process": os.getpid()}
        if self.options.get("helper") and self.count == 1:
            told["helper"] = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"]).pid
        return told

    def step(self, action):
        result = super().step(action)
        if self.count != 3 or action == 2:
            return result
        how = self.options["how"]
        if how == "raise":
            raise ValueError("the world is flat")
        if how == "local":

            class Local(Exception):
                pass

            raise Local("no other process knows this class")
        if how == "exit":
            sys.exit(3)
        if how == "die":
            print("these are my last words", file=sys.stderr, flush=True)
            os._exit(7)
        if how == "hang":
            time.sleep(3600)
        if how == "spin":
            while True:
                pass
        if how == "print":
            print("DQNB, a line for the user")
            os.write(1, b"DQNB and past Python's own buffers\n")
        if how == "warn":
            warnings.warn("\x1b[33mWARN: thin ice\x1b[0m", UserWarning, stacklevel=1)
        if how == "shape":
            return (np.zeros(2, np.float32), *result[1:])
        if how == "reward":
            return (result[0], None, True, *result[3:])
        if how in ("entries", "large"):
            return (*result[:4], {f"{i}": "x" * 10_000 if how == "large" else i for i in range(1_002)})
        if how == "type":
            return ("text", *result[1:])
        if how == "read":
            return (np.array([len(sys.stdin.read())], np.float32), *result[1:])
        return result


class Texts(World):
    observation_space = spaces.Text(10)


class Pictures(World):
    def render(self):
        if self.render_mode != "rgb_array":
            return None
        picture = np.zeros((2, 3, 3), np.uint8)
        picture[1, 2] = [10, 20, 30 + self.count]
        return picture


class Screen(World):
    """A screen of 210 × 160, as grey as frames have passed; a life is lost every 40 frames, the third is the last; two points every tenth frame."""

    observation_space = spaces.Box(0, 255, (210, 160, 3), np.uint8)

    def step(self, action):
        self.count += 1
        return self.observe(), 2.0 if self.count % 10 == 0 else 0.0, self.count == 120, False, self.more()

    def reset(self, *, seed=None, options=None):
        observation, _ = super().reset(seed=seed, options=options)
        return observation, self.more()

    def more(self):
        return {"lives": 3 - self.count // 40}

    def observe(self):
        return np.full((210, 160, 3), self.count, np.uint8)


class Unborn(World):
    def __init__(self, render_mode=None):
        raise RuntimeError("no world today")


class Needy(World):
    def __init__(self, render_mode=None):
        raise gymnasium.error.DependencyNotInstalled("box2d is not installed, run `pip install swig`")


for world in (World, Limit, Masked, Reusing, Spaces, Infos, Bounds, Closing, Misbehaving, Texts, Pictures, Screen, Unborn, Needy):
    gymnasium.register(id=f"{world.__name__}-v0", entry_point=f"{__name__}:{world.__name__}")
