"""PyTorch's side of kernels.mjs: reads `update|act BATCH WIDTHS COUNT`, writes milliseconds per call."""

import sys
import time

import torch

torch.set_num_threads(1)
cache = {}


def create(batch, widths):
    def network():
        layers = []
        for i in range(len(widths) - 1):
            layers.append(torch.nn.Linear(widths[i], widths[i + 1]))
            if i < len(widths) - 2:
                layers.append(torch.nn.ReLU())
        return torch.nn.Sequential(*layers)

    online, target = network(), network()
    target.load_state_dict(online.state_dict())
    optimizer = torch.optim.Adam(online.parameters(), lr=2.5e-4)
    observations, following = torch.rand(batch, widths[0]), torch.rand(batch, widths[0])
    taken = torch.randint(0, widths[-1], (batch, 1))
    rewards, discounts = torch.rand(batch), 0.99 * (torch.rand(batch) >= 0.05).float()
    single = observations[:1]

    def update():
        with torch.no_grad():
            targets = rewards + discounts * target(following).max(1)[0]
        values = online(observations).gather(1, taken).squeeze(1)
        loss = torch.nn.functional.smooth_l1_loss(values, targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    def act():
        with torch.no_grad():
            return online(single).argmax()

    return {"update": update, "act": act}


print("ready", flush=True)
for line in sys.stdin:
    kind, batch, widths, count = line.split()
    key = (batch, widths)
    if key not in cache:
        cache[key] = create(int(batch), [int(width) for width in widths.split("-")])
    call = cache[key][kind]
    start = time.perf_counter()
    for _ in range(int(count)):
        call()
    print((time.perf_counter() - start) / int(count) * 1000, flush=True)
