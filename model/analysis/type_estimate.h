#pragma once

#include "analysis/statistics.h"
#include "quant/fixed_point.h"

#include <optional>

namespace quantscope {

/// What a fixed-point type reaches, as magnitudes; `negative` is 0 without a sign.
struct TypeLimits {
    double lsb, positive, negative;
    int top, fraction; ///< bars of bit weights from 2^top on saturate
};
TypeLimits typeLimits(const FixedType &type);

/// What a fixed-point type would do, from the bit weights alone: exact for what rounds to 0 and for whole bars that
/// overflow, an estimate within a bar, where weights are taken as evenly spread.
struct TypeEstimate {
    std::optional<double> sqnrDb; ///< nullopt without error or signal
    double clipped = 0, zeroed = 0; ///< shares of all elements
};
/// `low` and `high` are the smallest and the largest weight.
TypeEstimate estimateType(const BitWeightHistogram &histogram, double low, double high, const FixedType &type);

} // namespace quantscope
