#pragma once

#include "quant/quantizer.h"

#include <string>
#include <vector>

namespace quantscope {

/// In what two quantizers differ.
struct FieldChanges {
    std::vector<std::string> changed; ///< "bit_width: 8 -> 6", by the keys of `inspect --json`
    std::vector<std::string> unknown; ///< keys that one of them does not know: they are not compared
};

/// Kind, bits, sign, narrow range, rounding, scale and zero point. Numbers for each channel are compared as they stand,
/// and one for all equals many that are equal. Where neither tells its bits, the containers' are compared.
FieldChanges fieldChanges(const Quantizer &a, const Quantizer &b);

} // namespace quantscope
