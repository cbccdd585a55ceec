#pragma once

#include "items/slot_ref.h"
#include "quant/code_reader.h"

#include <cstdint>

namespace quantscope {

/// How one element becomes its code and its value.
struct Step {
    std::uint64_t flat = 0;
    bool hasFloat = false;
    float original = 0; ///< the file's float
    float divided = 0; ///< original / scale + zero point, before rounding
    float rounded = 0; ///< the code before the limits
    std::int64_t code = 0;
    float value = 0;
    CodeParameters parameters; ///< of its channel
};

/// Throws ParseError when the bytes are not there. Requires SlotRef::hasCodes().
Step stepAt(const SlotRef &slot, std::uint64_t flat);

} // namespace quantscope
