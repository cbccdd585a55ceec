#include "quant/fixed_point.h"

#include "base/text.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace quantscope {

std::optional<int> fractionalBits(float scale)
{
    if (!(scale > 0) || std::isinf(scale))
        return std::nullopt;
    int exponent = 0;
    // frexp gives 0.5 exactly for powers of two, denormals included.
    if (std::frexp(scale, &exponent) != 0.5f)
        return std::nullopt;
    return 1 - exponent;
}

std::string powerText(float scale)
{
    const auto bits = fractionalBits(scale);
    return bits ? fmt::format("2^{}", -*bits) : shortest(scale);
}

FracBits fractionalBits(const Granular &scale)
{
    std::vector<int> bits;
    for (const float value : scale.values) {
        const auto f = fractionalBits(value);
        if (!f)
            return std::monostate{};
        bits.push_back(*f);
    }
    if (bits.empty())
        return std::monostate{};
    if (std::all_of(bits.begin(), bits.end(), [&](int f) { return f == bits.front(); }))
        return bits.front();
    return bits;
}

std::optional<FixedType> fixedType(const Quantizer &quantizer)
{
    if (!quantizer.isComplete() || quantizer.kind == QuantizerKind::Minifloat)
        return std::nullopt;
    const auto &zeros = quantizer.zeroPoint->values;
    if (std::any_of(zeros.begin(), zeros.end(), [](float z) { return z != 0; }))
        return std::nullopt;
    const FracBits bits = fractionalBits(*quantizer.scale);
    if (!std::holds_alternative<int>(bits))
        return std::nullopt;
    const int width = quantizer.wordBits();
    return FixedType{width, width - std::get<int>(bits), *quantizer.isSigned};
}

std::string apFixedName(const FixedType &type)
{
    return fmt::format("{}<{},{}>", type.isSigned ? "ap_fixed" : "ap_ufixed", type.width, type.integerBits);
}

std::string hexWord(std::int64_t code, int bits)
{
    bits = std::clamp(bits, 1, 64);
    const std::uint64_t mask = bits == 64 ? ~0ull : (1ull << bits) - 1;
    return fmt::format("0x{:0{}X}", static_cast<std::uint64_t>(code) & mask, (bits + 3) / 4);
}

std::string binaryDigits(std::int64_t code, int bits)
{
    bits = std::clamp(bits, 1, 64);
    std::string out(static_cast<std::size_t>(bits), '0');
    for (int i = 0; i < bits; ++i)
        if ((static_cast<std::uint64_t>(code) >> (bits - 1 - i)) & 1)
            out[static_cast<std::size_t>(i)] = '1';
    return out;
}

std::string binaryWord(std::int64_t code, int bits, int integerBits)
{
    std::string digits = binaryDigits(code, bits);
    // Scales down to 2^-149 would put the point far outside the word; past 64 missing places the count is written.
    const auto missing = [](int places) {
        return places <= 64 ? std::string(static_cast<std::size_t>(places), '_') : fmt::format("_({})_", places);
    };
    if (integerBits <= 0)
        return "." + missing(-integerBits) + digits;
    const auto width = static_cast<int>(digits.size()); // of 64 at most
    if (integerBits > width)
        return digits + missing(integerBits - width) + ".";
    if (integerBits == width)
        return digits;
    return digits.insert(static_cast<std::size_t>(integerBits), ".");
}

} // namespace quantscope
