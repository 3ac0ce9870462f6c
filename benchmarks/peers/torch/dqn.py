"""The network, the update and acting, as one writes them in PyTorch by hand."""

import torch
from torch import nn
from torch.nn import functional as F


def network(sizes):
    layers = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


class Learner:
    def __init__(self, sizes, learning_rate, loss, discount=0.99, clip=None):
        self.online, self.target = network(sizes), network(sizes)
        self.target.load_state_dict(self.online.state_dict())
        self.optimizer = torch.optim.Adam(self.online.parameters(), lr=learning_rate)
        self.loss = {"huber": F.smooth_l1_loss, "mse": F.mse_loss}[loss]
        self.discount, self.clip = discount, clip
        self.pairs = list(zip(self.target.parameters(), self.online.parameters()))

    def update(self, observations, actions, rewards, terminated, next_observations):
        with torch.no_grad():
            best = self.target(next_observations).max(dim=1).values
            targets = rewards + self.discount * best * (1 - terminated)
        estimates = self.online(observations).gather(1, actions).squeeze(1)
        loss = self.loss(estimates, targets)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        if self.clip is not None:
            nn.utils.clip_grad_norm_(self.online.parameters(), self.clip)
        self.optimizer.step()

    def copy(self):
        with torch.no_grad():
            for target, online in self.pairs:
                target.copy_(online)

    def act(self, observation):
        with torch.no_grad():
            return int(self.online(torch.from_numpy(observation).unsqueeze(0)).argmax(dim=1))
