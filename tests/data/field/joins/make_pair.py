"""Writes pair.pt, its recipe and its export as Brevitas 0.10 would: y = c(cat(a(x), b(x))) + fc(a(x) + p(table)).

python3 make_pair.py FOLDER, with torch 1.13.0 and onnx 1.12.0
"""

import sys

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

ACTS = {"a": (8, 2.0), "b": (6, 2.0), "p": (8, 2.0)}  # bits, threshold: scale = threshold / 2^(bits - 1)
KEY = ".act_quant.fused_activation_quant_proxy.tensor_quant.scaling_impl.value"


def main(folder):
    torch.manual_seed(1)
    weights = {"c": torch.randn(2, 4, 1, 1), "fc": torch.randn(2, 2, 1, 1)}
    table = torch.randn(1, 2, 4, 4)
    state = {name + KEY: torch.tensor(threshold) for name, (_, threshold) in ACTS.items()}
    state |= {name + ".weight": weight for name, weight in weights.items()} | {"table": table}
    torch.save(state, f"{folder}/pair.pt")

    recipe = 'brevitas = "0.10.2"\n'
    for name, (bits, _) in ACTS.items():
        recipe += f'\n[[quantizer]]\nmatch = "{name}"\nslot = "act"\npreset = "Int8ActPerTensorFloat"\n'
        recipe += f"bit_width = {bits}\n" if bits != 8 else ""
    for name in weights:
        recipe += f'\n[[quantizer]]\nmatch = "{name}"\nslot = "weight"\npreset = "Int8WeightPerTensorFixedPoint"\n'
    with open(f"{folder}/pair.recipe.toml", "w") as file:
        file.write(recipe)

    nodes, constants = [], []

    def constant(name, value):
        constants.append(numpy_helper.from_array(np.asarray(value, np.float32), name))
        return name

    def quant(value, module, scale, bits, narrow=0):
        inputs = [value] + [constant(f"{module}/{what}", number) for what, number in
                            (("scale", scale), ("zero", 0), ("bits", bits))]
        nodes.append(helper.make_node("Quant", inputs, [module], f"/{module}/export_handler/Quant",
                                      domain="onnx.brevitas", signed=1, narrow=narrow, rounding_mode="ROUND"))
        return module

    def act(value, name):
        bits, threshold = ACTS[name]
        return quant(value, f"{name}/act_quant", threshold / 2 ** (bits - 1), bits)

    def conv(value, name):
        weight = weights[name].numpy()
        scale = 2.0 ** np.ceil(np.log2(np.abs(weight).max() / 127))
        codes = np.clip(np.round(weight / scale), -127, 127)  # Brevitas exports weights as they are quantized
        read = quant(constant(f"{name}.weight", codes * scale), f"{name}/weight_quant", scale, 8, 1)
        nodes.append(helper.make_node("Conv", [value, read], [name], f"/{name}/Conv"))
        return name

    a = act("x", "a")
    nodes.append(helper.make_node("Concat", [a, act("x", "b")], ["cat"], "/Concat", axis=1))
    nodes.append(helper.make_node("Add", [a, act(constant("table", table.numpy()), "p")], ["sum"], "/Add"))
    nodes.append(helper.make_node("Add", [conv("cat", "c"), conv("sum", "fc")], ["y"], "/Add_1"))
    shapes = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 2, 4, 4]) for name in "xy"]
    graph = helper.make_graph(nodes, "pair", shapes[:1], shapes[1:], constants)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13),
                                                      helper.make_opsetid("onnx.brevitas", 1)]),
              f"{folder}/pair.qonnx.onnx")


main(sys.argv[1])
