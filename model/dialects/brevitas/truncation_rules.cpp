#include "dialects/brevitas/truncation_rules.h"

#include "dialects/brevitas/input_rules.h"
#include "quant/fixed_point.h"

#include <cmath>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// What the input's scale is multiplied by. Up to 0.11 nothing: only the codes are shifted. From 0.12 on the shift is
/// in the scale, which for a pool of 2^n elements is that of the input's and the output's bits. Source: Brevitas
/// core/quant/int.py (TruncIntQuant), nn/quant_avg_pool.py, quant_tensor/int_torch_handler.py.
float shiftedBy(const QuantizerSpec &spec, int inputBits)
{
    return spec.version < 120 || inputBits == 0 ? 1.0f : std::ldexp(1.0f, inputBits - spec.bits);
}

std::string codeFormula(const QuantizerSpec &spec)
{
    const std::string_view name = spec.rounding == Rounding::Round ? "round"
        : spec.rounding == Rounding::Floor                         ? "floor"
                                                                   : roundingName(spec.rounding);
    return fmt::format(
        "code = {}(input code / 2^(input bits - {})), where the input is the sum of a pool", name, spec.bits);
}

} // namespace

void resolveTruncation(SlotWork &work)
{
    const QuantizerSpec &spec = *work.spec;
    Quantizer quantizer = startQuantizer(spec, spec.bits);
    work.slot.quantizer = quantizer;
    work.slot.formula = codeFormula(spec);
    const auto input = inputOf(work, true);
    if (!input)
        throw SlotFailure{"input-unknown", "its scale is its input's: give input = \"LAYER\" in the recipe"};
    const float shift = shiftedBy(spec, input->bits);
    quantizer.scale = Granular{{}, {}, {input->scale * shift}};
    quantizer.zeroPoint = Granular{{}, {}, {input->zeroPoint / shift}};
    quantizer.isSigned = input->isSigned;
    quantizer.origin["signed"] = {Origin::Computed, fmt::format("the sign of its input ({})", input->from)};
    quantizer.origin["zero_point"] = {Origin::Computed, fmt::format("the zero point of its input ({})", input->from)};
    quantizer.origin["scale"] = {Origin::Computed,
        fmt::format("the scale of its input ({}){}", input->from, shift == 1 ? "" : ", times " + powerText(shift))};
    if (spec.version >= 120)
        work.markAssumed(quantizer, "scale", "that the pool sums 2^n elements");
    if (input->assumed)
        work.markAssumed(quantizer, "scale", "that input");
    work.slot.quantizer = std::move(quantizer);
}

} // namespace quantscope
