#include "dialects/integer_tensors.h"

#include "dialects/onnx/tensor_uses.h"
#include "quant/stored_integers.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// github.com/bitsandbytes-foundation/bitsandbytes, functional.py: what lies beside a weight of packed words.
bool isPacked(const ModelFile &file, const std::string &tensor)
{
    constexpr std::string_view kBeside[] = {".absmax", ".quant_map", ".nested_absmax"};
    return std::ranges::any_of(
        kBeside, [&](std::string_view suffix) { return file.find(tensor + std::string(suffix)).has_value(); });
}

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
            if (isPacked(*network.file, slot.tensorName)) {
                refuse(layer, slot, "its words hold packed codes of bitsandbytes, which are not decoded");
                continue;
            }
            slot.quantizer = storedIntegers(*slot.tensor);
            if (!slot.quantizer)
                refuse(layer, slot, "codes of 64 bits without a sign are not decoded");
        }
}

} // namespace quantscope
