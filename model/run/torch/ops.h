#pragma once

#include "run/torch/op_table.h"

#include <span>

namespace quantscope {

/// The rows of each file of operators.
std::span<const OpRow> activationOperators();
std::span<const OpRow> comparisonOperators();
std::span<const OpRow> convolutionOperators();
std::span<const OpRow> elementwiseOperators();
std::span<const OpRow> generatingOperators();
std::span<const OpRow> indexingOperators();
std::span<const OpRow> joiningOperators();
std::span<const OpRow> normalizationOperators();
std::span<const OpRow> paddingOperators();
std::span<const OpRow> poolingOperators();
std::span<const OpRow> recurrentOperators();
std::span<const OpRow> reductionOperators();
std::span<const OpRow> resizeOperators();
std::span<const OpRow> scatterOperators();
std::span<const OpRow> shapeOperators();
std::span<const OpRow> sortingOperators();

/// Of TorchScript: what its code does with values, and libtorch's own operators.
std::span<const OpRow> scriptOperators();
std::span<const OpRow> atenOperators();
std::span<const OpRow> quantizedOperators();

} // namespace quantscope
