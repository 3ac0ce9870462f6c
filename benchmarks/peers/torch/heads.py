"""Targets and losses of C51 and QR-DQN. Shapes as in the library: outputs [B, A·W], discounts [B] that are 0 where the episode terminated."""

import torch
from torch.nn import functional as F


class Categorical:
    """C51 as CleanRL's c51.py has it, but with the projection's loop over rows replaced by one `index_add_`, and with log-softmax."""

    def __init__(self, actions, atoms, low, high):
        self.actions, self.width, self.low, self.high = actions, atoms, low, high
        self.support = torch.linspace(low, high, atoms)
        self.spacing = (high - low) / (atoms - 1)

    def values(self, outputs):
        return (outputs.view(-1, self.actions, self.width).softmax(dim=2) * self.support).sum(dim=2)

    @torch.no_grad()
    def targets(self, rewards, discounts, following, best):
        batch = len(rewards)
        rows = torch.arange(batch)
        probabilities = following.view(batch, self.actions, self.width)[rows, best].softmax(dim=1)
        moved = (rewards[:, None] + discounts[:, None] * self.support).clamp(self.low, self.high)
        position = (moved - self.low) / self.spacing
        lower = position.floor().clamp(0, self.width - 1)
        upper = position.ceil().clamp(0, self.width - 1)
        offset = rows[:, None] * self.width
        targets = torch.zeros(batch * self.width)
        targets.index_add_(0, (offset + lower.long()).view(-1), ((upper + (lower == upper).float() - position) * probabilities).view(-1))
        targets.index_add_(0, (offset + upper.long()).view(-1), ((position - lower) * probabilities).view(-1))
        return targets.view(batch, self.width)

    def loss(self, outputs, taken, targets):
        batch = len(taken)
        logits = outputs.view(batch, self.actions, self.width)[torch.arange(batch), taken]
        return -(targets * F.log_softmax(logits, dim=1)).sum(dim=1).mean()


class Quantile:
    """QR-DQN: the Huber quantile loss, summed over the estimate's quantiles and averaged over the target's."""

    def __init__(self, actions, quantiles):
        self.actions, self.width = actions, quantiles
        self.fractions = (torch.arange(quantiles) + 0.5) / quantiles

    def values(self, outputs):
        return outputs.view(-1, self.actions, self.width).mean(dim=2)

    @torch.no_grad()
    def targets(self, rewards, discounts, following, best):
        batch = len(rewards)
        quantiles = following.view(batch, self.actions, self.width)[torch.arange(batch), best]
        return rewards[:, None] + discounts[:, None] * quantiles

    def loss(self, outputs, taken, targets):
        batch = len(taken)
        quantiles = outputs.view(batch, self.actions, self.width)[torch.arange(batch), taken]
        shape = (batch, self.width, self.width)
        estimates, aims = quantiles[:, :, None].expand(shape), targets[:, None, :].expand(shape)
        huber = F.huber_loss(estimates, aims, reduction="none")
        share = (self.fractions[None, :, None] - (aims < estimates.detach()).float()).abs()
        return (share * huber).mean(dim=2).sum(dim=1).mean()


def create(kind, actions, **options):
    return {"categorical": Categorical, "quantile": Quantile}[kind](actions, **options)


def agreement(kind, options, batch, actions, outputs, following, online, rewards, discounts, taken):
    """Targets, loss and the gradient of the loss with respect to the outputs, for the same numbers as the library's."""
    head = create(kind, actions, **options)
    as_rows = lambda values: torch.tensor(values, dtype=torch.float32).view(batch, -1)
    outputs = as_rows(outputs).requires_grad_()
    best = head.values(as_rows(online)).argmax(dim=1)
    targets = head.targets(torch.tensor(rewards), torch.tensor(discounts), as_rows(following), best)
    loss = head.loss(outputs, torch.tensor(taken), targets)
    loss.backward()
    return {"targets": targets.view(-1).tolist(), "loss": loss.item(), "gradient": outputs.grad.view(-1).tolist()}
