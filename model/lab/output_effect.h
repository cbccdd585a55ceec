#pragma once

#include <cstdint>
#include <optional>

namespace quantscope {

/// What other quantizers do to the network's first output on data, against those of the file or recipe.
struct DataEffect {
    /// 10 log10(sum y^2 / sum (y' - y)^2) over all samples, summed in float64; nullopt when nothing changes, the
    /// outputs are too many to be held, or one of them is no finite number where the other is another.
    std::optional<double> outputSqnrDb;
    bool isExact = false; ///< every value of the output is the same
    /// sum (y' - y)^2, infinite where only one of them is a finite number; nullopt where the outputs are not known
    std::optional<double> outputErrorPower;
    /// Samples whose largest value stands elsewhere; nullopt where the output is not [samples, classes].
    std::optional<std::uint64_t> predictionsChanged;
    std::optional<double> accuracy;
    bool operator==(const DataEffect &) const = default;
};

} // namespace quantscope
