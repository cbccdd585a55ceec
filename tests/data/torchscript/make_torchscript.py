"""Writes the archives of this folder, state_dicts and a pickled module beside them, and expect.json with what torch itself says of them: torch 1.13.0, seed 1.

python3 make_torchscript.py FOLDER
"""

import hashlib
import json
import sys
import warnings

import torch
import torch.ao.quantization as tq
from torch import nn
from torch.ao.quantization.quantize_fx import convert_to_reference_fx, prepare_fx

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


class Grouped(nn.Module):
    """Convolutions along one axis, in groups."""

    def __init__(self):
        super().__init__()
        self.q, self.dequant = tq.QuantStub(), tq.DeQuantStub()
        self.c = nn.Conv1d(4, 6, 3, groups=2)
        self.d = nn.Conv1d(6, 6, 3, groups=6, bias=False)
        self.u = nn.ConvTranspose1d(6, 4, 2, groups=2)

    def forward(self, x):
        return self.dequant(self.u(self.d(self.c(self.q(x)))))


class Norms(nn.Module):
    """Normalizations, and a sum with a number, whose scale is that of its input."""

    def __init__(self):
        super().__init__()
        self.q, self.dequant = tq.QuantStub(), tq.DeQuantStub()
        self.group, self.instance = nn.GroupNorm(2, 4), nn.InstanceNorm2d(4)
        self.more = nn.quantized.FloatFunctional()

    def forward(self, x):
        return self.dequant(self.instance(self.more.add_scalar(self.group(self.q(x)), 0.5)))


class Dequantized(nn.Module):
    """A weight that freezing makes a quantized constant."""

    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.randn(4, 5))
        self.scales, self.zeros = torch.rand(4) * 0.05 + 0.01, torch.tensor([0, 1, -2, 3])

    def quantized(self):
        return torch.quantize_per_channel(self.w.detach(), self.scales, self.zeros, 0, torch.qint8)

    def forward(self, x):
        w = torch.quantize_per_channel(self.w, self.scales, self.zeros, 0, torch.qint8)
        return nn.functional.linear(x, w.dequantize())


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


class FloatZeros(nn.Module):
    """Zero points of a float type: those of c are all zero, so that its codes are as of integers."""

    def __init__(self):
        super().__init__()
        self.a, self.b, self.c, self.d = (nn.Linear(4, 3, bias=False) for _ in range(4))
        for name, value in (("s", [0.1, 0.2, 0.3]), ("z", [1.0, 2.0, 3.0]), ("zero", [0.0] * 3), ("s1", [0.1]), ("z1", [0.7])):
            self.register_buffer(name, torch.tensor(value))

    def forward(self, x):
        linear, per_channel = nn.functional.linear, torch.fake_quantize_per_channel_affine
        y = linear(x, per_channel(self.a.weight, self.s, self.z, 0, -8, 7))
        y = y + linear(x, torch.quantize_per_channel(self.b.weight, self.s, self.z, 0, torch.quint8).dequantize())
        y = y + linear(x, per_channel(self.c.weight, self.s, self.zero, 0, -8, 7))
        learned = torch._fake_quantize_learnable_per_tensor_affine
        return y + linear(x, learned(self.d.weight, self.s1, self.z1, -8, 7, 1.0))


class Turned(nn.Module):
    """Weights that are turned before they are used: where their output channels are."""

    def __init__(self):
        super().__init__()
        for name, shape in (("a", (4, 6)), ("b", (6, 5)), ("c", (3, 5)), ("d", (2, 3)), ("e", (2, 7, 3, 3)), ("f", (7, 6))):
            setattr(self, name, nn.Parameter(torch.randn(shape)))
        self.register_buffer("s", torch.rand(6) + 0.1)
        self.register_buffer("z", torch.zeros(6, dtype=torch.int32))

    def forward(self, x, image):
        a = torch.fake_quantize_per_channel_affine(self.a, self.s, self.z, 1, -8, 7)
        y = nn.functional.linear(nn.functional.linear(x, a.t()) @ self.b @ self.c.t(), self.d)
        return y, nn.functional.conv2d(image, self.e.transpose(0, 1)), self.f.t() @ y.new_ones(7, 2)


class Scaled(nn.Module):
    """A zero point that is subtracted twice, and codes clamped between whole numbers."""

    def __init__(self):
        super().__init__()
        self.register_buffer("a", torch.randint(-8, 8, (3, 4), dtype=torch.int8))
        self.register_buffer("b", torch.randint(-8, 8, (3, 3), dtype=torch.int8))

    def forward(self, x):
        y = nn.functional.linear(x, torch.sub(self.a.float(), 3.0, alpha=2) * 0.5)
        return nn.functional.linear(y, (torch.clamp(self.b, -6.5, 6.5) - 1.0) * 0.25)


class Older(nn.Module):
    """A convolution as PyTorch 1.5 called it, and operators that few models have."""

    def __init__(self):
        super().__init__()
        self.t = torch.ao.nn.quantized.dynamic.ConvTranspose2d(4, 2, 2)
        self.q = torch.ao.nn.quantized.Quantize(0.05, 120, torch.quint8)
        self.dequant = torch.ao.nn.quantized.DeQuantize()
        self.register_buffer("w", torch.quantize_per_tensor(torch.randn(4, 3, 3, 3), 0.02, 0, torch.qint8))
        self.register_buffer("one", torch.ones(4))
        self.register_buffer("zero", torch.zeros(4))

    def forward(self, x):
        p = torch.ops.quantized.conv2d_prepack(self.w, None, [1, 1], [0, 0], [1, 1], 1)
        y = torch.ops.quantized.conv2d(self.q(x), p, [1, 1], [0, 0], [1, 1], 1, 0.11, 7)
        y = torch.ops.quantized.batch_norm2d_relu(y, self.one, self.zero, self.zero, self.one, 1e-5, 0.13, 9)
        y = torch.ops.quantized.batch_norm(y, self.one, self.zero, self.zero, self.one, 1e-5, 0.14, 10)
        y = torch.ops.quantized.group_norm(y, 2, self.one, self.zero, 1e-5, 0.15, 11)
        y = torch.ops.quantized.instance_norm(y, self.one, self.zero, 1e-5, 0.16, 12)
        return self.t(self.dequant(torch.ops.quantized.celu(y, 0.17, 13)))


class Joins(nn.Module):
    """Where values of several quantizers meet; its last sum reads what a sigmoid makes of codes."""

    def __init__(self):
        super().__init__()
        self.again = tq.FakeQuantize(tq.MinMaxObserver, quant_min=-128, quant_max=127, dtype=torch.qint8,
                                     qscheme=torch.per_tensor_symmetric)
        self.again(torch.tensor([-4.0, 3.0]))
        self.again.disable_observer()
        self.table = nn.Parameter(torch.randn(4, 6, 6))

    def forward(self, x, y):
        fake = torch.fake_quantize_per_tensor_affine
        a, b = fake(x, 0.0625, 0, -128, 127), fake(y, 0.0625, 0, -128, 127)
        c, d = fake(y, 0.25, 0, -128, 127), fake(y, 0.0625, 3, 0, 255)
        e = torch.quantize_per_tensor(x, 0.0625, 0, torch.qint8)
        f = torch.relu(torch.quantize_per_tensor(y, 0.5, 0, torch.qint8))
        g, h = self.again(x), self.again(y)
        first, second = torch.chunk(c, 2, 1)
        sums = a + b, a - c, torch.add(a, c, alpha=2), a + x, g + h, e.dequantize() + f.dequantize()
        lists = torch.cat([a, b, d], 1), torch.stack([first, second]), torch.cat([a, self.table.expand_as(a)]) + c
        picked = torch.maximum(nn.functional.max_pool2d(a, 2), nn.functional.max_pool2d(d, 2))
        padded = nn.functional.pad(a, (1, 1)) + nn.functional.pad(c, (1, 1))
        constants = a + fake(self.table, 0.125, 0, -128, 127), torch.cat([fake(self.table, 0.0625, 0, -128, 127)[None], a])
        return sums, lists, picked, padded, constants, torch.cat([e, f], 1), e.dequantize() + torch.sigmoid(f).dequantize()


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
    torch.save(cells.state_dict(), f"{folder}/cells_state.pt")
    expect["cells_state"] = layers
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
    joins = Joins().eval()
    save("joins", torch.jit.trace(joins, (torch.randn(1, 4, 6, 6), torch.randn(1, 4, 6, 6)), strict=False), {})
    save("twice", torch.jit.trace(Twice(), torch.randn(2, 4)), {})
    part = tq.quantize_dynamic(FloatLstm().eval(), {nn.Linear: tq.per_channel_dynamic_qconfig})
    save("float_lstm", torch.jit.script(part), {})
    zeros = FloatZeros()
    fixed = torch.quantize_per_channel(zeros.c.weight.detach(), zeros.s, zeros.zero.int(), 0, torch.qint8)
    codes = {"scales": zeros.s.tolist(), "codes_sha256_i32": sha(fixed.int_repr().clamp(-8, 7))}
    save("float_zeros", torch.jit.trace(zeros, torch.randn(2, 4)), {"c": {"weight": codes}})
    save("turned", torch.jit.trace(Turned(), (torch.randn(2, 4), torch.randn(1, 2, 5, 5))), {})
    save("scaled", torch.jit.script(Scaled()), {})
    older = Older()
    layers = {"conv_1": {"weight": weight(older.w), "output": {"scale": 0.11, "zero_point": 7}},
              "t": {"weight": weight(older.t.weight())}}
    names = ("batch_norm2d_relu_2", "batch_norm_3", "group_norm_4", "instance_norm_5", "celu_6")
    for i, layer in enumerate(names):
        slot = "act" if layer.startswith("celu") else "output"
        layers[layer] = {slot: {"scale": 0.13 + 0.01 * i, "zero_point": 9 + i}}
    save("older", torch.jit.script(older), layers)
    torch.manual_seed(2)
    static = tq.QConfig(activation=tq.HistogramObserver.with_args(reduce_range=False), weight=tq.default_weight_observer)
    for name, module, x in (("grouped_frozen", Grouped(), torch.randn(2, 4, 9)), ("norms", Norms(), torch.randn(2, 4, 6, 6))):
        module.eval().qconfig = static
        prepared = tq.prepare(module)
        prepared(x)
        done = tq.convert(prepared)
        if name == "norms":
            layers = {layer: {"output" if layer == "group" else "act": output(getattr(done, layer))}
                      for layer in ("q", "group", "instance")}
            save(name, torch.jit.script(done), layers)
            continue
        layers = {f"conv_{i + 1}": {"weight": weight(getattr(done, layer).weight()), "output": output(getattr(done, layer))}
                  for i, layer in enumerate("cdu")}
        save(name, torch.jit.script(done), layers, frozen=True)
    module = Dequantized()
    save("dequantized_frozen", torch.jit.script(module), {"linear_0": {"weight": weight(module.quantized())}}, frozen=True)
    module = Residual().eval()
    module.qconfig = tq.QConfig(activation=tq.MinMaxObserver, weight=tq.default_weight_observer)
    prepared = tq.prepare(module)
    x = torch.randn(2, 3, 6, 6)
    prepared(x)
    save("prepared", torch.jit.trace(prepared, x), {})
    expect["observers"] = {name[:-8]: [float(value), float(prepared.state_dict()[name[:-8] + ".max_val"])]
                           for name, value in prepared.state_dict().items() if name.endswith(".min_val")}
    module = Residual().eval()
    module.qconfig = tq.QConfig(activation=tq.MinMaxObserver, weight=tq.default_weight_observer)
    prepared = tq.prepare(module)
    prepared(x)
    done = tq.convert(prepared)
    torch.save(done, f"{folder}/whole.pt")
    expect["whole"] = {name: {"weight": weight(getattr(done, name).weight()), "output": output(getattr(done, name))}
                       for name in ("conv1", "conv2", "up", "fc")}
    expect["whole"] |= {name: {"act": output(getattr(done, name))} for name in ("quant", "add")}
    mapping = tq.QConfigMapping().set_global(
        tq.QConfig(activation=tq.MinMaxObserver, weight=tq.default_per_channel_weight_observer))
    prepared = prepare_fx(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(64, 5)).eval(), mapping, (x,))
    prepared(x)
    done = convert_to_reference_fx(prepared)
    torch.save(done.state_dict(), f"{folder}/reference_state.pt")
    expect["reference_state"] = {name: {"weight": weight(getattr(done, name).get_quantized_weight())} for name in "02"}
    with open(f"{folder}/expect.json", "w") as file:
        json.dump(expect, file, indent=1)


main(sys.argv[1])
