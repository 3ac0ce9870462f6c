"""Whole TD updates beyond plain DQN, each on one batch that is already there as tensors."""

from time import perf_counter

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

import heads
from dqn import network

LEARNING_RATE = 2.5e-4
DISCOUNT = 0.99


class Update:
    """An online and a target network and Adam; subclasses say what the loss is."""

    def __init__(self, create):
        self.online, self.target = create(), create()
        self.target.load_state_dict(self.online.state_dict())
        self.optimizer = torch.optim.Adam(self.online.parameters(), lr=LEARNING_RATE)

    def step(self):
        loss = self.loss()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()

    def run(self, count):
        began = perf_counter()
        for _ in range(count):
            self.step()
        return {"ms": (perf_counter() - began) * 1000 / count}


def draw(*shape):
    return torch.from_numpy(np.random.default_rng(1).standard_normal(shape, dtype=np.float32))


def experience(count, actions):
    random = np.random.default_rng(2)
    taken = torch.from_numpy(random.integers(0, actions, size=count))
    discounts = torch.from_numpy(np.where(random.random(count) < 0.05, 0, DISCOUNT).astype(np.float32))
    return taken, draw(count), discounts


class Distributional(Update):
    def __init__(self, kind, options, sizes, batch, double):
        *body, actions = sizes
        self.head = heads.create(kind, actions, **options)
        super().__init__(lambda: network([*body, actions * self.head.width]))
        self.double = double
        self.observations, self.following = draw(batch, sizes[0]), draw(batch, sizes[0])
        self.taken, self.rewards, self.discounts = experience(batch, actions)

    def loss(self):
        head = self.head
        with torch.no_grad():
            following = self.target(self.following)
            best = head.values(self.online(self.following) if self.double else following).argmax(dim=1)
            targets = head.targets(self.rewards, self.discounts, following, best)
        return head.loss(self.online(self.observations), self.taken, targets)


class Expected(Update):
    """The Huber loss towards r + γ max Q, of any network."""

    def loss(self):
        with torch.no_grad():
            targets = self.rewards + self.discounts * self.target(self.following).max(dim=1).values
        estimates = self.online(self.observations).gather(1, self.taken[:, None]).squeeze(1)
        return F.smooth_l1_loss(estimates, targets)


class Convolutional(Expected):
    """MinAtar's network, channels first as PyTorch has them."""

    def __init__(self, batch, actions):
        layers = lambda: (nn.Conv2d(4, 16, 3), nn.ReLU(), nn.Flatten(), nn.Linear(1024, 128), nn.ReLU(), nn.Linear(128, actions))
        super().__init__(lambda: nn.Sequential(*layers()))
        self.observations, self.following = draw(batch, 4, 10, 10), draw(batch, 4, 10, 10)
        self.taken, self.rewards, self.discounts = experience(batch, actions)


class Recurrent(nn.Module):
    def __init__(self, inputs, units, actions):
        super().__init__()
        self.encoder, self.memory, self.values = nn.Linear(inputs, units), nn.GRU(units, units), nn.Linear(units, actions)

    def forward(self, observations):
        outputs, _ = self.memory(self.encoder(observations).relu())
        return self.values(outputs).flatten(0, 1)


class Gru(Expected):
    """Sequences, time first, from an empty state."""

    def __init__(self, sequences, steps, inputs, units, actions):
        super().__init__(lambda: Recurrent(inputs, units, actions))
        self.observations, self.following = draw(steps, sequences, inputs), draw(steps, sequences, inputs)
        self.taken, self.rewards, self.discounts = experience(steps * sequences, actions)


KINDS = {"distributional": Distributional, "conv": Convolutional, "gru": Gru}


def create(kind, arguments):
    return KINDS[kind](**arguments)
