#include "dialects/integer_tensors.h"

#include "dialects/onnx/tensor_uses.h"
#include "quant/stored_integers.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope {

namespace {

bool isUnclaimedInteger(const Network &network, const Layer &layer, const SlotQuantizer &slot)
{
    const bool parameter = slot.slot == Slot::Weight || slot.slot == Slot::Bias;
    return parameter && slot.tensor && slot.tensor->readable() && isInteger(slot.tensor->dtype) && !slot.tensor->affine
        && !slot.quantizer && slot.preset.empty() && problemOf(network, {layer.id, slot.slot}) == nullptr;
}

} // namespace

void takeIntegerTensors(Network &network)
{
    const auto refuse = [&](const Layer &layer, const SlotQuantizer &slot, std::string_view why) {
        network.diagnostics.push_back({"not-decoded-yet", Severity::Error, {layer.id, slot.slot},
            fmt::format("{} {}: {}", layer.name, slot.slot, why)});
    };
    const std::set<std::string> packed = interpret::packedTensors(*network.file);
    for (Layer &layer : network.layers)
        for (SlotQuantizer &slot : layer.slots) {
            if (!isUnclaimedInteger(network, layer, slot) || packed.contains(slot.tensorName)) // said of its operator
                continue;
            slot.quantizer = storedIntegers(*slot.tensor);
            if (!slot.quantizer)
                refuse(layer, slot, "codes of 64 bits without a sign are not decoded");
        }
}

} // namespace quantscope
