"""Plays an environment of ours through dqn_environments.py as it is told on standard input, and prints what came as JSON."""

import json
import os
import pickle
import signal
import sys
import time

import numpy as np

options = json.load(sys.stdin)
sys.path.insert(0, options["folder"])
from dqn_environments import DqnEnvironment, DqnError  # noqa: E402


def plain(value):
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    return value


def action_of(space, told):
    """An action of JSON as the space has it."""
    if isinstance(told, dict):
        return {name: action_of(space.spaces[name], part) for name, part in told.items()}
    return np.array(told, space.dtype) if isinstance(told, list) else told


told = []
environment = None
for call, *arguments in options["calls"]:
    try:
        if call == "make":
            environment = DqnEnvironment(*arguments, server=options["server"], **options.get("options", {}))
            told.append([str(environment.observation_space), str(environment.action_space)])
        elif call == "reset":
            observation, info = environment.reset(seed=arguments[0], options=arguments[1] if len(arguments) > 1 else None)
            assert environment.observation_space.contains(observation), observation
            told.append([plain(observation), plain(info)])
        elif call == "step":
            observation, *rest = environment.step(action_of(environment.action_space, arguments[0]))
            assert environment.observation_space.contains(observation), observation
            told.append([plain(observation), *plain(rest)])
        elif call == "send":
            # What Gymnasium's AsyncVectorEnv makes of an error of the step, which it sends from one process to another.
            try:
                environment.step(arguments[0])
            except DqnError as error:
                kind, value = pickle.loads(pickle.dumps((type(error), error)))
                raise kind(value) from None
        elif call == "render":
            told.append(environment.render())
        elif call == "pid":
            told.append(environment._bridge.process.pid)
            print(json.dumps(told), flush=True)
        elif call == "kill":
            os.kill(environment._bridge.process.pid, signal.SIGKILL)
            told.append(None)
        elif call == "interrupt":
            signal.signal(signal.SIGALRM, signal.default_int_handler)
            signal.setitimer(signal.ITIMER_REAL, arguments[0])
            told.append(None)
        elif call == "sleep":
            time.sleep(arguments[0])
        elif call == "rate":
            environment.reset(seed=1)
            start = time.perf_counter()
            for i in range(arguments[0]):
                _, _, terminated, truncated, _ = environment.step(i % 2)
                if terminated or truncated:
                    environment.reset()
            told.append(arguments[0] / (time.perf_counter() - start))
        elif call == "close":
            environment.close()
            told.append(None)
    except DqnError as error:
        told.append({"code": error.code, "message": str(error)})
    except KeyboardInterrupt:
        told.append("interrupted")
print(json.dumps(told), flush=True)
