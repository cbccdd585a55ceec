#pragma once

#include "checks/accumulators.h"

#include <QString>

namespace quantscope {

/// What the sums of a layer reach, as lines; the numbers are those of `check --json`.
struct AccumulatorFacts {
    QString text; ///< empty where the layer sums no products
    QString tip; ///< how it was computed
    bool overflows = false;
    bool operator==(const AccumulatorFacts &) const = default;
};

AccumulatorFacts accumulatorFacts(const Network &network, const Accumulators &sums, LayerId layer);

} // namespace quantscope
