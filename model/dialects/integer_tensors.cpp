#include "dialects/integer_tensors.h"

#include "quant/stored_integers.h"

#include <algorithm>

namespace quantscope {

namespace {

/// github.com/bitsandbytes-foundation/bitsandbytes, functional.py: what lies beside a weight of packed words.
bool isPacked(const ModelFile &file, const std::string &tensor)
{
    constexpr std::string_view kBeside[] = {".absmax", ".quant_map", ".nested_absmax"};
    return std::ranges::any_of(
        kBeside, [&](std::string_view suffix) { return file.find(tensor + std::string(suffix)).has_value(); });
}

bool standsForItself(const Network &network, const Layer &layer, const SlotQuantizer &slot)
{
    const bool parameter = slot.slot == Slot::Weight || slot.slot == Slot::Bias;
    return parameter && slot.tensor && !slot.quantizer && slot.preset.empty()
        && !isPacked(*network.file, slot.tensorName) && problemOf(network, {layer.id, slot.slot}) == nullptr;
}

} // namespace

void takeIntegerTensors(Network &network)
{
    for (Layer &layer : network.layers)
        for (SlotQuantizer &slot : layer.slots)
            if (standsForItself(network, layer, slot))
                slot.quantizer = storedIntegers(*slot.tensor);
}

} // namespace quantscope
