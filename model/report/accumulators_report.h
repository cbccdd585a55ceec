#pragma once

#include "checks/accumulators.h"

#include <string>

#include <nlohmann/json_fwd.hpp>

namespace quantscope {

/// `accumulators` of `check --json`: one object a layer whose sums are known.
nlohmann::ordered_json accumulatorsJson(const Network &network, const Accumulators &accumulators);

/// A table with a line a layer: input, smallest and largest sum, bits declared and needed, requantization; then why the
/// sums of other layers are not known. Empty without layers that sum products.
std::string accumulatorsText(const Network &network, const Accumulators &accumulators);

/// "32 declared, 19 needed", "at most 19" where that is a bound.
std::string bitsText(const AccumulatorRange &range);
/// "relu1: x 2^-7, exact", "relu1: 1389437952 * 2^(-6 - 31), off by 1.2e-10; 2^-6 is off by 23 %", "16 factors".
std::string requantizationText(const Network &network, const Requantization &requantization);

} // namespace quantscope
