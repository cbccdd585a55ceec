#!/usr/bin/env python3
"""Writes torch_affine.json: what PyTorch's own min-max observers and fake quantization make of the weights of
digits_float.pt. Run with PyTorch 1.13: python3 make_torch_affine.py"""
import hashlib
import json
import os

import torch
from torch.ao.quantization.observer import MinMaxObserver, PerChannelMinMaxObserver

here = os.path.dirname(os.path.abspath(__file__))
state = torch.load(os.path.join(here, "../../../resources/samples/digits_float.pt"))
rows = []
for layer in ("conv1", "conv2", "fc1", "fc2"):
    weight = state[layer + ".weight"].float()
    for bits in (8, 4, 3):
        low, high = -2 ** (bits - 1), 2 ** (bits - 1) - 1
        suffix = "" if bits == 8 else ",bit_width=%d" % bits
        for channels in (False, True):
            if channels:
                observer = PerChannelMinMaxObserver(ch_axis=0, dtype=torch.qint8, qscheme=torch.per_channel_affine, quant_min=low, quant_max=high)
            else:
                observer = MinMaxObserver(dtype=torch.qint8, qscheme=torch.per_tensor_affine, quant_min=low, quant_max=high)
            observer(weight)
            scale, zero = observer.calculate_qparams()
            if channels:
                value = torch.fake_quantize_per_channel_affine(weight, scale, zero.int(), 0, low, high)
                shape = [-1] + [1] * (weight.dim() - 1)
                codes = torch.round(value.double() / scale.double().reshape(shape)) + zero.reshape(shape)
            else:
                value = torch.fake_quantize_per_tensor_affine(weight, scale.item(), int(zero.item()), low, high)
                codes = torch.round(value.double() / scale.double()) + zero
            codes = codes.to(torch.int32).contiguous()
            rows.append({
                "layer": layer,
                "candidate": ("torch_per_channel_affine" if channels else "torch_per_tensor_affine") + suffix,
                "scales": [float(s).hex() for s in scale.flatten()],
                "zero_points": [int(z) for z in zero.flatten()],
                "codes_sha256_i32": hashlib.sha256(codes.numpy().tobytes()).hexdigest(),
            })
with open(os.path.join(here, "torch_affine.json"), "w") as out:
    json.dump({"torch": torch.__version__, "rows": rows}, out, indent=1)
