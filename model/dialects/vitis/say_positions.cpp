#include "dialects/vitis/say_positions.h"

#include "base/error.h"
#include "base/file_name.h"
#include "dialects/vitis/fix_position.h"
#include "quant/fixed_point.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace quantscope::vitis {

namespace {

/// Larger tensors are not read for this.
constexpr std::uint64_t kMostValues = 1ull << 26;

/// In parts, since one of them is enough in memory.
std::optional<ValueRange> rangeOf(const TensorInfo &tensor)
{
    if (!tensor.readable() || !isFloating(tensor.dtype) || tensor.count() == 0 || tensor.count() > kMostValues)
        return std::nullopt;
    std::vector<float> part(std::min<std::uint64_t>(tensor.count(), 1u << 16));
    std::optional<ValueRange> out;
    try {
        TensorReader reader(tensor);
        for (std::uint64_t at = 0; at < tensor.count(); at += part.size()) {
            const std::span<float> filled(part.data(), std::min<std::uint64_t>(part.size(), tensor.count() - at));
            reader.floats(at, filled);
            const ValueRange range = valueRange(filled);
            if (!out)
                out = range;
            *out = {std::min(out->low, range.low), std::max(out->high, range.high), out->hasNan || range.hasNan};
        }
    } catch (const ParseError &) {
        return std::nullopt; // who reads the codes is told
    }
    return out;
}

/// The tensor itself and, of a corrected bias, what stands in the file: the position was found before the correction.
std::array<const TensorInfo *, 2> tensorsOf(const Network &network, const SlotQuantizer &slot)
{
    const auto stored = slot.computed.empty() ? std::nullopt : network.file->find(slot.tensorName);
    return {slot.tensor.get(), stored ? &network.file->tensors[*stored] : nullptr};
}

/// What the rules may give instead of a position; nothing where it is one of them, or no range tells.
std::optional<PositionRange> insteadOf(const Network &network, const SlotQuantizer &slot, int position)
{
    std::optional<PositionRange> out;
    for (const TensorInfo *tensor : tensorsOf(network, slot)) {
        const auto range = tensor == nullptr ? std::nullopt : rangeOf(*tensor);
        const auto may = range ? positionRange(*range, slot.quantizer->bitWidth.value_or(0)) : std::nullopt;
        if (tensor != nullptr && !may)
            return std::nullopt;
        // A bias is moved to a smaller one where the DPU has no shift for its own.
        const bool isMoved = may && slot.slot == Slot::Bias && position < may->first;
        if (may && (isMoved || (position >= may->first && position <= may->last)))
            return std::nullopt;
        if (may && !out)
            out = may;
    }
    return out;
}

bool isOpenParameter(const SlotQuantizer &slot)
{
    return slot.tensor && slot.quantizer && !slot.quantizer->opaque && slot.quantizer->scale
        && slot.quantizer->scale->perTensor() && !slot.assumed && slot.proof == ProofVerdict::None;
}

} // namespace

void sayOtherPositions(Network &network, const QuantInfo &info, const QuantInfoJoin &join)
{
    for (const JoinedEntry &joined : join.slots) {
        SlotQuantizer &slot = *network.layers[position(joined.slot.layer)].slot(joined.slot.slot);
        const auto given = isOpenParameter(slot) ? fractionalBits(slot.quantizer->scale->values[0]) : std::nullopt;
        const auto instead = given ? insteadOf(network, slot, *given) : std::nullopt;
        if (!instead)
            continue;
        slot.assumed = true;
        slot.quantizer->origin["codes"] = {Origin::Assumed, "these are the values that the quantizer rounded"};
        network.diagnostics.push_back({kPositionDiffers, Severity::Warning, {joined.slot.layer, joined.slot.slot},
            fmt::format("{} {}: position {} of {} is none of {} to {}, which vai_q_pytorch gives values in this range: "
                        "the file may be of another checkpoint, or the position was moved to keep a shift in the DPU's "
                        "range",
                network.layer(joined.slot.layer).name, joined.slot.slot, *given, fileName(info.path), instead->first,
                instead->last)});
    }
}

} // namespace quantscope::vitis
