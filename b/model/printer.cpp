#include "dialects/brevitas/printer.h"

namespace quantscope {

std::string_view recipePrinter()
{
    return R"TEXT("""Writes the recipe of a live Brevitas model for QuantScope, with its proofs.

    import quantscope_recipe
    quantscope_recipe.write(model, "model.recipe.toml", example_input)
    torch.save(model.state_dict(), "model.pt")

The recipe says what the live modules compute, whatever the classes that they were made from are called. Its proofs hold
the bit width, sign, scale and zero point of every quantizer and the SHA-256 of its codes; QuantScope compares them with
what it makes of the state_dict. With `example_input` (a tensor, a tuple of arguments or a dict of keywords) the model is
run once, in evaluation mode and without gradients, to see which quantizer feeds which layer: biases whose scale is that
of weight times input need it. Scales that are searched at a first pass are searched then, so save behind it. Needs torch
and Brevitas 0.6.0 or newer, nothing else.
"""
import array
import hashlib
import re
import sys
import types
from collections import OrderedDict

import brevitas
import torch

KINDS = """Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d Linear Embedding EmbeddingBag Bilinear
    ScaleBias BatchNorm2dToQuantScaleBias GateWeight""".split()
SLOTS = """weight bias input output act trunc io cell_state gate_acc input_acc forget_acc cell_acc output_acc
    input_sigmoid forget_sigmoid output_sigmoid cell_tanh hidden_state_tanh""".split()
ROUNDINGS = dict(RoundSte="ROUND", CeilSte="CEIL", FloorSte="FLOOR", RoundToZeroSte="ROUND_TO_ZERO", DPURoundSte="DPU",
                 LearnedRoundSte="LEARNED_ROUND", StochasticRoundSte="STOCHASTIC_ROUND")
EXPONENTS = dict(RoundSte="RoundSte", CeilSte="CeilSte", FloorSte="FloorSte")
LEARNED = dict(LearnedRoundHardSigmoid="HARD_SIGMOID", LearnedRoundSigmoid="SIGMOID", LearnedRoundIdentity="IDENTITY")
RESTRICTIONS = dict(FloatRestrictValue="FP", Identity="FP", LogFloatRestrictValue="LOG_FP",
                    PowerOfTwoRestrictValue="POWER_OF_TWO")
STATISTICS = dict(AbsMax="MAX", AbsAve="AVE", AbsMaxAve="MAX_AVE", MeanSigmaStd="MEAN_SIGMA_STD",
                  MeanLearnedSigmaStd="MEAN_LEARN_SIGMA_STD", AbsPercentile="PERCENTILE", AbsMinMax="MIN_MAX",
                  PercentileInterval="PERCENTILE_INTERVAL")
WIDTHS = dict(BitWidthConst="CONST", BitWidthParameter="PARAMETER", BitWidthStatefulConst="STATEFUL_CONST")
SCALINGS = dict(ConstScaling="CONST", ParameterScaling="PARAMETER", StatsFromParameterScaling="STATS",
                ParameterFromStatsFromParameterScaling="PARAMETER_FROM_STATS",
                ParameterFromRuntimeStatsScaling="PARAMETER_FROM_STATS", RuntimeStatsScaling="STATS")
INT_SCALINGS = dict(IntScaling="IntScaling", PowerOfTwoIntScaling="PowerOfTwoIntScaling")
LEVELS = dict(RescalingIntQuant="INT", BinaryQuant="BINARY", ClampedBinaryQuant="BINARY", TernaryQuant="TERNARY")
PRE_SCALINGS = dict(StatsFromParameterScaling="Decoupled", ParameterPreScalingWeightNorm="NormL2",
                    AccumulatorAwareParameterPreScaling="AccumulatorAware",
                    AccumulatorAwareZeroCenterParameterPreScaling="AccumulatorAwareZeroCenter")
ZERO_POINTS = dict(ZeroZeroPoint="", StatelessBuffer="", StatsFromParameterZeroPoint="Shifted", MinUintZeroPoint="Shifted",
                   ParameterFromRuntimeZeroPoint="ShiftedStored", ParameterFromRuntimeMinZeroPoint="ShiftedStored",
                   ParameterZeroPoint="ShiftedStored", ParameterFromStatsFromParameterZeroPoint="ShiftedStored")
# What only training runs, by the class of its parent: it changes no number of a saved model.
ONLY_TRAINING = dict(
    ParameterFromRuntimeStatsScaling=("stats", "stats_input_view_shape_impl"),
    ParameterFromStatsFromParameterScaling=("parameter_list_stats",),
    ParameterFromRuntimeZeroPoint=("zero_point_stats_impl", "stats_input_view_shape_impl"),
    ParameterFromStatsFromParameterZeroPoint=("parameter_list_stats",), RuntimeStatsScaling=("runtime_stats",))


class Wordless(Exception):
    """A class that no word of a recipe means."""

    def __init__(self, path):
        super(Wordless, self).__init__(path)
        self.path = path


def write(model, path, example_input=None):
    """Writes the recipe of `model` to `path`, a name such as "model.recipe.toml" beside "model.pt"."""
    text = recipe(model, example_input)
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)


def recipe(model, example_input=None):
    """The same as text."""
    training = [(module, module.training) for module in model.modules()]
    delays = [(m, m.quant_delay_steps) for m in model.modules() if hasattr(m, "quant_delay_steps")]
    model.eval()
    try:
        with torch.no_grad():
            return Printer(model, example_input).text()
    finally:
        for module, was in training:
            module.training = was
        for module, steps in delays:
            module.quant_delay_steps = steps


class Slot(object):
    """A quantizer in its place."""

    def __init__(self, layer, name, module, proxy):
        self.layer, self.name, self.module, self.proxy = layer, name, module, proxy
        self.label = "%s:%s" % (layer, name)
        fused = getattr(proxy, "fused_activation_quant_proxy", None)
        self.quant = unwrapped(getattr(fused, "tensor_quant", None) if fused is not None else proxy.tensor_quant)
        self.enabled = bool(proxy.is_quant_enabled)
        self.tensor = getattr(module, name, None) if name in ("weight", "bias") else None

    def input(self):
        """How a recipe names it as somebody's input."""
        return self.layer if self.name == "act" else self.label


class Printer(object):
    def __init__(self, model, example_input):
        self.version = version()
        self.modules, self.slots = [], []
        for name, module in walk(unwrapped(model), "", ()):
            self.modules.append((name, module))
            for key, proxy in module._modules.items():
                if key.endswith("_quant") and key[:-6] in SLOTS and hasattr(proxy, "quant_injector"):
                    self.slots.append(Slot(name, key[:-6], module, proxy))
        self.owners = {}
        for slot in self.slots:
            self.owners.setdefault(id(slot.proxy), slot)
        self.notes = []
        self.run = Run(unwrapped(model), self.slots, self.owners, example_input, self.notes)
        self.proofs = []
        self.entries = OrderedDict((slot.label, self.entry(slot)) for slot in self.slots)

    def text(self):
        head = ["# Written by quantscope_recipe.py from a live model."] + ["# " + printable(n) for n in self.notes]
        head += ['brevitas = "%s"' % self.version] if self.version else ["# which Brevitas it is does not show"]
        blocks = [head]
        for name, module in self.modules:
            blocks.append(self.layer(name, module))
            slots = [key[:-6] for key in module._modules.keys() if key.endswith("_quant")]
            blocks += [self.entries.get("%s:%s" % (name, slot), []) for slot in slots]
        return "\n\n".join("\n".join(block) for block in blocks + self.proofs if block) + "\n"

    def layer(self, name, module):
        """What a state_dict cannot say of a layer; a weight without a quantizer is said to have none."""
        kind = kind_of(module)
        weight = getattr(module, "weight", None) if kind is not None else module._parameters.get("weight")
        if weight is None or name == "" or (kind is None and weight.dim() < 2):
            return []
        lines = []
        if kind is not None:
            lines = ["[[layer]]", "match = " + glob(name), "kind = " + quoted(kind)]
            if hasattr(module, "groups") and hasattr(module, "stride"):
                stride = module.stride
                lines += ["groups = %d" % module.groups,
                          "stride = %d" % (stride if isinstance(stride, int) else stride[0])]
        if not hasattr(module, "weight_quant"):
            lines += [""] * bool(lines) + none(name, "weight")
        return lines

    def entry(self, slot):
        if not slot.enabled or slot.quant is None:
            stored = slot.tensor is not None or slot.quant is not None and any(True for _ in slot.quant.parameters())
            return none(slot.layer, slot.name) if stored else []
        lines = ["[[quantizer]]", "match = " + glob(slot.layer), "slot = " + quoted(slot.name)]
        self.prove(slot)
        owner = self.owners[id(slot.proxy)]
        if owner.module is not slot.module:
            return lines + ["shared_with = " + quoted(owner.label)] + self.input_words(slot)
        try:
            family = family_of(slot)
            words = [("preset", preset_of(slot, family))] + keywords(slot, family) + self.shared_scale(slot)
        except Wordless as own:
            return lines + ["own_class = " + quoted(own.path)]
        except Exception as error:
            return lines + ["own_class = " + quoted(path_of(user_class(slot.proxy.quant_injector))),
                            "# because of %s: %s" % (type(error).__name__, printable(error))]
        return lines + ["%s = %s" % (k, toml(v)) for k, v in words] + self.input_words(slot)

    def shared_scale(self, slot):
        """scaling_impl alone shares the threshold, with int_scaling_impl the scale."""
        mine = getattr(slot.quant, "scaling_impl", None)
        ours = [s for s in self.slots if mine is not None and getattr(s.quant, "scaling_impl", None) is mine]
        if len(set(id(s.proxy) for s in ours)) < 2:
            return []
        owner = next((s for s in ours if divides_by_itself(s)), ours[0])
        if owner.proxy is slot.proxy:
            return []
        if slot.quant.int_scaling_impl is owner.quant.int_scaling_impl:
            return [("scale_shared_with", owner.label)]
        return [("threshold_shared_with", owner.label)]

    def input_words(self, slot):
        """Whose output a quantizer needs; nothing where the layer quantizes its own input."""
        if not needs_input(slot):
            return []
        own = getattr(slot.module, "input_quant", None)
        if slot.name != "trunc" and getattr(own, "is_quant_enabled", False):
            return []
        return self.run.words(slot)

    def prove(self, slot):
        try:
            out = self.run.output(slot)
            if out is not None:
                self.proofs.append(proof(slot, *out))
        except Exception as error:
            self.proofs.append(["# no proof of %s: %s" % (printable(slot.label), printable(error))])


class Fed(object):
    """What a quantizer made, without its values."""

    def __init__(self, out):
        self.scale, self.zero_point, self.signed = out.scale, out.zero_point, out.signed
        self.bits = bits_of(out)

    def makes(self, scale):
        return torch.equal(self.scale.flatten(), scale.flatten())


class Run(object):
    """One pass through the model, and what the quantizers made of it."""

    def __init__(self, model, slots, owners, example, notes):
        self.owners, self.inputs, self.outputs, self.producers = owners, {}, {}, []
        waiting = [s for s in slots if s.enabled and s.quant is not None and needs_input(s)]
        if example is None:
            if waiting:
                notes.append("Without example_input nothing says what feeds %s; they have no proofs either."
                             % ", ".join(s.label for s in waiting))
            return
        hooks = [slot.proxy.register_forward_pre_hook(self.entering) for slot in owners.values()]
        hooks += [slot.proxy.register_forward_hook(self.leaving) for slot in owners.values()]
        try:
            if isinstance(example, dict):
                model(**example)
            else:
                model(*(example if isinstance(example, (tuple, list)) and not is_quantized(example) else (example,)))
        except Exception as error:
            notes.append("The pass of example_input raised %s: %s. What it had not reached has no input here."
                         % (type(error).__name__, error))
        finally:
            for hook in hooks:
                hook.remove()

    def entering(self, proxy, args):
        slot = self.owners.get(id(proxy))
        if slot is not None and args and slot.name in ("input", "trunc") and is_quantized(args[0]):
            self.inputs.setdefault((id(slot.module), slot.name == "trunc"), (Fed(args[0]), len(self.producers)))

    def leaving(self, proxy, args, out):
        slot = self.owners.get(id(proxy))
        if slot is None or not slot.enabled or not is_quantized(out):
            return
        if slot.name in ("weight", "bias"):
            self.outputs.setdefault((id(proxy), args[0].data_ptr()), out)  # layers pass views of their weight
        else:
            self.producers.append((slot, Fed(out)))
            self.outputs.setdefault((id(proxy), None), self.producers[-1][1])

    def output(self, slot):
        """(float tensor, QuantTensor) of a live quantizer; None where only a pass could tell."""
        x = slot.tensor
        if needs_input(slot):
            seen = self.outputs.get((id(slot.proxy), None if x is None else x.data_ptr()))
            return None if seen is None else (x, seen)
        if x is None:
            return None, slot.proxy(slot.proxy._zero_hw_sentinel())
        return x, slot.proxy(x)

    def words(self, slot):
        fed, before = self.inputs.get((id(slot.module), slot.name == "trunc"), (None, 0))
        if fed is None:
            return []
        scale = fed.scale
        alike = [(s, out) for s, out in self.producers[:before] if out.makes(scale)]
        shifts = slot.name == "trunc" and not brevitas_is_before((0, 12))  # its scale, by the bits that it drops
        if shifts or slot.name == "weight" or getattr(slot.proxy, "requires_input_bit_width", False):
            alike = [(s, out) for s, out in alike if out.bits == fed.bits and bool(out.signed) == bool(fed.signed)]
        alike = [s for s, out in alike if out.scale is scale] or [s for s, out in alike]
        if alike:
            return ["input = " + quoted(alike[-1].input())]
        if scale.numel() != 1:
            return ["# its input has %d scales" % scale.numel()]
        return ["input_scale = " + toml(float(scale)), "input_bit_width = %d" % fed.bits,
                "input_signed = " + toml(bool(fed.signed))]


def needs_input(slot):
    """Scale of weight times input, bits and sign of the input (A2Q), scale of the input (truncation)."""
    if slot.name == "bias":
        return bool(getattr(slot.proxy, "requires_input_scale", False))
    return slot.name == "trunc" or slot.name == "weight" and bool(getattr(slot.proxy, "requires_quant_input", False))


def family_of(slot):
    """What no keyword changes: a part of the names of the presets that have it, or another sign of them."""
    kind = computing_class(slot.quant)
    if getattr(slot.proxy, "is_groupwise", False):
        return "Grouped"
    if slot.name == "trunc":
        return word({"TruncIntQuant": "Trunc"}, slot.quant)
    if kind == "FloatQuant":
        return "Minifloat"
    if kind in ("PrescaledRestrictIntQuant", "PrescaledRestrictIntQuantWithInputBitWidth"):
        return "External"
    if kind in ("DecoupledRescalingIntQuant", "DecoupledRescalingIntQuantWithInput"):
        return word(PRE_SCALINGS, slot.quant.pre_scaling_impl)
    word(LEVELS, slot.quant)
    return word(ZERO_POINTS, slot.quant.zero_point_impl) if hasattr(slot.quant, "zero_point_impl") else ""


def family_of_preset(name):
    for part in ("NormL2", "AccumulatorAwareZeroCenter", "AccumulatorAware", "Decoupled"):
        if part in name:
            return part
    if "MX" in name or "Group" in name:
        return "Grouped"
    if re.match("Fp[0-9A-Z]", name):
        return "Minifloat"
    if "Trunc" in name or "RoundTo8bit" in name or "ShiftRound" in name:
        return "Trunc"
    if re.match("Int[0-9]*Bias$", name):
        return "External"
    stored = "MSE" in name or "HQO" in name or "Act" in name
    return "" if not name.startswith("Shifted") else "ShiftedStored" if stored else "Shifted"


def preset_of(slot, family):
    """The nearest preset among the ancestors that computes in the same way, else the one that is least special."""
    kind = dict(weight="Weight", bias="Bias", trunc="Trunc").get(slot.name, "Act")
    for cls in slot.proxy.quant_injector.__mro__:
        if is_preset(cls) and family_of_preset(cls.__name__) == family and same_parts(slot, cls, family):
            return cls.__name__
    if family == "Trunc":
        return "TruncTo8bit"
    if family in ("", "External"):
        return kind + "QuantSolver"
    if family == "ShiftedStored" and kind == "Act":
        return "ShiftedUint8ActPerTensorFloat"
    if kind == "Weight" and family == "Shifted":
        return "ShiftedUint8WeightPerTensorFloat"
    if kind == "Weight" and family == "ShiftedStored" and not brevitas_is_before((0, 10)):
        return "ShiftedUint8WeightPerTensorFloatMSE"
    raise Wordless(path_of(user_class(slot.proxy.quant_injector)))


def is_preset(cls):
    module = cls.__module__
    return (module.startswith("brevitas.quant.") and ".solver" not in module and not module.endswith("base")
            and not cls.__name__.startswith("None"))


def same_parts(slot, preset, family):
    """Presets that are made of classes alone take no words for them: theirs must be the live ones."""
    if family in ("", "External", "Trunc", "Shifted", "ShiftedStored", "Grouped"):
        name = preset.__name__
        searched = "MSE" in name or "HQO" in name and not name.startswith("Shifted")
        if searched and computing_class(getattr(slot.quant, "scaling_impl", slot.quant)) == "StatsFromParameterScaling":
            return False  # what it searches is not used
        binary = name.startswith("SignedBinary")
        return not binary or computing_class(slot.quant) in ("BinaryQuant", "ClampedBinaryQuant")
    if family == "Minifloat":
        return all(float(getattr(slot.quant, part)()) == float(getattr(preset, part))
                   for part in ("exponent_bit_width", "mantissa_bit_width", "exponent_bias"))
    parts = [(getattr(slot.quant.decoupled_int_quant, "float_to_int_impl"), "float_to_int_impl", "RoundSte"),
             (slot.quant.int_scaling_impl, "int_scaling_impl", None),
             (restriction_of(slot.quant.scaling_impl)[0], "restrict_scaling_impl", "FloatRestrictValue")]
    pre = slot.quant.pre_scaling_impl
    norm = getattr(pre, "stats", None)  # of weight norm; decoupled ones take a statistic
    parts.append((pre.parameter_list_stats.stats.stats_impl, "scaling_stats_impl", None) if norm is None
                 else (norm.stats_impl, "normalize_stats_impl", None))
    for live, key, otherwise in parts:
        theirs = getattr(preset, key, None) if key in preset.__dependencies__ else None
        if computing_class(live) != (computing_class(theirs) if theirs is not None else otherwise):
            return False
    return True


def keywords(slot, family):
    """The keywords of what is computed."""
    quant, words = slot.quant, []
    own = own_module(quant)
    if own is not None:
        raise Wordless(class_path(own))
    if family in ("Minifloat", "Grouped"):
        return words  # their presets say it all
    core = getattr(quant, "int_quant", getattr(quant, "decoupled_int_quant", None))
    if family == "" and not preset_of(slot, family).startswith("SignedBinary"):
        words.append(("quant_type", word(LEVELS, quant)))
    if hasattr(quant, "threshold"):
        words.append(("threshold", float(quant.threshold)))
    words += width_words(slot, family)
    if core is not None:
        words += [("signed", bool(core.signed)), ("narrow_range", bool(core.narrow_range))]
        rounding = core.float_to_int_impl
    else:
        rounding = getattr(quant, "float_to_int_impl", None)
    if family not in PRE_SCALINGS.values() and rounding is not None:
        words += rounding_words(rounding)
    if family in ("AccumulatorAware", "AccumulatorAwareZeroCenter"):
        words.append(("accumulator_bit_width", int(quant.pre_scaling_impl.accumulator_bit_width())))
    if family in PRE_SCALINGS.values():
        words += minimum_words(restriction_of(quant.scaling_impl)[1], "FP", slot.proxy.quant_injector)
    if family in ("", "Shifted", "ShiftedStored"):
        words += scaling_words(slot)
    if preset_of(slot, family) == "BiasQuantSolver":
        words += [("quant_type", "INT")] * (family == "External")
        words += [(key, bool(from_injector(slot.proxy.quant_injector, key)))
                  for key in ("requires_input_scale", "requires_input_bit_width")]
    if family in ("Shifted", "ShiftedStored"):
        words.append(("quantize_zero_point", rounds_zero_point(quant.zero_point_impl)))
    return words


def width_words(slot, family):
    impl = getattr(slot.quant, "msb_clamp_bit_width_impl", None)
    if impl is None or computing_class(slot.quant) == "PrescaledRestrictIntQuantWithInputBitWidth":
        return []
    kind = word(WIDTHS, impl)
    words = [("bit_width", int(impl()))]
    if family in PRE_SCALINGS.values():
        return words
    words.append(("bit_width_impl_type", kind))
    return words + ([("min_bit_width", int(impl.bit_width_base))] if kind == "PARAMETER" else [])


def rounding_words(impl):
    words = [("float_to_int_impl_type", word(ROUNDINGS, impl))]
    decision = getattr(impl, "learned_round_impl", None)  # only training may need it
    if decision is not None:
        words.append(("learned_round_impl_type", word(LEARNED, decision)))
        for key in ("learned_round_gamma", "learned_round_zeta"):
            if hasattr(decision, key):
                words.append((key, float(getattr(decision, key))))
    return words


def restriction_of(scaling):
    """(restriction, clamp) of a scaling_impl."""
    holder = getattr(scaling, "stats_scaling_impl", scaling)
    both = getattr(holder, "restrict_clamp_scaling", None)
    if both is not None:
        return both.restrict_value_impl, both.clamp_min_ste
    return holder.restrict_scaling.restrict_value_impl, holder.clamp_scaling.clamp_min_ste


def scaling_words(slot):
    scaling, injector = slot.quant.scaling_impl, slot.proxy.quant_injector
    source = word(SCALINGS, scaling)
    affine = getattr(getattr(scaling, "stats_scaling_impl", None), "affine_rescaling", None)
    if source == "STATS" and affine is not None and computing_class(affine) != "Identity":
        source = "AFFINE_STATS"
    restriction, clamp = restriction_of(scaling)
    words = [("scaling_impl_type", source), ("restrict_scaling_type", word(RESTRICTIONS, restriction))]
    if words[1][1] == "POWER_OF_TWO":
        words.append(("restrict_value_float_to_int_impl", word(EXPONENTS, restriction.float_to_int_impl)))
    words += divisor_words(slot, words[1][1])
    words += minimum_words(clamp, words[1][1], injector)
    words += granularity_words(slot)
    if computing_class(scaling) == "StatsFromParameterScaling":
        words += statistic_words(scaling.parameter_list_stats.stats.stats_impl, injector)
    if source == "CONST":
        words += constant_words(slot, words[1][1])
    return words


def minimum_words(clamp, restriction, injector):
    """The lowest threshold; 0 where the preset has one and the live quantizer none."""
    least = getattr(clamp, "min_val", None)
    if least and restriction != "FP" and brevitas_is_before((0, 8)):
        least = 2.0 ** least  # which took it into the logarithm
    if least:
        return [("scaling_min_val", float(least))]
    usual = any(from_injector(cls, "scaling_min_val") for cls in injector.__mro__ if is_preset(cls))
    return [("scaling_min_val", 0.0)] if usual else []


def divisor_words(slot, restriction):
    """The integer threshold follows from the restriction; a class that was changed alone is said."""
    divisor = getattr(slot.quant, "int_scaling_impl", None)
    if divisor is None:
        return []
    name = word(INT_SCALINGS, divisor)
    usual = "PowerOfTwoIntScaling" if restriction == "POWER_OF_TWO" else "IntScaling"
    return [("int_scaling_impl", name)] if name != usual else []


def divides_by_itself(slot):
    """Whether its integer threshold is that of its own codes, not of a quantizer that it shares its scale with."""
    core, divisor = slot.quant.int_quant, slot.quant.int_scaling_impl
    return (getattr(divisor, "signed", core.signed) in (None, core.signed)
            and getattr(divisor, "narrow_range", core.narrow_range) == core.narrow_range)


def granularity_words(slot):
    shape = tuple(scale_shape(slot.quant.scaling_impl))
    zero = getattr(slot.quant, "zero_point_impl", None)
    if not shape and hasattr(zero, "scale_shift_zero_point"):
        shape = tuple(scale_shape(zero))  # of a scale that is constant
    per_channel = len(shape) > 0
    words = [("scaling_per_output_channel", per_channel)]
    if per_channel and slot.name not in ("weight", "bias"):
        words.append(("per_channel_broadcastable_shape", shape))
    return words


def scale_shape(scaling):
    """Of the live module: the classes' words for it were renamed."""
    for holder in (scaling, getattr(scaling, "parameter_list_stats", None), getattr(scaling, "runtime_stats", None)):
        stats = getattr(holder, "stats", None)
        if hasattr(stats, "stats_output_shape"):
            return stats.stats_output_shape
    value = scaling.value
    return value.shape if isinstance(value, torch.Tensor) else value().shape


def statistic_words(impl, injector):
    words = [("scaling_stats_op", word(STATISTICS, impl))]
    if hasattr(impl, "sigma"):
        words.append(("sigma", float(impl.sigma())))
    old = brevitas_is_before((0, 8))
    for attribute, key in (("q", "percentile_q" if old else "high_percentile_q"), ("high_q", "high_percentile_q"),
                           ("low_q", "low_percentile_q")):
        if getattr(impl, attribute, None) is not None:
            words.append((key, float(getattr(impl, attribute))))
    return words


def constant_words(slot, restriction):
    """A threshold that is stored nowhere. Numbers go through Python's logarithm, tensors through torch's."""
    given = from_injector(slot.proxy.quant_injector, "scaling_init")
    if isinstance(given, (int, float)):
        return [("scaling_init", float(given))]
    value = given if isinstance(given, torch.Tensor) else slot.quant.scaling_impl.value()
    if restriction != "FP" and not isinstance(given, torch.Tensor):
        value = 2.0 ** value
    threshold = float(value)
    if slot.name in ("weight", "bias"):
        return [("scaling_const", threshold)]
    return [("min_val", -threshold), ("max_val", threshold)]


def rounds_zero_point(impl):
    shift = getattr(impl, "scale_shift_zero_point", None)
    return bool(getattr(shift, "quantize_zero_point", True))


def proof(slot, x, out):
    """The numbers of a quantizer and the hash of its codes, as QuantScope computes both."""
    scale = out.scale.detach().float().cpu()
    core = getattr(slot.quant, "int_quant", getattr(slot.quant, "decoupled_int_quant", slot.quant))
    signed = getattr(core, "signed", None)
    signed = out.signed if signed is None else signed
    if computing_class(slot.quant) in ("BinaryQuant", "ClampedBinaryQuant", "TernaryQuant"):
        signed = True  # -1, (0,) 1, whatever a keyword says
    zero = out.zero_point.detach().float().cpu()
    if 1 not in (zero.numel(), scale.numel()):
        scale, zero = torch.broadcast_tensors(scale, zero)
    lines = ["[[proof]]", "layer = " + quoted(slot.layer), "slot = " + quoted(slot.name),
             "bit_width = %d" % bits_of(out), "signed = " + toml(True if signed is None else bool(signed)),
             "scale = " + hexadecimal(scale), "zero_point = " + hexadecimal(zero)]
    sha256 = None if x is None else hash_of(codes(slot, x, out))
    return lines + (["codes_sha256_i32 = " + quoted(sha256)] if sha256 else [])


def codes(slot, x, out):
    """The live integers, in float32; None for minifloats and where something is not finite."""
    if not hasattr(out, "bit_width") or computing_class(slot.quant) == "FloatQuant":
        return None
    if not bool(torch.isfinite(out.scale).all()) or not bool(torch.isfinite(x).all()):
        return None
    plain = ("RescalingIntQuant", "PrescaledRestrictIntQuant", "PrescaledRestrictIntQuantWithInputBitWidth")
    if computing_class(slot.quant) in plain:
        return slot.quant.int_quant.to_int(out.scale, out.zero_point, out.bit_width, x)
    value, scale, zero = out.value.double(), out.scale.double(), out.zero_point.double()
    return torch.round(value / scale + zero)


def hash_of(numbers):
    """SHA-256 of the numbers as int32, little endian, row by row; None where one of them does not fit."""
    if numbers is None or not bool(torch.isfinite(numbers).all()):
        return None
    flat = numbers.detach().double().cpu().contiguous().view(-1)
    if flat.numel() and (float(flat.min()) < -2 ** 31 or float(flat.max()) > 2 ** 31 - 1):
        return None
    sha256 = hashlib.sha256()
    for begin in range(0, flat.numel(), 1 << 20):
        words = array.array("i", flat[begin:begin + (1 << 20)].to(torch.int32).tolist())
        if sys.byteorder == "big":
            words.byteswap()
        sha256.update(words.tobytes())
    return sha256.hexdigest()


def walk(module, name, above):
    """(name, module) of every module, under each of its names. Quantizers are not entered."""
    yield name, module
    for key, child in module._modules.items():
        if child is not None and not hasattr(child, "quant_injector") and all(child is not m for m in above):
            for found in walk(child, name + "." + key if name else key, above + (module,)):
                yield found


def unwrapped(module):
    """The model in DataParallel and torch.compile, whose names are not part of a layer's."""
    while module is not None:
        parts = dict(module._modules.items())  # scripted ones have no get()
        inner = parts.get("_orig_mod")
        if inner is None and type(module).__name__ in ("DataParallel", "DistributedDataParallel"):
            inner = parts.get("module")
        if inner is None:
            break
        module = inner
    return module


def computing_class(module):
    """The name of Brevitas' class that computes what `module` does; None when it is one of the user's own."""
    if hasattr(module, "original_name"):
        return module.original_name if class_path(module).startswith(("brevitas.", "torch.")) else None
    for cls in type(module).__mro__:
        if cls.__module__.startswith(("brevitas.", "torch.")):
            return cls.__name__
        methods = (types.FunctionType, property, staticmethod, classmethod)
        if any(isinstance(member, methods) and name != "__init__" for name, member in vars(cls).items()):
            return None
    return None


def own_module(module):
    """The first module below, itself included, that is the user's own and that evaluation runs."""
    kind = computing_class(module)
    if kind is None:
        return module
    for key, child in module._modules.items():
        if child is not None and key not in ONLY_TRAINING.get(kind, ()):
            found = own_module(child)
            if found is not None:
                return found
    return None


def word(table, module):
    name = computing_class(module)
    if name not in table:
        raise Wordless(class_path(module))
    return table[name]


def user_class(injector):
    """The first class of an injector's ancestors that somebody wrote; keyword arguments make classes of their own."""
    for cls in injector.__mro__:
        if not cls.__module__.startswith(("_dependencies", "dependencies", "brevitas.inject")):
            return cls
    return injector


def from_injector(injector, key):
    try:
        return getattr(injector, key)
    except Exception:
        return None  # it has no such keyword


def kind_of(module):
    for cls in type(module).__mro__:
        for name in (cls.__name__, re.sub("^Quant", "", cls.__name__)):
            if name in KINDS and cls.__module__.startswith(("brevitas.", "torch.")):
                return name
    return None


def is_quantized(x):
    return getattr(x, "scale", None) is not None and hasattr(x, "zero_point") and hasattr(x, "value")


def bits_of(out):
    if isinstance(out, Fed):
        return out.bits
    if not hasattr(out, "exponent_bit_width"):
        return int(round(float(out.bit_width)))
    return int(out.exponent_bit_width) + int(out.mantissa_bit_width) + 1


def version():
    """Its numbers alone: what is built from a repository has more behind them."""
    text = getattr(brevitas, "__version__", None)
    if text is None:
        try:
            from importlib.metadata import version as installed
            text = installed("brevitas")
        except Exception:
            return None
    numbers = re.match(r"[0-9]+\.[0-9]+(\.[0-9]+)?", str(text))
    return numbers.group() if numbers else None


def brevitas_is_before(numbers):
    text = version()
    return text is not None and tuple(int(n) for n in text.split(".")[:2]) < numbers


def class_path(module):
    """"module.Class", also of what BREVITAS_JIT=1 scripted."""
    if not hasattr(module, "original_name"):
        return path_of(type(module))
    name = module._c._type().qualified_name()
    return re.sub(r"^__torch__\.|\.?___torch_mangle_[0-9]+", "", name)


def path_of(cls):
    return "%s.%s" % (cls.__module__, getattr(cls, "__qualname__", cls.__name__))


def none(layer, slot):
    return ["[[quantizer]]", "match = " + glob(layer), "slot = " + quoted(slot), 'preset = "None"']


def printable(text):
    return re.sub(r"[\x00-\x1f\x7f]", lambda c: "\\x%02x" % ord(c.group()), str(text))


def quoted(text):
    text = str(text).replace("\\", "\\\\").replace('"', '\\"')
    return '"%s"' % re.sub(r"[\x00-\x1f\x7f]", lambda c: "\\u%04x" % ord(c.group()), text)


def glob(name):
    return quoted(re.sub(r"([*?[])", r"[\1]", name))


def toml(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return quoted(value)
    return str(list(value)) if isinstance(value, tuple) else repr(value)


def hexadecimal(numbers):
    """C99 hexadecimal, as %a prints it."""
    words = (re.sub(r"\.?0*p", "p", number.hex(), 1) for number in numbers.contiguous().view(-1).tolist())
    return "[%s]" % ", ".join('"%s"' % word for word in words)
)TEXT";
}

} // namespace quantscope
