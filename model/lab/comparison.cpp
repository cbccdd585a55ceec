#include "lab/comparison.h"

#include "quant/fixed_point.h"

#include <algorithm>
#include <limits>

namespace quantscope {

std::uint64_t memoryBits(const SlotQuantizer &slot)
{
    return slot.tensor && slot.quantizer && slot.quantizer->isComplete() ? slot.tensor->count()
            * static_cast<std::uint64_t>(slot.quantizer->bitWidth.value_or(slot.quantizer->wordBits()))
                                                                         : 0;
}

std::uint64_t CandidateResult::bits() const { return memoryBits(slot); }

std::uint64_t CandidateResult::codesTotal() const
{
    if (!slot.quantizer || !slot.quantizer->isComplete())
        return 0;
    return slot.quantizer->kind == QuantizerKind::Binary ? 2 : codeRange(*slot.quantizer).size();
}

bool CandidateResult::fixedExact() const { return slot.quantizer && fixedType(*slot.quantizer).has_value(); }

std::vector<std::size_t> SlotComparison::ranks() const
{
    constexpr double kExact = std::numeric_limits<double>::infinity();
    const auto quality = [&](const CandidateResult &candidate) -> std::optional<double> {
        if (!candidate.figures || !candidate.figures->hasFloats || candidate.figures->error.count == 0)
            return std::nullopt;
        return candidate.figures->error.isExact() ? kExact : candidate.figures->error.sqnrDb();
    };
    std::vector<std::optional<double>> all;
    for (const CandidateResult &candidate : candidates)
        all.push_back(quality(candidate));
    std::vector<std::size_t> out;
    for (const auto &own : all)
        out.push_back(
            !own ? 0 : 1 + static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [&](const auto &other) {
                return other && *other > *own;
            })));
    return out;
}

std::vector<std::size_t> SlotComparison::best() const
{
    std::vector<std::size_t> out;
    const std::vector<std::size_t> places = ranks();
    for (std::size_t i = 0; i < places.size(); ++i)
        if (places[i] == 1)
            out.push_back(i);
    return out;
}

} // namespace quantscope
