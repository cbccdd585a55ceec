"""Writes the recipe of a live Brevitas model for QuantScope.

    import quantscope_recipe
    quantscope_recipe.write(model, "model.recipe.toml")

Needs torch and Brevitas 0.6.0 to 0.12.1, nothing else.
"""
from enum import Enum

import brevitas

KEYS = """bit_width min_bit_width bit_width_impl_type narrow_range signed quant_type threshold accumulator_bit_width
    scaling_per_output_type scaling_per_output_channel per_channel_broadcastable_shape restrict_scaling_type
    restrict_value_float_to_int_impl scaling_impl_type scaling_stats_op sigma high_percentile_q low_percentile_q
    percentile_q scaling_init scaling_const scaling_min_val min_val max_val float_to_int_impl_type
    learned_round_impl_type learned_round_gamma learned_round_zeta quantize_zero_point""".split()


def known(cls):
    """The class of Brevitas itself that a class of yours is made from."""
    own = ("brevitas.nn", "brevitas.quant")
    return next((c for c in cls.__mro__ if c.__module__.startswith(own)), cls).__name__


def toml(value):
    value = value._get_name() if hasattr(value, "_get_name") else value.value if isinstance(value, Enum) else value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"%s"' % value
    return str(list(value)) if isinstance(value, tuple) else "%.17g" % float(value)


def write(model, path, example_input=None):
    """Writes the recipe of `model` to `path`."""
    lines = ['brevitas = "%s"' % brevitas.__version__]
    owners = {}
    for name, module in model.named_modules():
        if hasattr(module, "weight_quant") and hasattr(module, "stride"):
            lines += ["", "[[layer]]", 'match = "%s"' % name, 'kind = "%s"' % known(type(module))[5:],
                      "groups = %d" % module.groups, "stride = %d" % module.stride[0]]
        for slot in ("weight", "bias", "input", "output", "act", "trunc"):
            proxy = getattr(module, slot + "_quant", None)
            if getattr(proxy, "is_quant_enabled", False) and hasattr(proxy, "quant_injector"):
                lines += entry(name, slot, proxy, owners)
    with open(path, "w", encoding="utf-8") as out:
        out.write("\n".join(lines) + "\n")


def entry(layer, slot, proxy, owners):
    lines = ["", "[[quantizer]]", 'match = "%s"' % layer, 'slot = "%s"' % slot]
    owner = owners.setdefault(id(proxy), "%s:%s" % (layer, slot))
    if owner != "%s:%s" % (layer, slot):
        return lines + ['shared_with = "%s"' % owner]
    lines.append('preset = "%s"' % known(proxy.quant_injector))
    for key in KEYS:
        try:
            lines.append("%s = %s" % (key, toml(getattr(proxy.quant_injector, key))))
        except Exception:
            pass  # this quantizer has no such keyword
    return lines
