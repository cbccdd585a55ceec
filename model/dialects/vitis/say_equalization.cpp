#include "dialects/vitis/say_equalization.h"

#include "base/file_name.h"
#include "base/text.h"
#include "dialects/vitis/equalization_check.h"
#include "quant/fixed_point.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope::vitis {

namespace {

constexpr const char *kHasThem = "the *_int.xmodel or *_int.onnx of quantize_result has the codes";

SlotQuantizer &slotIn(Network &network, const SlotId &id) { return *network.layers[position(id.layer)].slot(id.slot); }

std::string slotLabel(const Network &network, const SlotId &id)
{
    return fmt::format("{} {}", network.layer(id.layer).name, id.slot);
}

std::string namesOf(const Network &network, const std::vector<LayerId> &layers)
{
    std::vector<std::string> names;
    for (const LayerId id : layers)
        names.push_back(network.layer(id).name);
    return firstNames(names);
}

/// "conv1 weight has position 8, and 9 is that of this checkpoint's values".
std::string proofText(Network &network, const EqualizedChain &chain)
{
    std::vector<std::string> out;
    for (const EqualizedSlot &changed : chain.slots)
        if (!changed.ownFits)
            out.push_back(fmt::format("{} has position {}, and {} is that of this checkpoint's values",
                slotLabel(network, changed.slot),
                fractionalBits(slotIn(network, changed.slot).quantizer->scale->values[0]).value_or(0),
                fmt::join(changed.ownPositions, " or ")));
    return fmt::format("{}", fmt::join(out, "; "));
}

std::string factorText(const EqualizedSlot &changed)
{
    constexpr std::size_t kNamed = 16;
    std::string out = fmt::format(
        "{:.6g}", fmt::join(std::span(changed.factors).first(std::min(kNamed, changed.factors.size())), ", "));
    if (changed.factors.size() > kNamed)
        out += fmt::format(" and {} more", changed.factors.size() - kNamed);
    return out;
}

/// The positions are those of equalized values: these codes are not the DPU's.
void contradict(Network &network, const QuantInfo &info, const EqualizedChain &chain)
{
    const std::string file = fileName(info.path), proof = proofText(network, chain);
    for (const EqualizedSlot &changed : chain.slots) {
        SlotQuantizer &slot = slotIn(network, changed.slot);
        slot.proof = ProofVerdict::Differs;
        slot.proofBy = file;
        slot.proofDifference = fmt::format(
            "vai_q_pytorch equalized {} before it rounded, as the positions show ({}, by its rule of the "
            "least squared error), so that these codes do not fit; its rule multiplies these values by one "
            "factor for each {} channel ({}){}; {}",
            namesOf(network, chain.layers), proof, changed.axis == 0 ? "output" : "input", factorText(changed),
            changed.bothAxes ? " and each input channel by the inverse of its factor in the layer before" : "",
            kHasThem);
        slot.equalized = ChannelFactors{changed.axis, changed.factors, "the rule of vai_q_pytorch"};
        network.diagnostics.push_back({kEqualized, Severity::Error, {changed.slot.layer, changed.slot.slot},
            fmt::format("{} does not fit {}: {}", slotLabel(network, changed.slot), file, slot.proofDifference)});
    }
}

void assumeNotEqualized(SlotQuantizer &slot)
{
    slot.assumed = true;
    slot.quantizer->origin["codes"] = {Origin::Assumed, "the quantizer did not equalize it before rounding"};
}

void warn(Network &network, const std::string &text)
{
    network.diagnostics.push_back({kEqualizationNotKnown, Severity::Warning, {}, text});
}

/// What equalizing would change, where no position tells.
void leaveOpen(Network &network, const QuantInfo &info, const EqualizedChain &chain)
{
    std::vector<std::string> names;
    for (const EqualizedSlot &changed : chain.slots) {
        assumeNotEqualized(slotIn(network, changed.slot));
        names.push_back(slotLabel(network, changed.slot));
    }
    const std::string file = fileName(info.path);
    if (chain.evidence == EqualizationEvidence::Against)
        return warn(network,
            fmt::format("{} does not say whether the quantizer equalized {} before it rounded; its positions are those "
                        "of this checkpoint's own values, and not of equalized ones: the codes of {} are these, if no "
                        "export says otherwise",
                file, namesOf(network, chain.layers), firstNames(names)));
    warn(network,
        fmt::format(
            "{} does not say whether the quantizer equalized {} before it rounded, as it does unless it is told "
            "not to: the codes of {} do not fit as long as nothing confirms them; {}",
            file, namesOf(network, chain.layers), firstNames(names), kHasThem));
}

bool isConvolution(const Layer &layer)
{
    const SlotQuantizer *weight = layer.slot(Slot::Weight);
    return weight != nullptr && weight->tensor && weight->shape.size() >= 4 && weight->quantizer;
}

bool isOpenConvolution(const Layer &layer)
{
    return isConvolution(layer) && !layer.slot(Slot::Weight)->quantizer->opaque;
}

/// The weights that were rounded are others, equalized by another rule or of another checkpoint.
void leaveChainOpen(Network &network, const QuantInfo &info, const EqualizedChain &chain)
{
    for (const LayerId id : chain.layers)
        for (const Slot slot : {Slot::Weight, Slot::Bias})
            assumeNotEqualized(slotIn(network, {id, slot}));
    warn(network,
        fmt::format("{} has positions for {} that vai_q_pytorch gives neither this checkpoint's values nor equalized "
                    "ones: the codes of these layers do not fit as long as nothing confirms them; {}",
            fileName(info.path), namesOf(network, chain.layers), kHasThem));
}

/// The files do not tell what follows what: of all convolutions.
void leaveAllOpen(Network &network, const QuantInfo &info)
{
    std::vector<std::string> names;
    for (const Layer &layer : network.layers)
        if (isOpenConvolution(layer))
            names.push_back(layer.name);
    if (names.empty() || std::ranges::count_if(network.layers, isConvolution) < 2)
        return;
    for (Layer &layer : network.layers)
        for (const Slot slot : {Slot::Weight, Slot::Bias})
            if (SlotQuantizer *found = layer.slot(slot);
                isOpenConvolution(layer) && found != nullptr && found->quantizer)
                assumeNotEqualized(*found);
    warn(network,
        fmt::format("{} does not say whether the quantizer equalized convolutions that follow each other before it "
                    "rounded, as it does unless it is told not to: the codes of {} do not fit as long as nothing "
                    "confirms them; {}",
            fileName(info.path), firstNames(names), kHasThem));
}

} // namespace

void sayEqualization(Network &network, const QuantInfo &info, const QuantInfoJoin &join)
{
    const auto chains = equalizedChains(network, info, join);
    if (!chains)
        return leaveAllOpen(network, info);
    for (const EqualizedChain &chain : *chains) {
        if (chain.evidence == EqualizationEvidence::Neither)
            leaveChainOpen(network, info, chain);
        else if (chain.evidence == EqualizationEvidence::Proven)
            contradict(network, info, chain);
        else if (!chain.slots.empty())
            leaveOpen(network, info, chain);
    }
}

} // namespace quantscope::vitis
