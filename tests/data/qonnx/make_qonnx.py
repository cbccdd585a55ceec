"""Writes the graphs of this folder and golden.json: make_qonnx.py QONNX_SOURCES. What a quantizer makes of its weight is
computed by qonnx' own functions; bit patterns follow from a table of every pattern's value."""
import hashlib
import json
import os
import sys
import types

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SOURCES = sys.argv[1]
for name in ("qonnx", "qonnx.core", "qonnx.util", "qonnx.custom_op", "qonnx.custom_op.general"):
    module = types.ModuleType(name)  # without the packages' own imports
    module.__path__ = [os.path.join(SOURCES, *name.split("."))]
    sys.modules[name] = module
from qonnx.core.datatype import DataType  # noqa: E402
from qonnx.custom_op.general.floatquant import float_quant  # noqa: E402
from qonnx.custom_op.general.intquant import int_quant  # noqa: E402
from qonnx.custom_op.general.multithreshold import multithreshold  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
RNG = np.random.RandomState(7)
GOLDEN = []


def sha(values, dtype):
    return hashlib.sha256(np.ascontiguousarray(values, dtype=dtype).tobytes()).hexdigest()


def hexes(values):
    return [float(v).hex() for v in np.atleast_1d(np.asarray(values, dtype=np.float32)).ravel()]


class Graph:
    """A chain of operators that read one input each; weights hang at the side."""

    def __init__(self, name, exercises):
        self.name, self.exercises = name, exercises
        self.nodes, self.tensors, self.annotations, self.layers, self.diagnostics = [], [], [], [], []
        self.flow = "x"

    def tensor(self, name, value, annotation=None):
        value = np.asarray(value)
        self.tensors.append(value if isinstance(value, TensorProto) else numpy_helper.from_array(value, name))
        if annotation:
            self.annotate(name, annotation)
        return name

    def annotate(self, name, datatype, **others):
        pairs = [("finn_datatype", datatype)] + list(others.items())
        self.annotations.append((name, pairs))

    def node(self, op, inputs, output, name="", domain="", **attributes):
        self.nodes.append(helper.make_node(op, inputs, [output], name=name, domain=domain, **attributes))
        return output

    def step(self, op, weights, name, domain="", **attributes):
        self.flow = self.node(op, [self.flow] + weights, name + "_out", name, domain, **attributes)
        return self.flow

    def expect(self, layer, slot, **fields):
        self.layers.append({"layer": layer, "slot": slot, **fields})

    def says(self, *texts):
        self.diagnostics += texts

    def write(self):
        graph = helper.make_graph(
            self.nodes, self.name, [helper.make_tensor_value_info("x", TensorProto.FLOAT, None)],
            [helper.make_tensor_value_info(self.flow, TensorProto.FLOAT, None)], self.tensors)
        for name, pairs in self.annotations:
            annotation = graph.quantization_annotation.add()
            annotation.tensor_name = name
            for key, value in pairs:
                pair = annotation.quant_parameter_tensor_names.add()
                pair.key, pair.value = key, value
        model = helper.make_model(graph, producer_name="make_qonnx", opset_imports=[helper.make_opsetid("", 14)])
        model.ir_version = 7
        with open(os.path.join(HERE, self.name), "wb") as file:
            file.write(model.SerializeToString(deterministic=True))
        GOLDEN.append({"file": self.name, "exercises": self.exercises, "layers": self.layers,
                       "diagnostics": self.diagnostics})


def affine(bits, signed, scale, codes, zero=0, narrow=False, **more):
    codes = np.asarray(codes)
    values = ((codes.astype(np.float32) - np.float32(zero)) * np.asarray(scale, np.float32)).astype(np.float32)
    return {"kind": "affine", "bits": bits, "signed": signed, "narrow": narrow, "scale": hexes(scale),
            "zero_point": hexes(zero), "codes_sha256_i32": sha(codes, "<i4"),
            "value_sha256": sha(values + np.float32(0), "<f4"), **more}


def finn_types():
    g = Graph("finn_types.onnx", "every type that finn_datatype names; -0.0; values and tensors that are not of the type")
    rows = [("INT2", 2, True, 1), ("INT1", 1, True, 1), ("UINT4", 4, False, 1), ("BINARY", 1, False, 1),
            ("INT17", 17, True, 1), ("FIXED<8,4>", 8, True, 2.0 ** -4), ("FIXED<6, -2>", 6, True, 2.0 ** -8),
            ("FIXED<5,1>", 5, True, 2.0 ** -4)]
    for i, (word, bits, signed, scale) in enumerate(rows):
        low, high = (-2 ** (bits - 1), 2 ** (bits - 1) - 1) if signed else (0, 2 ** bits - 1)
        codes = RNG.randint(low, high + 1, (6, 6))
        codes[0, 0], codes[0, 1], codes[1, 0] = low, high, 0
        values = (codes * np.float32(scale)).astype(np.float32)
        assert np.all(DataType[word].allowed(values.astype(np.float64))), word
        values[1, 0] = -0.0
        layer = "MatMul_%d" % i
        g.tensor(layer + "_w", values, word)
        g.step("MatMul", [layer + "_w"], layer)
        g.expect(layer, "weight", channel_axis=1, **affine(bits, signed, scale, codes))
    ternary = RNG.randint(-1, 2, (6, 6))
    g.tensor("ternary_w", ternary.astype(np.float32), "TERNARY")
    g.step("MatMul", ["ternary_w"], "ternary")
    g.expect("ternary", "weight", channel_axis=1, **affine(2, True, 1, ternary, narrow=True))
    bipolar = RNG.randint(0, 2, (4, 6)) * 2 - 1
    g.tensor("bipolar_w", bipolar.astype(np.float32))  # y = x W^T
    g.node("Transpose", ["bipolar_w"], "bipolar_t", "bipolar_t", perm=[1, 0])
    g.annotate("bipolar_t", "BIPOLAR")
    g.step("MatMul", ["bipolar_t"], "bipolar")
    g.expect("bipolar", "weight", channel_axis=0, **{**affine(1, True, 1, bipolar), "kind": "binary"})
    g.tensor("scaled_w", RNG.randn(6, 6).astype(np.float32), "SCALEDINT<8>")
    g.step("MatMul", ["scaled_w"], "scaled")
    g.expect("scaled", "weight", kind="affine", bits=8, signed=True, narrow=False, scale=None)
    g.says("warning scale-not-stored: The scale of scaled (weight) is not in the file: SCALEDINT<8> by finn_datatype of "
           "scaled_w says its bits alone, so its codes are not known.")
    for word, exponent, mantissa, bias in [("FLOAT<4,3,7>", 4, 3, 7), ("FLOAT<5, 2>", 5, 2, 15), ("FLOAT<3,2,1>", 3, 2, 1)]:
        patterns = RNG.randint(0, 2 ** (1 + exponent + mantissa), (6, 6))
        patterns[0, 0], patterns[0, 1] = 2 ** (exponent + mantissa) - 1, 2 ** (1 + exponent + mantissa) - 1
        values = pattern_values(exponent, mantissa, bias)[patterns]
        assert np.all(DataType[word].allowed(values)), word
        layer = "float_%d%d" % (exponent, mantissa)
        g.tensor(layer + "_w", values, word)
        g.step("MatMul", [layer + "_w"], layer)
        g.expect(layer, "weight", **minifloat(exponent, mantissa, 1, patterns, values))
    g.tensor("plain_w", RNG.randn(6, 6).astype(np.float32), "FLOAT32")
    g.step("MatMul", ["plain_w"], "plain")
    g.expect("plain", "weight", null=True)
    off = RNG.randint(-8, 8, (6, 6)).astype(np.float32)
    off[1, 1], off[2, 0] = 2.5, 100
    codes = np.clip(np.round(off), -8, 7).astype(int)
    g.tensor("off_w", off, "INT4")
    g.step("MatMul", ["off_w"], "off")
    g.expect("off", "weight", channel_axis=1, **affine(4, True, 1, codes))
    g.says("warning datatype-contradicted: The weight of off is INT4 by finn_datatype of off_w, but 2.5 at index 7 is no "
           "such number, and 1 more: the codes shown are the nearest.")
    g.tensor("stored_w", RNG.randint(-8, 8, (6, 6)).astype(np.int8), "INT4")
    g.step("MatMul", ["stored_w"], "stored")
    g.expect("stored", "weight", incomplete=True)  # integers without a scale
    g.says("warning datatype-contradicted: The weight of stored is INT4 by finn_datatype of stored_w, but its tensor holds "
           "int8: such types are said of float tensors, so this one is not taken.")
    g.tensor("unknown_w", np.zeros((6, 6), np.float32), "INT0")
    g.step("MatMul", ["unknown_w"], "unknown")
    g.expect("unknown", "weight", null=True)
    g.says("error quantizer-unreadable: The quantizer of unknown (weight) is not known: the type 'INT0' (finn_datatype of "
           "unknown_w) is not known.")
    g.write()


def finn_thresholds():
    g = Graph("finn_thresholds.onnx", "MultiThreshold and Thresholding with every form of type, scale and bias")
    x = np.linspace(-200, 200, 4001).astype(np.float32)[:, None]

    def row(name, steps, dtype, first, bits, signed, scale=1.0, bias=0.0, zero=0.0, narrow=False, kind="affine",
            op="MultiThreshold", expect_scale=None, channels=4, domain="qonnx.custom_op.general", **attributes):
        thresholds = np.sort(RNG.randint(-100, 100, (channels, steps)), axis=1).astype(np.float32)
        g.tensor(name + "_t", thresholds, "INT32")
        if op == "MultiThreshold":
            attributes.update(out_dtype=dtype, out_scale=scale, out_bias=bias)
        g.step(op, [name + "_t"], name, domain, **attributes)
        value_scale = scale if expect_scale is None else expect_scale
        made = multithreshold(x, thresholds[:1], np.float32(scale), np.float32(bias))  # truth of the levels
        count = multithreshold(x, thresholds[:1])
        if kind == "affine" and zero is not None:
            assert np.array_equal(made, (count + np.float32(first) - np.float32(zero)) * np.float32(value_scale)), name
        if kind == "binary":
            assert np.array_equal(made, (2 * count - 1) * np.float32(value_scale)), name
        g.expect(name, "act", kind=kind, bits=bits, signed=signed, narrow=narrow, scale=hexes(value_scale),
                 zero_point=None if zero is None else hexes(zero), layer_kind=op)

    row("int4", 15, "INT4", -8, 4, True, bias=-8.0)
    row("int4_scaled", 15, "INT4", -8, 4, True, scale=0.25, bias=-2.0)
    row("int4_narrow", 14, "INT4", -7, 4, True, scale=0.5, bias=-3.5, narrow=True)
    row("uint4", 15, "UINT4", 0, 4, False, data_layout="NHWC", channels=1)
    row("bipolar", 1, "BIPOLAR", None, 1, True, scale=2.0, bias=-1.0, kind="binary", expect_scale=1.0,
        domain="finn.custom_op.general")
    row("bipolar_scaled", 1, "BIPOLAR", None, 1, True, scale=0.5, bias=-0.25, kind="binary", expect_scale=0.25)
    row("count", 3, "UINT2", 0, 2, False, scale=0.5, bias=-1.0, zero=2.0)
    row("brevitas", 255, "INT8", 0, 8, False, domain="finn")
    row("between", 3, "UINT2", 0, 2, False, scale=1.0, bias=0.25, zero=None)
    g.says("warning zero-point-not-whole: The zero point of between (act) is not known: MultiThreshold "
           "(qonnx.custom_op.general) node between adds 0.25, which is no whole number of steps of 1.")
    row("float", 3, "FLOAT32", 0, None, False, scale=0.5, bias=0.5, zero=-1.0)
    g.says("warning bit-width-not-stored: The bit width of float (act) is not known: MultiThreshold "
           "(qonnx.custom_op.general) node float says FLOAT32.")
    row("many", 7, "UINT2", 0, 2, False)
    g.says("warning datatype-contradicted: MultiThreshold (qonnx.custom_op.general) node many has 7 thresholds a channel, "
           "and so 8 levels, but its output type has 4 values.")
    row("hardware", 15, "INT4", -8, 4, True, op="Thresholding_rtl", bias=-8.0,
        domain="finn.custom_op.fpgadataflow.rtl", ActVal=-8, outputDataType="INT4", inputDataType="INT16", NumChannels=4)
    row("old", 3, "UINT2", 0, 2, False, op="Thresholding_Batch", domain="finn.custom_op.fpgadataflow",
        outputDataType="UINT2", NumChannels=4)
    g.says("note not-shown: 13 tensors of two or more axes are no layer's weights: thresholds of MultiThreshold (int4_t, "
           "int4_scaled_t, int4_narrow_t, uint4_t, ...), thresholds of Thresholding_Batch (old_t), thresholds of "
           "Thresholding_rtl (hardware_t); --tensors lists all")
    g.write()


def finn_hardware():
    g = Graph("finn_hardware.onnx", "hardware layers of old and new names, with types in attributes")
    hls, old = "finn.custom_op.fpgadataflow.hls", "finn.custom_op.fpgadataflow"
    g.annotate("x", "UINT8", tensor_layout="['N', 'C']")

    def weights(name, shape, low, high, annotation):
        codes = RNG.randint(low, high + 1, shape)
        g.tensor(name, codes.astype(np.float32), annotation)
        return codes

    def thresholds(name, channels, steps):
        g.tensor(name, np.sort(RNG.randint(-99, 99, (channels, steps)), axis=1).astype(np.float32), "INT32")
        return name

    codes = weights("w0", (6, 4), -4, 3, "INT4")
    g.flow = g.node("MVAU_rtl", ["x", "w0", thresholds("t0", 4, 15)], "mvau_out", "", "finn.custom_op.fpgadataflow.rtl",
                    MW=6, MH=4, PE=2, SIMD=3, inputDataType="UINT8", weightDataType="INT3", outputDataType="INT4",
                    accDataType="INT15", ActVal=-8, noActivation=0)
    g.expect("mvau_out", "weight", layer_kind="Linear", channel_axis=1, **affine(3, True, 1, codes),
             formula="value = code * 1\ncode = clamp(round(x / 1 + 0), -4, 3)\n"
                     "MVAU_rtl: MW 6, MH 4, PE 2, SIMD 3, accDataType INT15")
    g.says("note datatypes-differ: The weight of mvau_out is INT3 by an unnamed MVAU_rtl node, attribute weightDataType, and "
           "INT4 by finn_datatype of w0: the former is taken.")
    g.expect("mvau_out", "input", kind="affine", bits=8, signed=False, narrow=False, scale=hexes(1), zero_point=hexes(0))
    g.expect("mvau_out", "output", kind="affine", bits=4, signed=True, narrow=False, scale=hexes(1), zero_point=hexes(0),
             formula="value = code * 1\ncode = (number of thresholds t <= x) - 8\n"
                     "thresholds t: 15 a channel, 't0' of 4 channels")
    codes = weights("w1", (4, 1, 3, 3), -8, 7, None)
    g.step("VVAU_hls", ["w1"], "vvau", hls, Channels=4, Kernel=[3, 3], Dim=[5, 5], PE=4, SIMD=9, inputDataType="INT4",
           weightDataType="INT4", outputDataType="INT12", accDataType="INT12", noActivation=1)
    g.expect("vvau", "weight", layer_kind="Conv2d", channel_axis=0, groups=4, **affine(4, True, 1, codes))
    g.expect("vvau", "input", kind="affine", bits=4, signed=True, narrow=False, scale=hexes(1), zero_point=hexes(0))
    g.expect("vvau", "output", absent=True)  # sums
    codes = weights("w2", (4, 5), 0, 1, "BINARY")
    g.step("StreamingFCLayer_Batch", ["w2", thresholds("t2", 5, 1)], "fc", old, MW=4, MH=5, PE=1, SIMD=4,
           binaryXnorMode=1, inputDataType="BINARY", weightDataType="BINARY", outputDataType="BIPOLAR", ActVal=0)
    g.expect("fc", "weight", layer_kind="Linear", channel_axis=1, **affine(1, False, 1, codes))
    g.expect("fc", "output", kind="binary", bits=1, signed=True, narrow=False, scale=hexes(1), zero_point=hexes(0),
             formula="value = code * 1\ncode = x >= t ? 1 : -1\nthresholds t: 1 a channel, 't2' of 5 channels")
    g.says("note xnor-weights: StreamingFCLayer_Batch (finn.custom_op.fpgadataflow) node fc multiplies by XNOR: the codes 0 "
           "and 1 of its weight stand for -1 and +1.")
    codes = weights("w3", (5, 3), 0, 1, "BINARY")
    g.annotate("fc_out", "BINARY")
    g.step("XnorPopcountMatMul", ["w3"], "xnor", "qonnx.custom_op.general")
    g.expect("xnor", "weight", layer_kind="Linear", channel_axis=1, **affine(1, False, 1, codes))
    g.expect("xnor", "input", absent=True)  # the output of fc says more
    g.says("note xnor-weights: XnorPopcountMatMul (qonnx.custom_op.general) node xnor multiplies by XNOR: the codes 0 and 1 "
           "of its weight stand for -1 and +1.")
    codes = weights("w4", (3, 4), -2, 1, "INT2")
    g.annotate("xnor_out", "UINT3", tensor_layout="['N', 'C']", tensor_sparsity="__import__('os').system('false')")
    g.step("MatMul", ["w4"], "mm")
    g.expect("mm", "weight", channel_axis=1, **affine(2, True, 1, codes))
    g.expect("mm", "input", kind="affine", bits=3, signed=False, narrow=False, scale=hexes(1), zero_point=hexes(0))
    g.annotate("mm_out", "INT8")
    codes = weights("w5", (7, 5), -8, 7, None)
    g.tensor("index", np.array([1, 2], np.int64))
    g.node("Lookup", ["index", "w5"], "lookup_out", "lookup", old, NumEmbeddings=7, EmbeddingDim=5, EmbeddingType="INT4",
           InputType="UINT3")
    g.expect("lookup", "weight", layer_kind="Embedding", **affine(4, True, 1, codes))
    g.says("note not-shown: 2 tensors of two or more axes are no layer's weights: thresholds of MVAU_rtl (t0), thresholds of "
           "StreamingFCLayer_Batch (t2); --tensors lists all")
    g.write()


def pattern_values(exponent, mantissa, bias):
    """Of all patterns, sign in the highest bit."""
    patterns = np.arange(2 ** (1 + exponent + mantissa))
    sign = np.where(patterns >> (exponent + mantissa), -1.0, 1.0)
    biased, fraction = (patterns >> mantissa) & (2 ** exponent - 1), patterns & (2 ** mantissa - 1)
    magnitude = np.where(biased == 0, fraction * 2.0 ** (1 - bias - mantissa),
                         (1 + fraction / 2.0 ** mantissa) * 2.0 ** (biased - float(bias)))
    with np.errstate(over="ignore"):
        return (sign * magnitude).astype(np.float32)


def minifloat(exponent, mantissa, scale, patterns, values, **more):
    return {"kind": "minifloat", "bits": 1 + exponent + mantissa, "signed": True, "narrow": False, "scale": hexes(scale),
            "zero_point": hexes(0), "codes_sha256_i32": sha(patterns, "<i4"),
            "value_sha256": sha(np.asarray(values, np.float32) + np.float32(0), "<f4"), **more}


def float_quants():
    g = Graph("qonnx_floatquant.onnx", "FloatQuant of many formats, rounding modes, overflows; values by qonnx")
    f = np.float32
    rows = [("e4m3", 4, 3, 7, 448, {}, 0.01), ("e4m3_channel", 4, 3, 7, 448, {}, None),
            ("e5m2", 5, 2, 15, 57344, {"has_inf": 1, "has_nan": 1}, 1e-4), ("e2m1", 2, 1, 1, 6, {}, 0.3),
            ("e3m2_bias", 3, 2, 1, 112, {}, 0.02), ("e1m2", 1, 2, 0, None, {}, 0.5), ("e3m0", 3, 0, 3, None, {}, 0.25),
            ("e8m7", 8, 7, 127, 3.3895313892515355e38, {}, 1.0), ("e4m3_floor", 4, 3, 7, 448, {"rounding_mode": "floor"}, 0.01),
            ("e4m3_ceil", 4, 3, 7, 240, {"rounding_mode": "CEIL"}, 0.01),
            ("e4m3_up", 4, 3, 11, 16, {"rounding_mode": "HALF_UP"}, 0.125),
            ("e4m3_nan", 4, 3, 7, 448, {"has_nan": 1, "saturation": 0}, 0.002),
            ("e5m2_inf", 5, 2, 15, 57344, {"has_inf": 1, "has_nan": 1, "saturation": 0}, 1e-5)]
    for name, e, m, bias, largest, attributes, scale in rows:
        x = RNG.randn(8, 16).astype(f)
        x[0, :6] = [0.0, -0.0, 1e-30, 1.9999999, -127.99999, 3.0]
        scales = np.abs(RNG.randn(8, 1)).astype(f) / f(50) + f(1e-3) if scale is None else f(scale)
        attributes = {"has_inf": 0, "has_nan": 0, "has_subnormal": 1, "saturation": 1, "rounding_mode": "ROUND", **attributes}
        with np.errstate(all="ignore"):
            unscaled = float_quant(x, scales, f(e), f(m), f(bias), True, None if largest is None else f(largest),
                                   attributes["has_inf"], attributes["has_nan"], attributes["has_subnormal"],
                                   attributes["rounding_mode"], attributes["saturation"])
        values = unscaled.astype(f)
        grid = pattern_values(e, m, bias)
        if attributes["saturation"] == 0:
            grid[2 ** (e + m) - 1] = np.nan
            if attributes["has_inf"]:
                grid[(2 ** e - 1) << m], grid[((2 ** (e + 1)) - 1) << m] = np.inf, -np.inf
        with np.errstate(all="ignore"):
            table = grid * (np.broadcast_to(scales, x.shape)[..., None] if scale is None else scales)
        table = np.broadcast_to(table.astype(f), x.shape + grid.shape)
        same = (table == values[..., None]) & (np.signbit(table) == np.signbit(x)[..., None])
        same |= np.isnan(table) & np.isnan(values)[..., None]
        assert same.any(axis=-1).all(), name
        patterns = same.argmax(axis=-1)
        finite = np.isfinite(values).all()
        inputs = [g.tensor(name + "_w", x), g.tensor(name + "_s", scales), g.tensor(name + "_e", f(e)),
                  g.tensor(name + "_m", f(m)), g.tensor(name + "_b", f(bias))]
        if largest is not None:
            inputs.append(g.tensor(name + "_x", f(largest)))
        g.node("FloatQuant", inputs, name + "_q", name + "_q", "qonnx.custom_op.general", **attributes)
        g.node("Transpose", [name + "_q"], name + "_qt", name + "_qt", perm=[1, 0])
        g.step("MatMul", [name + "_qt"], name)
        expected = minifloat(e, m, scales, patterns, values)
        if not finite:
            del expected["value_sha256"]
        g.expect(name, "weight", patterns=True, **expected)
    name = "out"
    g.node("FloatQuant", [g.flow] + ["e4m3_" + p for p in "sembx"], "out_q", "out_q", "onnx.brevitas",
           has_inf=0, has_nan=1, has_subnormal=0, saturation=1)
    g.flow = "out_q"
    g.expect("out_q", "act", kind="minifloat", bits=8, signed=True, narrow=False, scale=hexes(0.01), zero_point=hexes(0))
    bad = [("no_grid", 4, 3, 7, 450, {}, "the largest value 450 of FloatQuant node no_grid_q is no value of its format"),
           ("no_code", 4, 3, 7, 480, {"saturation": 0, "has_nan": 1},
            "FloatQuant node no_code_q leaves no code for what is too large: its largest value is 480"),
           ("no_way", 4, 3, 7, 448, {"saturation": 0},
            "FloatQuant node no_way_q does not saturate and has neither infinity nor NaN for what is too large"),
           ("part", 2.5, 3, 7, 448, {}, "the exponent width 2.5 is not a whole number from 1 to 8"),
           ("deep", 4, 3, 900, 1, {}, "a float of 4 exponent and 3 mantissa bits with the bias 900 is not decoded")]
    for name, e, m, bias, largest, attributes, why in bad:
        inputs = [g.tensor(name + "_w", RNG.randn(16, 8).astype(f)), g.tensor(name + "_s", f(1)), g.tensor(name + "_e", f(e)),
                  g.tensor(name + "_m", f(m)), g.tensor(name + "_b", f(bias)), g.tensor(name + "_x", f(largest))]
        g.node("FloatQuant", inputs, name + "_q", name + "_q", "qonnx.custom_op.general",
               **{"has_inf": 0, "has_nan": 0, "has_subnormal": 1, "saturation": 1, **attributes})
        g.step("MatMul", [name + "_q"], name)
        g.expect(name, "weight", null=True)
        g.says("error quantizer-unreadable: The quantizer of %s (weight) is not known: %s." % (name, why))
    g.write()


def int_quants():
    g = Graph("qonnx_intquant.onnx", "every rounding mode where float32 sums lose bits, one bit with a sign, types of inputs")
    f = np.float32
    ties = np.array([0.49999997, -0.49999997, 0.5, -0.5, 1.5, -1.5, 2.5, -2.5, 0.50000006, 8388607.5, 8388609.0, -8388609.0,
                     8388611.0, 4194304.5, -4194305.5, 0.0, -0.0, 1e-30, -1e-30, 16777215.0], f).reshape(4, 5)

    def row(name, x, scale, zero, bits, signed, narrow, mode, dtype=np.float32, zero_dtype=np.float32, op="Quant", kind="affine"):
        values = int_quant(x, np.asarray(scale, f), np.asarray(zero, f), np.asarray(bits), signed, narrow, mode)
        codes = np.asarray(values, np.float64) / np.asarray(scale, np.float64) + zero
        assert np.allclose(codes, np.round(codes), atol=1e-3), name
        assert np.array_equal((np.round(codes).astype(f) - f(zero)) * np.asarray(scale, f), values.astype(f)), name
        inputs = [g.tensor(name + "_w", x), g.tensor(name + "_s", np.asarray(scale, f)),
                  g.tensor(name + "_z", np.asarray(zero, zero_dtype)), g.tensor(name + "_n", np.asarray(bits, dtype))]
        g.node(op, inputs, name + "_q", name + "_q", "qonnx.custom_op.general", signed=int(signed), narrow=int(narrow),
               rounding_mode=mode)
        g.step("MatMul", [name + "_q"], name)
        expected = affine(bits, signed, scale, np.round(codes).astype(int), zero, narrow)
        g.expect(name, "weight", **{**expected, "kind": kind})

    for mode in ("ROUND", "half_even", "CEIL", "Floor", "UP", "DOWN", "HALF_UP", "half_down"):
        row("mode_" + mode, ties, 1.0, 0, 26, True, False, mode, np.int32)
        row("small_" + mode, RNG.randn(8, 8).astype(f), 0.1, 3, 6, False, True, mode, np.int64, np.int64, "IntQuant")
    row("one", np.array([[0.0, -0.0, 1.0], [-1.0, 1e-30, -1e-30]], f), 0.5, 0, 1, True, False, "ROUND", kind="binary")
    row("one_narrow", RNG.randn(4, 4).astype(f), np.array([[0.5], [0.25], [1], [2]], f), 0, 1, True, True, "ROUND", kind="binary")
    row("trailing", RNG.randn(4, 3).astype(f), np.array([0.1, 0.2, 0.3], f), 0, 4, True, True, "ROUND")
    g.tensor("one_z_w", RNG.randn(4, 4).astype(f))
    g.tensor("one_z_z", f(1))
    g.node("Quant", ["one_z_w", "one_s", "one_z_z", "one_n"], "one_z_q", "one_z_q", "qonnx.custom_op.general", signed=1, narrow=0)
    g.step("MatMul", ["one_z_q"], "one_z")
    g.expect("one_z", "weight", null=True)
    g.says("error quantizer-unreadable: The quantizer of one_z (weight) is not known: Quant node one_z_q makes signs of one "
           "bit, with a zero point, which is not decoded.")
    g.write()


def bfloat16_bits(x):
    bits = np.asarray(x, np.float32).view(np.uint32).astype(np.uint64)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def vitis():
    """vai_q_onnx' operators in Python: round(x / scale) + zero_point, clipped to bit_width bits, and back."""
    g = Graph("vitis.onnx", "VaiQuantize pairs, FixNeuron of both forms, wide floats of Quark, block floats")
    f, contrib, quark = np.float32, "ai.onnx.contrib", "com.amd.quark"

    def clipped(x, scale, zero, bits):
        return np.clip(np.round(x / f(scale)) + f(zero), -2 ** (bits - 1), 2 ** (bits - 1) - 1).astype(int)

    def parameters(name, scale, zero):
        return [g.tensor(name + "_s", f(scale)), g.tensor(name + "_z", zero)]

    def pair(name, domain, quantize, dequantize, scale, zero, bits, **attributes):
        x = RNG.randn(6, 6).astype(f)
        x[0, :4] = [0.125, 0.375, -0.125, 4]
        inputs = parameters(name, scale, zero)
        g.node(quantize, [g.tensor(name + "_w", x)] + inputs, name + "_q", name + "_q", domain, **attributes)
        g.node(dequantize, [name + "_q"] + inputs, name + "_d", name + "_d", domain, **attributes)
        g.step("MatMul", [name + "_d"], name)
        g.expect(name, "weight", **affine(bits, True, scale, clipped(x, scale, int(zero), bits), int(zero)))

    pair("vai", contrib, "VaiQuantize", "VaiDeQuantize", 0.25, np.int8(0), 4, bit_width="4")
    pair("vai_old", "vai.quantize", "VaiQuantize", "VaiDeQuantize", 0.03, np.int8(-5), 6, bit_width="6")
    pair("renamed", contrib, "QuantizeLinear", "DequantizeLinear", 0.25, np.int8(0), 3, bit_width=3)
    pair("wide", "com.vai.quantize", "VitisQuantizeLinear", "VitisDequantizeLinear", 0.001, np.int16(7), 16)
    codes = RNG.randint(-128, 128, (6, 6)).astype(np.int8)
    g.node("VaiDeQuantize", [g.tensor("stored_w", codes)] + parameters("stored", 0.5, np.int8(0)), "stored_d", "stored_d",
           contrib, bit_width="5")
    g.step("MatMul", ["stored_d"], "stored")
    g.expect("stored", "weight", **affine(5, True, 0.5, np.clip(codes.astype(int), -16, 15)))
    for name, zero in (("fix_inputs", 3), ("fix_plain", 0)):
        x = RNG.randn(6, 6).astype(f)
        g.node("FixNeuron", [g.tensor(name + "_w", x)] + parameters(name, 0.02, np.int8(zero)), name + "_q", name + "_q",
               contrib, bit_width="8")
        g.step("MatMul", [name + "_q"], name)
        g.expect(name, "weight", **affine(8, True, 0.02, clipped(x, 0.02, zero, 8), zero))
    x = (RNG.randn(6, 6) * 40).astype(f)
    g.node("FixNeuron", [g.tensor("fix_pos_w", x)] + parameters("fix_pos", 4, np.int8(0)), "fix_pos_q", "fix_pos_q", contrib,
           bit_width="5", pos="-2")
    g.step("MatMul", ["fix_pos_q"], "fix_pos")
    g.expect("fix_pos", "weight", **affine(5, True, 4, clipped(x, 4, 0, 5)))
    g.node("FixNeuron", [g.tensor("fix_both_w", x)] + parameters("fix_both", 0.5, np.int8(0)), "fix_both_q", "fix_both_q",
           contrib, bit_width="5", pos="-2")
    g.step("MatMul", ["fix_both_q"], "fix_both")
    g.expect("fix_both", "weight", null=True)
    g.says("error quantizer-unreadable: The quantizer of fix_both (weight) is not known: FixNeuron node fix_both_q has the "
           "scale 0.5 and the zero point 0 by its inputs, and the scale 4 by its attribute pos.")
    x = RNG.randn(6, 6).astype(f)
    x[0, :5] = [3.3e38 * 1.02, 1e-39, -0.0, 1.00390625, 1.01171875]
    zero = helper.make_tensor("bf16_z", TensorProto.BFLOAT16, [], [0])
    g.tensors.append(zero)
    inputs = [g.tensor("bf16_s", f(0.5)), "bf16_z"]
    g.node("ExtendedQuantizeLinear", [g.tensor("bf16_w", x)] + inputs, "bf16_q", "bf16_q", quark)
    g.node("ExtendedDequantizeLinear", ["bf16_q"] + inputs, "bf16_d", "bf16_d", quark)
    g.step("MatMul", ["bf16_d"], "bf16")
    with np.errstate(over="ignore"):
        bits = bfloat16_bits(x / f(0.5))
    g.expect("bf16", "weight", **{k: v for k, v in minifloat(8, 7, 0.5, bits, x).items() if k != "value_sha256"})
    x = RNG.randn(6, 6).astype(f)
    x[0, :4] = [65519, 1e-8, 3e-8, 1.00048828125]
    g.tensors.append(helper.make_tensor("f16_z", TensorProto.FLOAT16, [], [0]))
    inputs = [g.tensor("f16_s", f(1)), "f16_z"]
    g.node("ExtendedQuantizeLinear", [g.tensor("f16_w", x)] + inputs, "f16_q", "f16_q", quark)
    g.node("ExtendedDequantizeLinear", ["f16_q"] + inputs, "f16_d", "f16_d", quark)
    g.step("MatMul", ["f16_d"], "f16")
    half = x.astype(np.float16)
    g.expect("f16", "weight", **minifloat(5, 10, 1, half.view(np.uint16), half))
    stored = bfloat16_bits(RNG.randn(6, 6).astype(f))
    g.tensors.append(helper.make_tensor("bf16_stored_w", TensorProto.BFLOAT16, [6, 6], stored.tobytes(), raw=True))
    g.node("ExtendedDequantizeLinear", ["bf16_stored_w"] + ["bf16_s", "bf16_z"], "bf16_stored_d", "bf16_stored_d", quark)
    g.step("MatMul", ["bf16_stored_d"], "bf16_stored")
    values = (stored.astype(np.uint32) << 16).view(f).reshape(6, 6) * f(0.5)
    g.expect("bf16_stored", "weight", **minifloat(8, 7, 0.5, stored, values))
    g.node("BFPFixNeuron", [g.tensor("block_w", RNG.randn(6, 6).astype(f))], "block_q", "block_q", "com.vai.quantize",
           bfp_method="to_bfp", bit_width=16, block_size=8, axis=1)
    g.step("MatMul", ["block_q"], "block")
    g.expect("block", "weight", null=True)
    g.says("warning dialect-not-decoded: Quantizers written as BFPFixNeuron (to_bfp, 16 bits, blocks of 8) are listed, but not decoded yet.")
    inputs = ["vai_s", "vai_z"]
    g.step("VaiQuantize", inputs, "act", contrib, bit_width="8")
    g.step("VaiDeQuantize", inputs, "act_d", contrib, bit_width="8")
    g.expect("act", "act", kind="affine", bits=8, signed=True, narrow=False, scale=hexes(0.25), zero_point=hexes(0))
    g.step("FixNeuron", [], "fix_act", contrib, bit_width="8", pos="4")
    g.expect("fix_act", "act", kind="affine", bits=8, signed=True, narrow=False, scale=hexes(2.0 ** -4), zero_point=hexes(0))
    g.write()


finn_types()
finn_thresholds()
finn_hardware()
float_quants()
int_quants()
vitis()
with open(os.path.join(HERE, "golden.json"), "w") as file:
    json.dump({"files": GOLDEN}, file, indent=1)
    file.write("\n")
