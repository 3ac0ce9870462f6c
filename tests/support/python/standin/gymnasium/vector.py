"""A vector environment with Gymnasium's three modes of resetting, its way to batch infos, and its end at the first error. It steps its environments in this process."""

import enum
import types
from copy import deepcopy

import numpy as np

from . import spaces


class AutoresetMode(enum.Enum):
    NEXT_STEP = "NextStep"
    SAME_STEP = "SameStep"
    DISABLED = "Disabled"


def _iterate(space, items):
    # The batch of parts is a batch of each part.
    if isinstance(space, spaces.Tuple):
        return zip(*(_iterate(part, batch) for part, batch in zip(space.spaces, items)))
    if isinstance(space, spaces.Dict):
        names = list(space.spaces)
        return (dict(zip(names, parts)) for parts in zip(*(_iterate(space.spaces[name], items[name]) for name in names)))
    return iter(items)


def _concatenate(space, items, _out):
    if isinstance(space, spaces.Tuple):
        return tuple(_concatenate(part, [item[i] for item in items], None) for i, part in enumerate(space.spaces))
    if isinstance(space, spaces.Dict):
        return {name: _concatenate(part, [item[name] for item in items], None) for name, part in space.spaces.items()}
    return np.stack(items)


utils = types.SimpleNamespace(iterate=_iterate, concatenate=_concatenate, create_empty_array=lambda space, n: None)


class VectorEnv:
    metadata = {}
    closed = False


class AsyncVectorEnv(VectorEnv):
    processes = ()  # there are none

    def __init__(self, env_fns, autoreset_mode=AutoresetMode.NEXT_STEP):
        self.envs = [fn() for fn in env_fns]
        self.num_envs = len(self.envs)
        self.mode = AutoresetMode(autoreset_mode)
        self.metadata = {**self.envs[0].metadata, "autoreset_mode": self.mode}
        self.single_observation_space = self.envs[0].observation_space
        self.single_action_space = self.envs[0].action_space
        self.observation_space = self.single_observation_space
        self.action_space = self.single_action_space
        self.ended = np.zeros(self.num_envs, np.bool_)
        self.latest = [None] * self.num_envs
        self.pipes = list(self.envs)

    def ask(self, i, name, *args, **kwargs):
        """What an environment answers. One that raised is not there for any other call, and its error comes without its traceback."""
        assert not self.closed
        call = getattr(self.pipes[i], name)
        try:
            return call(*args, **kwargs)
        except Exception as error:
            self.pipes[i] = None
            failure = error
        raise type(failure)(failure) from None

    def reset(self, *, seed=None, options=None):
        options = dict(options or {})
        chosen = options.pop("reset_mask", np.ones(self.num_envs, np.bool_))
        assert chosen.any()
        infos = {}
        for i in np.flatnonzero(chosen):
            own = None if seed is None else seed + int(i)
            self.latest[i], info = self.ask(i, "reset", seed=own, options=options or None)
            self.add(infos, info, i)
        self.ended[chosen] = False
        return _concatenate(self.single_observation_space, self.latest, None), infos

    def step(self, actions):
        rewards = np.zeros(self.num_envs)
        terminated, truncated = np.zeros(self.num_envs, np.bool_), np.zeros(self.num_envs, np.bool_)
        infos = {}
        for i, action in enumerate(_iterate(self.single_action_space, actions)):
            if self.mode == AutoresetMode.NEXT_STEP and self.ended[i]:
                self.latest[i], info = self.ask(i, "reset")
            else:
                self.latest[i], rewards[i], terminated[i], truncated[i], info = self.ask(i, "step", action)
                if self.mode == AutoresetMode.SAME_STEP and (terminated[i] or truncated[i]):
                    self.add(infos, {"final_obs": self.latest[i], "final_info": info}, i)
                    self.latest[i], info = self.ask(i, "reset")
            self.add(infos, info, i)
        self.ended = np.logical_or(terminated, truncated)
        return _concatenate(self.single_observation_space, deepcopy(self.latest), None), rewards, terminated, truncated, infos

    def add(self, infos, info, i):
        for key, value in info.items():
            if isinstance(value, dict):
                infos[key] = self.add(infos.get(key, {}), value, i)
            else:
                if key not in infos:
                    if key != "final_obs" and isinstance(value, (bool, int, float, np.number)):
                        infos[key] = np.zeros(self.num_envs, type(value))
                    elif key != "final_obs" and isinstance(value, np.ndarray):
                        infos[key] = np.zeros((self.num_envs, *value.shape), value.dtype)
                    else:
                        infos[key] = np.full(self.num_envs, None, object)
                infos[key][i] = value
            infos.setdefault(f"_{key}", np.zeros(self.num_envs, np.bool_))[i] = True
        return infos

    def render(self):
        return tuple(self.ask(i, "render") for i in range(self.num_envs))

    def close(self):
        for env in self.envs:
            env.close()
