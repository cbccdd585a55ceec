#include "dialects/brevitas/normed_rules.h"

#include "base/text.h"
#include "dialects/brevitas/input_rules.h"
#include "dialects/brevitas/weight_statistics.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr float kLeastNorm = 1e-10f; ///< pre_scaling_min_val

/// What the L1 norm of a channel may be so that no accumulator overflows.
float accumulatorBound(SlotWork &work, const std::optional<InputQuantizer> &input)
{
    if (!input || input->bits == 0)
        throw SlotFailure{"input-unknown",
            "its codes depend on the bit width and sign of the layer's input: give input, or input_bit_width and "
            "input_signed"};
    const double p = work.facts.storedScalar(work.index, "pre_scaling_impl.accumulator_bit_width.bit_width")
                         .value_or(static_cast<float>(work.spec->accumulatorBits.value_or(32)));
    if (p >= 1 && p <= 64)
        work.slot.accumulatorBits = static_cast<int>(std::ceil(p));
    const double n = input->bits;
    const auto bound = static_cast<float>(work.spec->special == Special::AccumulatorAwareZeroCenter
            ? (std::exp2(p) - 2) / (std::exp2(n) - 1)
            : (std::exp2(p - 1) - 1) * std::exp2((input->isSigned ? 1 : 0) - n));
    work.slot.formula
        = fmt::format("accumulator of {} bits, input {} of {} bits: L1 bound {}\n", p, input->from, n, shortest(bound));
    return bound;
}

/// Per channel.
struct NormedValues {
    std::vector<float> scales, divisors, shifts;
};

NormedValues normedValues(const SlotWork &work, const std::vector<float> &a, const std::vector<float> &v, float bound)
{
    const QuantizerSpec &spec = *work.spec;
    const bool weightNorm = spec.special == Special::WeightNorm;
    const bool centred = spec.special == Special::AccumulatorAwareZeroCenter;
    const auto exp2 = [](float x) { return static_cast<float>(std::exp2(static_cast<double>(x))); };
    const auto atLeast = [](float x, float least) { return std::fabs(x < least ? least : x); };
    const bool linearScale = spec.version < 100;
    const bool linearNorm = (spec.version >= 110 && spec.version < 120) || (spec.version >= 120 && weightNorm);
    const ChannelNorms norms = channelNorms({work.slot.tensor.get(), work.slot.channelAxis},
        weightNorm    ? ChannelNorm::L2
            : centred ? ChannelNorm::CenteredL1
                      : ChannelNorm::L1);
    if (norms.norm.size() != a.size())
        throw SlotFailure{
            "scale-count", fmt::format("{} stored scales do not fit {} output channels", a.size(), norms.norm.size())};
    NormedValues out;
    for (std::size_t c = 0; c < a.size(); ++c) {
        const float stored = linearScale ? a[c] : exp2(a[c]);
        const float s = spec.minimum ? atLeast(stored, *spec.minimum) : std::fabs(stored);
        const float g = atLeast(linearNorm ? v[c] : exp2(v[c]), kLeastNorm);
        const float divisor
            = weightNorm ? s * norms.norm[c] / g : std::max(norms.norm[c] / std::min(g / s, bound), 1e-10f);
        out.scales.push_back(s);
        out.divisors.push_back(divisor);
        if (centred)
            out.shifts.push_back(-norms.mean[c] / divisor);
    }
    return out;
}

} // namespace

void setNormedScale(SlotWork &work, Quantizer &quantizer)
{
    SlotQuantizer &slot = work.slot;
    const auto a = work.stored("scaling_impl.value");
    const auto v = work.stored("pre_scaling_impl.value");
    if (!a || !v || a->empty() || a->size() != v->size())
        throw SlotFailure{"key-missing",
            fmt::format(
                "{} keeps scaling_impl.value and pre_scaling_impl.value, which are not in the file", slot.preset)};
    float bound = 0;
    std::optional<InputQuantizer> input;
    if (work.spec->special != Special::WeightNorm) {
        input = inputOf(work, false);
        bound = accumulatorBound(work, input);
    }
    NormedValues values = normedValues(work, *a, *v, bound);
    slot.formula += fmt::format("scale = {} (channel 0 of {}); code = clamp(round(w / {}))", shortest(values.scales[0]),
        values.scales.size(), shortest(values.divisors[0]));
    quantizer.scale = perChannel(slot, slot.channelAxis, std::move(values.scales));
    quantizer.divisor = perChannel(slot, slot.channelAxis, std::move(values.divisors));
    if (work.spec->special == Special::AccumulatorAwareZeroCenter)
        quantizer.shift = perChannel(slot, slot.channelAxis, std::move(values.shifts));
    quantizer.origin["scale"] = {Origin::Read, "weight_quant.tensor_quant.scaling_impl.value"};
    if (input && input->assumed)
        work.markAssumed(quantizer, "scale", fmt::format("the input ({}) that bounds its accumulator", input->from));
}

} // namespace quantscope
