#include "dialects/onnx/code_limits.h"

namespace quantscope::interpret {

namespace {

/// Smallest width that holds [low, high].
int smallestWidth(std::int64_t low, std::int64_t high, bool isSigned)
{
    for (int bits = 1; bits < 62; ++bits)
        if (const CodeRange range = codeRange(bits, isSigned, false); range.min <= low && high <= range.max)
            return bits;
    return 62;
}

} // namespace

bool setCodeLimits(Quantizer &q, std::int64_t low, std::int64_t high, bool isSigned, const std::string &why)
{
    q.isSigned = isSigned;
    q.bitWidth = smallestWidth(low, high, isSigned);
    const CodeRange narrow = codeRange(*q.bitWidth, isSigned, true);
    // A symmetric range is a narrow one even where it uses fewer codes (Clip -5..5).
    q.narrow = (low == narrow.min && high == narrow.max) || (isSigned && low == -high && high > 0);
    q.origin["bit_width"] = {Origin::Computed, why};
    q.origin["narrow"] = {Origin::Computed, why};
    const CodeRange range = codeRange(*q.bitWidth, isSigned, *q.narrow);
    return range.min == low && range.max == high;
}

} // namespace quantscope::interpret
