#include "dialects/folding/fold_call.h"

#include <fmt/format.h>

namespace quantscope::folding {

const FoldedValue &Call::operand(std::size_t position) const
{
    if (!has(position))
        throw ParseError(fmt::format("operator {} lacks its input {}", node.opType, position));
    return *operands[position];
}

} // namespace quantscope::folding
