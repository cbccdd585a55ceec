#pragma once

#include "quant/quantizer.h"

#include <optional>
#include <string_view>

namespace quantscope::interpret {

/// A data type of qonnx and FINN, by whose name an annotation or an attribute says what a float tensor holds.
struct FinnType {
    enum class Kind {
        Integer, ///< INT<n>, UINT<n>; BINARY is UINT1
        Bipolar, ///< -1 and +1
        Ternary, ///< -1, 0 and +1
        Fixed, ///< FIXED<w,i>: signed, w - i fractional bits
        ScaledInteger, ///< SCALEDINT<w>: signed, times a scale that is not stored
        Minifloat, ///< FLOAT<e,m,bias>: every exponent is a number's, as qonnx has it
        Float, ///< FLOAT32, FLOAT16: nothing is quantized
    };
    Kind kind = Kind::Float;
    int bits = 32;
    bool isSigned = true;
    int fractionBits = 0; ///< may be above `bits`, but not negative
    MinifloatFormat minifloat = {};

    /// Of the integers that stand for its values, before a scale; of no use for Minifloat and Float.
    CodeRange range() const;
};

/// nullopt for a name that is none of theirs, and for widths that are not decoded: more than 62 bits, minifloats of
/// more than 24. Source: qonnx, core/datatype.py.
std::optional<FinnType> finnTypeFromName(std::string_view name);

} // namespace quantscope::interpret
