"""Writes the archives of this folder and expect.json with what torch itself says of them: torch 1.13.0, seed 1.

python3 make_torchscript.py FOLDER
"""

import hashlib
import json
import sys
import warnings

import torch
import torch.ao.quantization as tq
from torch import nn

warnings.filterwarnings("ignore")
torch.backends.quantized.engine = "qnnpack"


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.quant = tq.QuantStub()
        self.conv1 = nn.Conv2d(3, 4, 3, padding=1)
        self.conv2 = nn.Conv2d(4, 4, 3, padding=1, groups=2, bias=False)
        self.add = nn.quantized.FloatFunctional()
        self.up = nn.ConvTranspose2d(4, 2, 2, stride=2)
        self.fc = nn.Linear(2, 3)
        self.dequant = tq.DeQuantStub()

    def forward(self, x):
        x = self.conv1(self.quant(x))
        x = self.up(self.add.add(self.conv2(x), x))
        return self.dequant(self.fc(x.mean((2, 3))))


class Sums(nn.Module):
    """Operators without weights."""

    def __init__(self):
        super().__init__()
        self.q, self.q2 = tq.QuantStub(), tq.QuantStub()
        self.add, self.mul, self.cat = (nn.quantized.FloatFunctional() for _ in range(3))
        self.dequant, self.dequant2 = tq.DeQuantStub(), tq.DeQuantStub()

    def forward(self, x):
        a, b = self.q(x), self.q2(x * 2)
        y = self.mul.mul(self.add.add(a, b), a)
        return self.dequant(self.cat.cat([y, y], 1)), self.dequant2(a)


class Layers(nn.Module):
    def __init__(self):
        super().__init__()
        self.q, self.dequant = tq.QuantStub(), tq.DeQuantStub()
        self.c = nn.Conv2d(4, 4, 1)
        self.l = nn.Linear(4, 4)

    def forward(self, x):
        return self.dequant(self.l(self.c(self.q(x)).mean([2, 3])))


class Rounded(nn.Module):
    """Weights that are quantized by hand, in ways that no exporter writes."""

    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.randn(5, 4))
        self.w2, self.w3, self.w4 = (nn.Parameter(torch.randn(5, 5)) for _ in range(3))
        self.s = nn.Parameter(torch.tensor(0.07))

    def forward(self, x):
        scale = self.w.abs().max() / 127
        x = nn.functional.linear(x, torch.clamp(torch.round(self.w / scale), -127, 127) * scale)
        x = nn.functional.linear(x, (torch.clamp(torch.round(self.w2 / self.s) + 3, -8, 7) - 3) * self.s)
        x = nn.functional.linear(x, torch.clamp(torch.floor(self.w3 / self.s + 0.5), -8, 7) * self.s)
        return nn.functional.linear(x, torch.round(torch.clamp(self.w4 / self.s, -8.5, 7.5)) * self.s)


class Twice(nn.Module):
    """Weights that several operators read, each its own way."""

    def __init__(self):
        super().__init__()
        self.l, self.k = nn.Linear(4, 4, bias=False), nn.Linear(4, 4, bias=False)

    def forward(self, x):
        linear, fake_quantize = nn.functional.linear, torch.fake_quantize_per_tensor_affine
        y = linear(x, fake_quantize(self.l.weight, 0.1, 0, -8, 7))
        z = linear(x, fake_quantize(self.l.weight, 0.01, 0, -128, 127))
        return y + z + linear(x, fake_quantize(self.k.weight, 0.02, 0, -128, 127)) + linear(x, self.k.weight)


class FloatLstm(nn.Module):
    """Layers that are quantized dynamically before an LSTM that is not."""

    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(16, 12), nn.Linear(12, 12), nn.Linear(12, 12)
        self.l = nn.LSTM(12, 5)

    def forward(self, x):
        return self.l(self.c(self.b(self.a(x))))[0]


class Cells(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = nn.LSTMCell(5, 4)
        self.gru = nn.GRU(4, 3)

    def forward(self, x):
        h = torch.zeros(x.size(0), 4)
        h, _ = self.cell(x, (h, h))
        return self.gru(h.unsqueeze(0))[0]


class Switched(nn.Module):
    """Its weight's fake quantization may be switched off by a buffer."""

    def __init__(self, on):
        super().__init__()
        self.fake = tq.FakeQuantize(tq.MinMaxObserver, quant_min=-8, quant_max=7, dtype=torch.qint8,
                                    qscheme=torch.per_tensor_symmetric)
        self.lin = nn.Linear(4, 3)
        self.fake(self.lin.weight)
        self.fake.disable_observer()
        if not on:
            self.fake.disable_fake_quant()

    def forward(self, x):
        return nn.functional.linear(x, self.fake(self.lin.weight), self.lin.bias)


def sha(codes):
    return hashlib.sha256(codes.contiguous().to(torch.int32).numpy().tobytes()).hexdigest()


def weight(q):
    per_channel = q.qscheme() == torch.per_channel_affine
    scales = q.q_per_channel_scales().tolist() if per_channel else [q.q_scale()]
    return {"scales": scales, "codes_sha256_i32": sha(q.int_repr())}


def output(module):
    return {"scale": float(module.scale), "zero_point": int(module.zero_point)}


def fake(module, tensor):
    """What a FakeQuantize makes of a weight, as codes, with its stored scale."""
    scale, zero = module.scale, module.zero_point
    codes = torch.clamp(torch.round(tensor * (1 / scale[0])) + zero[0], module.quant_min, module.quant_max)
    return {"scales": scale.tolist(), "codes_sha256_i32": sha(codes)}


def main(folder):
    torch.manual_seed(1)
    expect = {}
    x = torch.randn(2, 3, 6, 6)

    def save(name, module, layers, frozen=False):
        torch.jit.save(torch.jit.freeze(module.eval()) if frozen else module, f"{folder}/{name}.pt")
        expect[name] = layers

    net = Residual().eval()
    net.qconfig = tq.QConfig(activation=tq.HistogramObserver.with_args(reduce_range=False), weight=tq.default_weight_observer)
    prepared = tq.prepare(net)
    prepared(x)
    done = tq.convert(prepared)
    layers = {name: {"weight": weight(getattr(done, name).weight()), "output": output(getattr(done, name))}
              for name in ("conv1", "conv2", "up", "fc")}
    layers["quant"] = {"act": output(done.quant)}
    layers["add"] = {"act": output(done.add)}
    save("residual", torch.jit.script(done), layers)
    order = {"act_0": layers["quant"], "conv_1": layers["conv1"], "conv_2": layers["conv2"], "add_3": layers["add"],
             "conv_4": layers["up"], "linear_5": layers["fc"]}
    save("residual_frozen", torch.jit.script(done), order, frozen=True)

    trained = Residual().train()
    trained.qconfig = tq.get_default_qat_qconfig("qnnpack")
    trained = tq.prepare_qat(trained)
    trained(x)
    trained.eval()
    trained.apply(tq.disable_observer)
    layers = {name: {"weight": fake(getattr(trained, name).weight_fake_quant, getattr(trained, name).weight.detach())}
              for name in ("conv1", "conv2", "fc")}
    layers["conv1"]["output"] = output(trained.conv1.activation_post_process)
    save("trained", torch.jit.trace(trained, x), layers)

    cells = tq.quantize_dynamic(Cells().eval(), {nn.LSTMCell, nn.GRU}, dtype=torch.qint8)
    layers = {}
    for name, packed in (("cell.weight_ih", cells.cell._packed_weight_ih), ("cell.weight_hh", cells.cell._packed_weight_hh)):
        layers[name] = {"weight": weight(torch.ops.quantized.linear_unpack(packed)[0])}
    state = cells.gru._all_weight_values[0].param.__getstate__()[0][4]
    for name, packed in (("weight_ih", state[0]), ("weight_hh", state[1])):
        layers["gru._all_weight_values.0." + name] = {"weight": weight(packed.__getstate__()[0][0])}
    save("cells", torch.jit.script(cells), layers)
    on = Switched(True)
    save("switched_on", torch.jit.script(on), {"lin": {"weight": fake(on.fake, on.lin.weight.detach())}})
    save("switched_off", torch.jit.script(Switched(False)), {})
    for name, module, outputs in (("signed_sums", Sums(), ("add", "mul", "cat")), ("signed", Layers(), ("c", "l"))):
        signed = {"dtype": torch.qint8, "qscheme": torch.per_tensor_symmetric}
        module.eval().qconfig = tq.QConfig(activation=tq.MinMaxObserver.with_args(**signed),
                                           weight=tq.MinMaxObserver.with_args(**signed))
        prepared = tq.prepare(module)
        prepared(torch.rand(2, 4, 6, 6) * 3 - 0.5)
        done = tq.convert(prepared)
        slot = "output" if name == "signed" else "act"
        layers = {layer: {slot: output(getattr(done, layer)) | {"signed": True}} for layer in outputs}
        for stub in ("q", "q2"):
            if hasattr(done, stub):
                layers[stub] = {"act": output(getattr(done, stub)) | {"signed": True}}
        save(name, torch.jit.script(done), layers)
    save("rounded", torch.jit.script(Rounded()), {})
    save("twice", torch.jit.trace(Twice(), torch.randn(2, 4)), {})
    part = tq.quantize_dynamic(FloatLstm().eval(), {nn.Linear: tq.per_channel_dynamic_qconfig})
    save("float_lstm", torch.jit.script(part), {})
    with open(f"{folder}/expect.json", "w") as file:
        json.dump(expect, file, indent=1)


main(sys.argv[1])
