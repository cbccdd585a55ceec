#pragma once

#include "dialects/onnx/plan.h"

#include <vector>

namespace quantscope::interpret {

/// Tells which tensors of the file went into a slot: its weight's, its quantizer's, and what was folded on the way to
/// them. Each tensor is told once, for the first slot that reaches it.
class ConstantSources {
public:
    explicit ConstantSources(Constants &constants);
    /// Positions in ModelFile::tensors. No element is read.
    std::vector<std::size_t> of(const PlannedSlot &slot);

private:
    Constants &m_constants;
    std::vector<bool> m_visited; ///< by value
};

} // namespace quantscope::interpret
