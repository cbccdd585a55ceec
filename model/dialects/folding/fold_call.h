#pragma once

#include "dialects/folding/fold.h"

#include <vector>

namespace quantscope::folding {

/// One operator with its operands already folded.
struct Call {
    const ModelFile &file;
    const Node &node;
    const Limits &limits;
    std::vector<const FoldedValue *> operands; ///< nullptr where an optional input is absent
    std::size_t output = 0; ///< which of its outputs is asked for

    bool has(std::size_t position) const { return position < operands.size() && operands[position] != nullptr; }
    /// Throws ParseError when the operand is absent.
    const FoldedValue &operand(std::size_t position) const;
};

} // namespace quantscope::folding
