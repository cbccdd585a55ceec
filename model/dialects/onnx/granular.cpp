#include "dialects/onnx/granular.h"

#include <algorithm>

namespace quantscope::interpret {

Granular simplified(Granular granular, bool zeroIsOne)
{
    const auto &values = granular.values;
    const bool zero = zeroIsOne && std::all_of(values.begin(), values.end(), [](float v) { return v == 0; });
    if (granular.values.size() == 1 || (zero && !values.empty()))
        return {{}, std::nullopt, {zero ? 0.0f : values[0]}};
    return granular;
}

} // namespace quantscope::interpret
