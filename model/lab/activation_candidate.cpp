#include "lab/activation_candidate.h"

#include "base/text.h"
#include "dialects/brevitas/lab_quantizers.h"
#include "dialects/brevitas/scale_rules.h"
#include "dialects/brevitas/spec.h"

#include <cmath>
#include <stdexcept>

namespace quantscope {

namespace {

constexpr const char *kRunningThreshold = "scaling_impl.runtime_stats.running_stats",
                     *kLearnedThreshold = "scaling_impl.value";
constexpr const char *kGiveRange = "range=max or a percentile such as range=99.9 takes one from data";

/// What an activation has for a threshold now.
struct ThresholdInForce {
    enum class Form { Constant, Stored, StoredLogarithm };
    Form form = Form::Constant;
    float threshold = 0; ///< not rounded to a power of two
    bool perTensor = true;
};

std::optional<ThresholdInForce> storedThreshold(
    const BrevitasFacts &facts, SlotIndex index, const QuantizerSpec &inForce)
{
    const auto read = [&](const char *field) {
        auto own = facts.stored(index, field);
        const auto owner = facts.slots[index].owner;
        return own || !owner ? own : facts.stored(*owner, field);
    };
    if (read(kRunningThreshold)) // statistics with a factor: what became of them is not the threshold of another
        return std::nullopt;
    const auto value = read(kLearnedThreshold);
    if (!value || value->empty() || !std::isfinite(value->front()))
        return std::nullopt;
    QuantizerSpec unrounded = inForce;
    const bool isLogarithm = inForce.restriction != Restriction::Float;
    if (isLogarithm)
        unrounded.restriction = Restriction::LogFloat;
    return ThresholdInForce{isLogarithm ? ThresholdInForce::Form::StoredLogarithm : ThresholdInForce::Form::Stored,
        std::fabs(thresholdFromStored(value->front(), unrounded)), value->size() == 1};
}

std::optional<ThresholdInForce> thresholdInForce(const BrevitasFacts &facts, SlotIndex index)
{
    const SlotQuantizer &slot = facts.slotOf(index);
    SlotSettings settings;
    settings.preset = slot.preset;
    settings.overrides = slot.overrides;
    auto spec = makeSpec(settings, facts.version);
    if (!spec)
        return std::nullopt;
    if (spec->source == ScaleSource::Constant && spec->constant)
        return ThresholdInForce{ThresholdInForce::Form::Constant, *spec->constant, true};
    if (spec->source != ScaleSource::Stored)
        return std::nullopt;
    const StateQuantizer *keys = facts.ownOrOwnersKeys(index);
    if (keys != nullptr && keys->before06)
        takeDefaultsBefore06(*spec, settings);
    return storedThreshold(facts, index, *spec);
}

} // namespace

tl::expected<SlotQuantizer, std::string> fixedActivation(const SlotQuantizer &file, const SlotSettings &candidate)
{
    try {
        SlotQuantizer out = file;
        out.quantizer = labQuantizer(candidate.preset, candidate, file);
        out.preset = candidate.preset;
        out.overrides = candidate.overrides;
        out.sharedWith.clear();
        out.presetAssumed = out.assumed = false;
        return out;
    } catch (const std::invalid_argument &error) {
        return tl::unexpected(std::string(error.what()));
    }
}

SlotSettings withThreshold(SlotSettings candidate, float threshold)
{
    candidate.overrides.emplace_back("scaling_impl_type", "const");
    candidate.overrides.emplace_back("scaling_init", shortest(threshold));
    return candidate;
}

tl::expected<SlotSettings, std::string> activationSettings(
    const Network &network, const BrevitasFacts &facts, SlotIndex index, SlotSettings candidate)
{
    if (isLabQuantizer(candidate.preset)) // of weights: resolving it says so
        return candidate;
    if (const StateQuantizer *keys = facts.keysOf(index); keys != nullptr && keys->torchAo)
        return tl::unexpected(
            std::string("the file says what torch.ao observed there, and no preset stands in its place"));
    const auto spec = makeSpec(candidate, facts.version);
    if (!spec)
        return tl::unexpected(spec.error());
    if (!spec->decoded || spec->off || spec->source == ScaleSource::Constant)
        return candidate;
    if (spec->source != ScaleSource::Stored)
        return tl::unexpected(std::string("its numbers are statistics of training batches, which the file has not"));
    if (spec->zeroPoint != ZeroPointSource::None || spec->bitsStored.value_or(false) || spec->initialised)
        return tl::unexpected(std::string("its numbers are trained or searched and stored: only the candidate \"file\" "
                                          "shows them"));
    if (traitsOf(network.dialect).saysItself)
        return tl::unexpected(std::string("the file has the scale of this activation and no threshold to compute "
                                          "another from; ap_fixed<W,I>, ap_ufixed<W,I> and float need none, and ")
            + kGiveRange);
    const auto now = thresholdInForce(facts, index);
    if (!now)
        return tl::unexpected(
            std::string("the file stores no threshold for it that another quantizer could use; ") + kGiveRange);
    using Form = ThresholdInForce::Form;
    if (now->form == (spec->restriction == Restriction::Float ? Form::Stored : Form::StoredLogarithm))
        return candidate;
    if (!now->perTensor)
        return tl::unexpected(
            std::string("the file stores a threshold for each channel, as another kind of number than it reads"));
    return withThreshold(candidate, now->threshold);
}

} // namespace quantscope
