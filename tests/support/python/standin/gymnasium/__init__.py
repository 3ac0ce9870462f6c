"""A stand-in for Gymnasium with the part of its API that the bridge uses, for machines that cannot have the real one."""

import importlib
import types

from . import error, spaces, vector
from .core import Env, TimeLimit, Wrapper

__version__ = "1.1.0+standin"
envs = types.SimpleNamespace()
registry = {}


class EnvSpec:
    def __init__(self, id, entry_point, max_episode_steps=None, vector_entry_point=None, kwargs=None):
        self.id = id
        self.entry_point = entry_point
        self.max_episode_steps = max_episode_steps
        self.vector_entry_point = vector_entry_point
        self.kwargs = kwargs or {}


def register(id, entry_point, max_episode_steps=None, vector_entry_point=None, kwargs=None):
    registry[id] = EnvSpec(id, entry_point, max_episode_steps, vector_entry_point, kwargs)


def register_envs(_module):
    pass


def spec(id):
    if id in registry:
        return registry[id]
    if "/" in id:
        raise error.NamespaceNotFound(f"Namespace {id.split('/')[0]} not found. Have you installed the proper package for {id.split('/')[0]}?")
    raise error.NameNotFound(f"Environment `{id.rpartition('-v')[0] or id}` doesn't exist.")


def _load(entry_point):
    if callable(entry_point):
        return entry_point
    module, _, name = entry_point.partition(":")
    return getattr(importlib.import_module(module), name)


def _find(id):
    module, _, name = id.rpartition(":")
    if module:
        importlib.import_module(module)
    return spec(name)


def make(id, max_episode_steps=None, disable_env_checker=None, **kwargs):
    found = _find(id)
    environment = _load(found.entry_point)(**{**found.kwargs, **kwargs})
    environment.spec = found
    limit = max_episode_steps or found.max_episode_steps
    return TimeLimit(environment, limit) if limit else environment


def make_vec(id, num_envs=1, vectorization_mode=None, vector_kwargs=None, **kwargs):
    found = _find(id)
    if vectorization_mode == "vector_entry_point":
        return _load(found.vector_entry_point)(num_envs=num_envs, **{**found.kwargs, **kwargs})
    return vector.AsyncVectorEnv([lambda: make(id, **kwargs) for _ in range(num_envs)], **(vector_kwargs or {}))


register("CartPole-v1", "gymnasium.cart_pole:CartPole", 500, "gymnasium.cart_pole:vector_of_cart_poles")
