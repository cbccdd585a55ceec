#include "network/switched_off.h"

#include <algorithm>

namespace quantscope {

bool isSwitchedOff(const SlotQuantizer &slot)
{
    const auto isFloat = [](const auto &given) {
        const std::string &word = given.second; // "FP", "QuantType.FP"
        return given.first == "quant_type" && (word.ends_with("FP") || word.ends_with("fp"));
    };
    return !slot.quantizer && (slot.preset == "None" || std::ranges::any_of(slot.overrides, isFloat));
}

} // namespace quantscope
