"""Answers one request a line, JSON in and JSON out, so that its rounds can alternate with those of others. Waits without using the processor."""

import json
import sys
from time import perf_counter

import numpy as np
import torch

import heads
import parts
import prioritized
import training
from dqn import Learner
from gymnasium_cart_pole import version as gymnasium_version

# At these sizes PyTorch is slower with more threads.
torch.set_num_threads(1)
torch.manual_seed(1)


class Updates:
    """The whole TD update on one batch that is already there as tensors, and acting in one state."""

    def __init__(self, sizes, batch):
        random = np.random.default_rng(1)
        self.learner = Learner(sizes, learning_rate=2.5e-4, loss="huber")
        states = [torch.from_numpy(random.standard_normal((batch, sizes[0]), dtype=np.float32)) for _ in range(2)]
        actions = torch.from_numpy(random.integers(0, sizes[-1], size=(batch, 1)))
        rewards = torch.from_numpy(random.standard_normal(batch, dtype=np.float32))
        terminated = torch.from_numpy((random.random(batch) < 0.05).astype(np.float32))
        self.batch = (states[0], actions, rewards, terminated, states[1])
        self.observation = states[0][0].numpy()

    def run(self, what, count):
        learner, batch, observation = self.learner, self.batch, self.observation
        began = perf_counter()
        if what == "update":
            for _ in range(count):
                learner.update(*batch)
        else:
            for _ in range(count):
                learner.act(observation)
        return {"ms": (perf_counter() - began) * 1000 / count}


known = {}


def answer(request):
    what = request["what"]
    if what == "hello":
        description = f"PyTorch {torch.__version__}, Python {sys.version.split()[0]}, one thread"
        return {"description": description, "gymnasium": gymnasium_version}
    if what in ("update", "act"):
        key = (*request["sizes"], request["batch"])
        if key not in known:
            known[key] = Updates(request["sizes"], request["batch"])
        return known[key].run(what, request["count"])
    if what == "agreement":
        return heads.agreement(**request["arguments"])
    if what in ("part", "prioritized"):
        key = json.dumps([what, request.get("kind"), request["arguments"]])
        if key not in known:
            arguments = request["arguments"]
            known[key] = prioritized.Calls(**arguments) if what == "prioritized" else parts.create(request["kind"], arguments)
        return known[key].run(request["count"])
    return getattr(training, {"cleanrl": "cleanrl", "zoo": "zoo"}[what])(*request.get("arguments", []))


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
