#include "run/largest_value.h"

#include <cmath>

namespace quantscope {

std::size_t placeOfLargest(std::span<const float> values)
{
    std::size_t out = 0;
    for (std::size_t i = 1; i < values.size() && !std::isnan(values[out]); ++i)
        if (std::isnan(values[i]) || values[i] > values[out])
            out = i;
    return out;
}

} // namespace quantscope
