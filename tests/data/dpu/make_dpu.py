#!/usr/bin/env python3
"""Writes the files of this folder, small and made up, in the layouts that Vitis AI documents: serial_v2.Graph
(xir_graph_proto_v2.proto) byte by byte, quant_info.json and bias_corr.pth of vai_q_pytorch, and a checkpoint (torch 1.13.0).
expected.json has what must come out: SHA-256 of the codes as int32, little endian, in PyTorch's order, computed here."""

import hashlib
import json
import math
import os
import struct

import numpy as np
import torch

rng = np.random.default_rng(7)
here = os.path.dirname(os.path.abspath(__file__))


def varint(value):
    value &= (1 << 64) - 1
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def field(number, payload):
    if isinstance(payload, int):
        return varint(number << 3) + varint(payload)
    payload = payload.encode() if isinstance(payload, str) else payload
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def value(v):
    if isinstance(v, bool):
        return field(4, int(v))
    if isinstance(v, int):
        return field(5, v)
    if isinstance(v, str):
        return field(11, v)
    if isinstance(v, bytes):
        return field(12, field(1, v))
    return field(14, field(1, b"".join(varint(i) for i in v)))


def attributes(number, entries):
    return b"".join(field(number, field(1, k) + field(2, value(v))) for k, v in entries.items())


def tensor(name, dims, kind, bits, attrs={}):
    body = field(1, name) + field(2, b"".join(varint(d) for d in dims)) + field(5, kind) + field(6, bits)
    return field(5, body + attributes(10, attrs))


FLOAT, XINT = 4, 2


def operator(name, kind, attrs, args, dims, fix=None, out=None):
    body = field(1, name) + field(2, kind) + attributes(3, attrs)
    for argument, names in args:
        body += field(4, field(1, argument) + b"".join(field(2, n) for n in names))
    return field(5, body + tensor(out or name, dims, XINT if fix else FLOAT, 8 if fix else 32, fix or {}))


def fixed(point, mode="DPU_ROUND", bits=8, signed=True):
    return {"fix_point": point, "bit_width": bits, "if_signed": signed, "round_mode": mode}


def constant(name, array, point, mode="DPU_ROUND"):
    data = np.ascontiguousarray(array, dtype="<f4")
    return (operator(name, "const", {"data": data.tobytes(), "data_type": "float32", "shape": list(data.shape)}, [], data.shape)
            + operator(name + "_fix", "fix", fixed(point, mode), [("input", [name])], data.shape))


def position(w):
    return math.floor(math.log2(127 / np.abs(w).max()))


def std_round(x):
    return np.sign(x) * np.floor(np.abs(x.astype(np.float64)) + 0.5)


def codes_of(w, point):
    return np.clip(std_round(w.astype(np.float32) * np.float32(2.0**point)), -128, 127).astype(np.int32)


def sha(codes):
    return hashlib.sha256(np.ascontiguousarray(codes, dtype="<i4").tobytes()).hexdigest()


def weights(*shape):
    return (rng.standard_normal(shape) * 0.1).astype(np.float32)


# A network: input 1x6x6x2 -> conv1 3x3 (3) -> relu -> conv2 3x3 (4) -> relu -> flatten 2*2*4 -> fc (5).
state = {"conv1.weight": weights(3, 2, 3, 3), "conv1.bias": weights(3), "conv2.weight": weights(4, 3, 3, 3),
         "conv2.bias": weights(4), "fc.weight": weights(5, 16), "fc.bias": weights(5)}
state["fc.weight"][0, :4] = np.float32([2.5, -2.5, 0.5, -0.5]) / 2.0**9  # ties, which round away from zero
factors = np.float32([1.25, 0.8125, 0.640625])
equalized = dict(state)
equalized["conv1.weight"] = state["conv1.weight"] * factors[:, None, None, None]
equalized["conv1.bias"] = state["conv1.bias"] * factors
equalized["conv2.weight"] = state["conv2.weight"] / factors[None, :, None, None]
corrections = {name: (rng.standard_normal(len(state[name])) * 0.01).astype(np.float32) for name in state if name.endswith("bias")}
points, codes = {}, {}
for name, w in equalized.items():
    w = w - corrections[name] if name in corrections else w
    points[name] = position(w)
    codes[name] = codes_of(w, points[name])
assert points["fc.weight"] == 9, points
activations = {"nndct_input_0": 6, "nndct_relu_2": 5, "nndct_relu_4": 4, "nndct_dense_6": 3}


def on_grid(name):
    return codes[name].astype(np.float32) * np.float32(2.0 ** -points[name])


def hwc(w):  # columns c, h, w -> h, w, c
    return w.reshape(5, 4, 2, 2).transpose(0, 2, 3, 1).reshape(5, 16)


def uncompiled():
    out = field(1, "Tiny")
    out += operator("Tiny__input_0", "data", {"shape": [1, 6, 6, 2], "data_type": "FLOAT32"}, [], [1, 6, 6, 2])
    out += operator("Tiny__input_0_fix", "fix", fixed(6), [("input", ["Tiny__input_0"])], [1, 6, 6, 2])
    for layer in ("fc", "conv2", "conv1"):
        w = on_grid(layer + ".weight")
        out += constant(f"Tiny__{layer}_bias", on_grid(layer + ".bias"), points[layer + ".bias"])
        out += constant(f"Tiny__{layer}_weight", hwc(w) if layer == "fc" else w.transpose(0, 2, 3, 1), points[layer + ".weight"])
    read = "Tiny__input_0_fix"
    for layer, dims, relu in (("conv1", [1, 4, 4, 3], "relu_2"), ("conv2", [1, 2, 2, 4], "relu_4")):
        name = f"Tiny__Tiny_Conv2d_{layer}__ret"
        out += operator(name, "conv2d", {"kernel": [3, 3], "stride": [1, 1], "group": 1},
                        [("input", [read]), ("weights", [f"Tiny__{layer}_weight_fix"]), ("bias", [f"Tiny__{layer}_bias_fix"])], dims)
        out += operator(f"Tiny__{relu}", "relu", {}, [("input", [name])], dims)
        read = f"Tiny__{relu}_fix"
        out += operator(read, "fix", fixed(activations["nndct_" + relu]), [("input", [f"Tiny__{relu}"])], dims)
    out += operator("Tiny__flat", "reshape", {"shape": [1, 16]}, [("input", [read])], [1, 16])
    out += operator("Tiny__fc_ret", "matmul", {"transpose_a": False, "transpose_b": True},
                    [("input", ["Tiny__flat", "Tiny__fc_weight_fix"]), ("bias", ["Tiny__fc_bias_fix"])], [1, 5])
    out += operator("Tiny__fc_ret_fix", "fix", fixed(3), [("input", ["Tiny__fc_ret"])], [1, 5])
    return out + field(10, field(1, "root"))


def compiled():
    out = field(1, "Tiny")
    out += operator("Tiny__input_0", "data-fix", {"shape": [1, 6, 6, 2]}, [], [1, 6, 6, 2], fixed(6), "Tiny__input_0_fix")
    out += operator("Tiny__input_0_upload_0", "upload", {"device": "DPU"}, [("input", ["Tiny__input_0"])], [1, 6, 6, 2], fixed(6))
    read = "Tiny__input_0_upload_0"
    for layer, shape, dims, point in (("conv1", [3, 3, 3, 2], [1, 4, 4, 3], 5), ("conv2", [4, 3, 3, 3], [1, 2, 2, 4], 4),
                                      ("fc", [5, 2, 2, 4], [1, 1, 1, 5], 3)):
        mark = "(reshaped)" if layer == "fc" else ""
        for part, size in (("weight" + mark, shape), ("bias", shape[:1])):
            name = f"{layer}.{part.replace(mark, '') if mark else part}"
            out += operator(f"Tiny__{layer}_{part}", "const-fix", {"data": b"", "shape": size}, [], size, fixed(points[name]))
        name = f"Tiny__{layer}_ret"
        attrs = {"nonlinear": "NONE" if layer == "fc" else "RELU", "shift_cut": points[layer + ".weight"] + {"conv1": 6, "conv2": 5, "fc": 4}[layer] - point}
        out += operator(name, "conv2d-fix", attrs, [("input", [read]), ("weights", [f"Tiny__{layer}_weight{mark}"]),
                                                    ("bias", [f"Tiny__{layer}_bias"])], dims, fixed(point))
        read = name
    out += operator("Tiny__out_download_0", "download", {}, [("input", [read])], [1, 1, 1, 5], fixed(3))
    out += operator("Tiny__out", "fix2float", fixed(3), [("input", ["Tiny__out_download_0"])], [1, 1, 1, 5])
    return out + field(10, field(1, "root")) + field(11, field(1, "origin") + field(2, value("torch")))


def rounding():
    """Weights between two codes, in each round mode, and a position below zero."""
    out = field(1, "Rounds") + operator("Rounds__x", "data-fix", {}, [], [1, 4], fixed(0))
    w = np.float32([[2.5, -2.5, 0.49999997, -3.4]])
    expected = {"std": [3, -3, 0, -3], "dpu": [3, -2, 0, -3], "py3": [2, -2, 0, -3], "wide": [1, -1, 0, -2]}
    for name, mode, point in (("std", "STD_ROUND", 0), ("dpu", "DPU_ROUND", 0), ("py3", "PY3_ROUND", 0), ("wide", "STD_ROUND", -1)):
        out += constant(f"Rounds__{name}_weight", w, point, mode)
        out += operator(f"Rounds__{name}", "inner-product", {}, [("input", ["Rounds__x"]), ("weights", [f"Rounds__{name}_weight_fix"])], [1, 1])
        out += operator(f"Rounds__{name}_fix", "fix", fixed(point), [("input", [f"Rounds__{name}"])], [1, 1])
    return out, expected


def diffs_position(w, bits=8, search=5):
    """nndct_fix_kernels_cpu.h, diffS: the position of the least squared error from the widest one on; at most 12."""
    step = max(w.min() / -(2.0 ** (bits - 1) + 0.5), w.max() / (2.0 ** (bits - 1) - 0.5))
    widest = math.floor(math.log2(1 / step))
    errors = [float(((w - codes_of(w, p) * 2.0**-p) ** 2).sum()) for p in range(widest, widest + search)]
    order = sorted(errors)
    assert order[1] > 1.05 * order[0]  # no position is chosen by the last digits of a sum
    return min(widest + errors.index(order[0]), 12)


def equalize(first, bias, second):
    """commander.py, _scale_weights_and_bias_with_conv_reluk: what divides the first's channels."""
    rows = first.reshape(len(first), -1)
    ratio = np.abs(bias)[:, None] / np.maximum(np.abs(rows), np.float32(1e-7))
    assert np.median(ratio) <= 100 and ratio.mean() <= 1000 and np.count_nonzero(rows) == rows.size
    before = np.max(np.abs(np.concatenate((rows, bias[:, None] / 2), axis=1)), axis=1)
    behind = np.abs(second).max(axis=(1, 2, 3) if second.shape[1] == 1 else (0, 2, 3))
    scale = before / np.sqrt(before * behind)
    scale = np.where(before + behind < 0.5, np.float32(1), scale)
    assert scale.dtype == np.float32
    shape = (-1, 1, 1, 1) if second.shape[1] == 1 else (1, -1, 1, 1)
    return scale, first / scale[:, None, None, None], bias / scale, second * scale.reshape(shape)


def chain(folder, equalizes):
    """conv1 (relu, max pooling) conv2, depthwise (relu) conv3 (relu) fc, by vai_q_pytorch's own rules."""
    random = np.random.default_rng(1)
    draw = lambda *shape: (random.standard_normal(shape) * 0.2).astype(np.float32)
    own = {"conv1.weight": draw(4, 3, 3, 3), "conv1.bias": draw(4), "conv2.weight": draw(4, 1, 3, 3), "conv2.bias": draw(4),
           "conv3.weight": draw(5, 4, 3, 3), "conv3.bias": draw(5), "fc.weight": draw(6, 5), "fc.bias": draw(6)}
    own["conv1.weight"][2] *= 3
    changed = dict(own)
    divisors = []
    for first, second in (("conv1", "conv2"), ("conv2", "conv3")) if equalizes else ():
        parts = equalize(changed[first + ".weight"], changed[first + ".bias"], changed[second + ".weight"])
        divisors.append([float(d) for d in parts[0]])
        changed[first + ".weight"], changed[first + ".bias"], changed[second + ".weight"] = parts[1:]
    corrected = {k: (random.standard_normal(len(v)) * 0.001).astype(np.float32) for k, v in own.items() if k.endswith("bias")}
    point = {k: diffs_position(v) for k, v in changed.items()}
    torch.save({k: torch.from_numpy(v) for k, v in own.items()}, os.path.join(here, folder, "chain.pth"))
    nodes = ["nndct_conv2d_1", "nndct_depthwise_conv2d_4", "nndct_conv2d_6", "nndct_dense_9"]
    torch.save({"Chain::" + n: [float(x) for x in c] for n, c in zip(nodes, corrected.values())}, os.path.join(here, folder, "bias_corr.pth"))
    outputs = {"Chain::nndct_" + n: [[8, 5]] for n in ("input_0", "relu_2", "maxpool_3", "relu_5", "relu_7", "dense_9")}
    info = {"param": {f"Chain::{k}": [[8, p]] for k, p in point.items()}, "output": outputs, "input": {},
            "fast_finetuned": False, "bias_corrected": True, "version": "3.5.0", "graph_md5": ""}
    write(folder + "/quant_info.json", json.dumps(info, indent=1).encode())
    on_its_own = {k: diffs_position(v) for k, v in own.items()}
    corrected = {k: v - corrected[k] if k in corrected else v for k, v in changed.items()}
    return {"positions": point, "own_positions": on_its_own, "divisors": divisors,
            "codes": {k: sha(codes_of(v, point[k])) for k, v in corrected.items()}}


def orders():
    """Weights as vai_q_pytorch writes them (update_param_to_nndct, xir_compiler.py), and as PyTorch has them."""
    random = np.random.default_rng(3)
    draw = lambda *shape: random.integers(-128, 128, shape)
    out = field(1, "Orders") + operator("Orders__x", "data-fix", {}, [], [1, 8, 8, 4], fixed(0))
    expected = {}

    def add(name, kind, own, stored, attrs={}):
        nonlocal out
        out += constant(f"Orders__{name}_weight", stored.astype(np.float32) / 2.0**7, 7)
        out += operator(f"Orders__{name}", kind, attrs, [("input", ["Orders__x"]), ("weights", [f"Orders__{name}_weight_fix"])], [1, 1])
        out += operator(f"Orders__{name}_fix", "fix", fixed(3), [("input", [f"Orders__{name}"])], [1, 1])
        expected[name] = {"shape": list(own.shape), "codes": sha(own)}

    up = draw(4, 3, 2, 3)  # in, out, kernel
    add("up", "transposed-conv2d", up, np.flip(up.swapaxes(0, 1).transpose(0, 2, 3, 1), (1, 2)))
    deep = draw(8, 1, 3, 2)  # 4 channels, 2 outputs each
    add("deep", "depthwise-conv2d", deep, deep.reshape(2, 4, 3, 2).transpose(0, 2, 3, 1))
    each = draw(4, 2, 3, 2)  # in, outputs each, kernel
    add("each", "transposed-depthwise-conv2d", each, np.flip(each.swapaxes(0, 1).transpose(0, 2, 3, 1), (1, 2)))
    volume = draw(3, 4, 2, 3, 4)  # out, in, depth, height, width
    add("volume", "conv3d", volume, volume.transpose(0, 3, 4, 2, 1))
    volume_up = draw(4, 3, 2, 3, 4)  # in, out, depth, height, width
    add("volume_up", "transposed-conv3d", volume_up, np.flip(volume_up.swapaxes(0, 1).transpose(0, 3, 4, 2, 1), (1, 2, 3)))
    return out, expected


def write(name, data):
    path = os.path.join(here, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data)


def main():
    write("tiny/quantize_result/Tiny_int.xmodel", uncompiled())
    write("compiled.xmodel", compiled())
    rounds, expected_rounds = rounding()
    write("rounding.xmodel", rounds)
    torch.save({k: torch.from_numpy(v) for k, v in state.items()}, os.path.join(here, "tiny/tiny.pth"))
    nodes = ["Tiny::nndct_conv2d_1", "Tiny::nndct_conv2d_3", "Tiny::nndct_dense_6"]
    torch.save({n: [float(x) for x in c] for n, c in zip(nodes, corrections.values())}, os.path.join(here, "tiny/quantize_result/bias_corr.pth"))
    info = {"param": {f"Tiny::{k}": [[8, p]] for k, p in points.items()},
            "output": {f"Tiny::{k}": [[8, p]] for k, p in activations.items()}, "input": {},
            "fast_finetuned": False, "bias_corrected": True, "version": "3.5.0", "graph_md5": ""}
    write("tiny/quantize_result/quant_info.json", json.dumps(info, indent=1).encode())
    placed, expected_orders = orders()
    write("orders.xmodel", placed)
    for folder in ("equalized", "alone"):
        os.makedirs(os.path.join(here, folder), exist_ok=True)
    joined = {k: sha(codes_of(w - corrections[k] if k in corrections else w, points[k])) for k, w in state.items()}
    write("expected.json", json.dumps({
        "positions": points, "activations": activations, "codes": {k: sha(c) for k, c in codes.items()}, "joined": joined,
        "rounding": expected_rounds, "factors": [float(f) for f in factors],
        "orders": expected_orders, "equalized": chain("equalized", True), "alone": chain("alone", False)}, indent=1).encode())


main()
