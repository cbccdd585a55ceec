#pragma once

#include "diff/diff.h"

#include <vector>

namespace quantscope {

/// What the differences say together: names that nothing pairs, quantizers that are only assumed in one of the models,
/// scales of activations that moved though no weight did, weights whose codes differ by the quantizer alone, and batch
/// norms that one of the models has merged.
std::vector<DiffFinding> diffFindings(const Network &a, const Network &b, const ModelDiff &diff);

} // namespace quantscope
