#include "dialects/brevitas/bit_width_rules.h"

#include "base/text.h"

#include <cmath>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// A learned or stateful width as the file keeps it.
std::optional<int> storedBits(const SlotWork &work, SlotIndex holder, Provenance &origin)
{
    if (const auto offset = work.facts.storedScalar(holder, "msb_clamp_bit_width_impl.bit_width_offset")) {
        origin = {Origin::Read,
            fmt::format("round(|{}| + {}) of msb_clamp_bit_width_impl.bit_width_offset", shortest(*offset),
                work.spec->minimumBits)};
        const float bits = std::nearbyint(std::fabs(*offset) + static_cast<float>(work.spec->minimumBits));
        if (!isBitWidth(static_cast<double>(bits)))
            throw SlotFailure{
                "bit-width", fmt::format("the learned bit width {} is not between 1 and 32", shortest(bits))};
        return static_cast<int>(bits);
    }
    const auto bits = work.facts.storedScalar(holder, "msb_clamp_bit_width_impl.bit_width");
    if (!bits)
        return std::nullopt;
    if (!isBitWidth(static_cast<double>(*bits)))
        throw SlotFailure{
            "bit-width", fmt::format("the stored bit width {} is not a whole number from 1 to 32", shortest(*bits))};
    origin = {Origin::Read, "msb_clamp_bit_width_impl.bit_width"};
    return static_cast<int>(*bits);
}

} // namespace

int bitWidthOf(SlotWork &work, Provenance &origin)
{
    const QuantizerSpec &spec = *work.spec;
    if (spec.kind == QuantizerKind::Binary || spec.kind == QuantizerKind::Ternary)
        return spec.bits;
    const SlotIndex holder = work.owner() && work.keys() == nullptr ? *work.owner() : work.index;
    const StateQuantizer *keys = work.facts.keysOf(holder);
    const bool stored = keys != nullptr
        && (keys->fields.contains("msb_clamp_bit_width_impl.bit_width_offset")
            || keys->fields.contains("msb_clamp_bit_width_impl.bit_width"));
    if (spec.bitsStored.value_or(!spec.bitsGiven)) {
        const auto bits = stored ? storedBits(work, holder, origin) : std::nullopt;
        if (!bits && spec.bitsStored)
            throw SlotFailure{"key-missing",
                "bit_width_impl_type says that its bit width is in the file, and no key "
                "msb_clamp_bit_width_impl.bit_width or .bit_width_offset is there"};
        return bits.value_or(spec.bits);
    }
    if (stored)
        work.warn("stored-bit-width-unused",
            fmt::format("the file keeps a bit width of its own for it, and the recipe says {}: bit_width_impl_type = "
                        "\"parameter\" takes the file's",
                spec.bits));
    return spec.bits;
}

} // namespace quantscope
