"""Writes flows/: archives whose code does one thing each with values that are no plain chain of operators.

Python 3 with torch 1.13.0; seed 3. What they compute is what torch.jit.load computes, which the test asks.
"""
import pathlib

import torch
from torch import nn

FOLDER = pathlib.Path(__file__).parent / "flows"
IMAGE, ROWS, SEQUENCE = [2, 4, 6, 6], [3, 8], [2, 5, 8]


class Parts(nn.Module):
    def forward(self, x):
        a, b = torch.chunk(x, 2, 1), torch.split(x, [1, 3], 1)
        return torch.cat([a[1], b[0], a[0]], 1) * 2.5


class FirstPart(nn.Module):
    def forward(self, x):
        return torch.chunk(x, 2, 1)[0] + 0.1


class ListAndPart(nn.Module):
    def forward(self, x):
        a = torch.split(x, 1, 1)
        return torch.cat(a, 1) * float(len(a)) + a[0]


class InPlace(nn.Module):
    def forward(self, x):
        y = x * 1.0
        y.add_(1.0)
        z = y * 2
        return z + y


class InPlaceTwice(nn.Module):
    def forward(self, x):
        y = x * 1.0
        y[:, 0] = 0.5
        y[:, :, 1:3].mul_(3.0)
        y.relu_()
        return y * 2


class PartBefore(nn.Module):
    def forward(self, x):
        y = x * 1.0
        part = y[:, 1]
        y.neg_()
        return part + y[:, 0]


class Keywords(nn.Module):
    def forward(self, x):
        n = x.size(1)
        return torch.add(x, x, alpha=n) + torch.full_like(x, 0.1) + torch.sum(x, dim=[1, 2], keepdim=True) + n * 0.3


class Rounds(nn.Module):
    def forward(self, x):
        out = []
        for i in range(3):
            x = x * 0.9 + i
            out.append(x)
        return torch.stack(out)


class Condition(nn.Module):
    def forward(self, x):
        if x.sum() > 0:
            y = x * 2
        else:
            y = x - 1
        if x.shape[1] == 4:
            y = y + 1
        return y


class Numbers(nn.Module):
    def forward(self, x):
        n = x.size(0) * x.size(1) // 3 + 7 % 4
        return x / n + x.mean().item() * 0.1 + max(n, 3) - min(2, n) + n**2


class Several(nn.Module):
    def forward(self, x):
        values, places = torch.max(x, 1)
        return values, places, torch.max(x, 2)[0], x[:, torch.tensor([0, 2])]


class Sizes(nn.Module):
    def forward(self, x):
        return x.view(x.size(0), -1)[:, ::2][:, 1:-1]


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(8, 3, bidirectional=True, batch_first=True)

    def forward(self, x):
        y, state = self.lstm(x)
        return y, state[0], state[1]


def main():
    torch.manual_seed(3)
    torch.backends.quantized.engine = "qnnpack"
    FOLDER.mkdir(exist_ok=True)
    dynamic = torch.quantization.quantize_dynamic(nn.Sequential(nn.Linear(8, 6), nn.ReLU(), nn.Linear(6, 3)))
    models = {"parts": Parts(), "first_part": FirstPart(), "list_and_part": ListAndPart(), "in_place": InPlace(),
              "in_place_twice": InPlaceTwice(), "part_before": PartBefore(), "keywords": Keywords(),
              "rounds": Rounds(), "condition": Condition(), "numbers": Numbers(), "several": Several(),
              "sizes": Sizes(), "cell": nn.LSTMCell(8, 4), "recurrent": Recurrent(), "dynamic": dynamic}
    for name, model in models.items():
        torch.jit.save(torch.jit.script(model.eval()), str(FOLDER / f"{name}.pt"))
    example = torch.randn(IMAGE)
    for name, model in {"in_place_traced": InPlaceTwice(), "several_traced": Several()}.items():
        torch.jit.save(torch.jit.trace(model, example, check_trace=False), str(FOLDER / f"{name}.pt"))


main()
