#include "session/step.h"

#include <limits>

namespace quantscope {

Step stepAt(const SlotRef &slot, std::uint64_t flat)
{
    CodeReader reader(*slot.slot);
    Step step;
    step.flat = flat;
    step.parameters = reader.parameters(reader.runAt(flat).channel);
    step.hasFloat = reader.hasFloats();
    std::int64_t code = 0;
    reader.integers(flat, {&code, 1});
    step.code = code;
    reader.values(flat, {&step.value, 1});
    if (!step.hasFloat)
        return step;
    reader.floats(flat, {&step.original, 1});
    step.divided = step.original / step.parameters.divisor + step.parameters.zeroPoint;
    CodeParameters unlimited = step.parameters;
    unlimited.min = -std::numeric_limits<float>::infinity();
    unlimited.max = std::numeric_limits<float>::infinity();
    step.rounded = codeOf(step.original, unlimited);
    return step;
}

} // namespace quantscope
