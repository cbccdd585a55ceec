#pragma once

#include "base/error.h"
#include "quant/kernels.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace quantscope {

/// How one element becomes its code and its value: the operations of the scalar definition, in its order.
struct ElementSteps {
    std::uint64_t element = 0; ///< row-major
    CodeParameters parameters; ///< of its channel
    std::optional<ElementDecision> decision; ///< of learned rounding
    bool hasFloat = false;
    float stored = 0; ///< what the file holds: the float, or the code before a clip
    std::vector<CodeStep> coding; ///< from `stored` to the code; empty for bit patterns, which are codes as they stand
    float codeAsFloat = 0; ///< what the last step of `coding` gave
    std::int64_t code = 0; ///< the integer, as CodeReader::integers gives it
    std::vector<CodeStep> decoding; ///< from the code to the value
    float value = 0;
};

/// Requires slot.tensor and a complete quantizer. Errors: Parse (bytes missing).
Result<ElementSteps> elementSteps(const SlotQuantizer &slot, std::uint64_t element);

} // namespace quantscope
