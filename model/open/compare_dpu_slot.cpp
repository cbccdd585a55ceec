#include "open/compare_dpu_slot.h"

#include "base/text.h"
#include "quant/code_reader.h"
#include "quant/fixed_point.h"
#include "tensor/index.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// Codes that are held in memory at once, to look for factors.
constexpr std::uint64_t kMostElements = 1ull << 24;
constexpr std::uint64_t kCodesAtOnce = 1ull << 16;

std::string scaleWord(float scale)
{
    const auto bits = fractionalBits(scale);
    return bits ? fmt::format("position {}", *bits) : "scale " + shortest(scale);
}

std::vector<std::int64_t> codesOf(CodeReader &reader, std::uint64_t begin, std::uint64_t count)
{
    std::vector<std::int64_t> codes(count);
    reader.integers(begin, codes);
    return codes;
}

std::string factorsText(const ChannelFactors &factors)
{
    constexpr std::size_t kNamed = 32;
    std::vector<std::string> words;
    for (std::size_t i = 0; i < std::min(factors.values.size(), kNamed); ++i)
        words.push_back(shortest(factors.values[i]));
    const std::string rest
        = factors.values.size() > kNamed ? fmt::format(" and {} more", factors.values.size() - kNamed) : "";
    return fmt::format("{}{}", fmt::join(words, ", "), rest);
}

/// One factor for each output or input channel that turns the checkpoint's values into the export's codes. That of a
/// bias is known from its weight: any one number is another one times some factor.
void findFactors(const DpuPair &pair, std::span<const std::int64_t> codes, DpuVerdict &out)
{
    const SlotQuantizer &mine = pair.mine;
    if (!isFloating(mine.tensor->dtype) || (mine.shape.size() == 1 && pair.known.empty()))
        return;
    // The factor comes before the correction: code = round((bias * factor - correction) / scale).
    const std::vector<float> corrected = readFloats(*mine.tensor);
    const std::vector<float> values = pair.stored != nullptr ? readFloats(*pair.stored) : corrected;
    std::vector<float> corrections;
    for (std::size_t i = 0; pair.stored != nullptr && i < std::min(values.size(), corrected.size()); ++i)
        corrections.push_back(values[i] - corrected[i]);
    const FactorQuestion question{values, codes, corrections, pair.theirs.quantizer->scale->values[0],
        codeRange(*pair.theirs.quantizer), pair.known};
    for (const std::size_t axis : {std::size_t{0}, std::size_t{1}}) {
        auto ranges = factorsAlong(question, mine.shape, axis);
        if (!ranges)
            continue;
        out.equalized = ChannelFactors{static_cast<int>(axis), {}, pair.exportFile};
        for (const FactorRange &range : *ranges)
            out.equalized->values.push_back(range.shortest());
        out.ranges = std::move(*ranges);
        return;
    }
}

/// How many codes differ, and where the first of them stands.
struct CodeDifferences {
    std::uint64_t count = 0, first = 0;
    std::int64_t here = 0, there = 0;
};

CodeDifferences differencesOf(CodeReader &mine, CodeReader &theirs)
{
    CodeDifferences out;
    for (std::uint64_t at = 0; at < mine.count(); at += kCodesAtOnce) {
        const std::uint64_t count = std::min(kCodesAtOnce, mine.count() - at);
        const auto here = codesOf(mine, at, count), there = codesOf(theirs, at, count);
        for (std::size_t i = 0; i < count; ++i)
            if (here[i] != there[i] && out.count++ == 0)
                out = {1, at + i, here[i], there[i]};
    }
    return out;
}

void compareCodes(const DpuPair &pair, DpuVerdict &out)
{
    CodeReader mine(pair.mine), theirs(pair.theirs);
    if (mine.count() != theirs.count())
        return;
    const CodeDifferences differences = differencesOf(mine, theirs);
    out.codesAgree = differences.count == 0;
    if (out.codesAgree)
        return;
    out.difference = fmt::format("{} of {} codes are others in {} ([{}]: {} here and {} there)",
        grouped(differences.count), grouped(mine.count()), pair.exportFile,
        fmt::join(unflatten(differences.first, pair.mine.shape), ", "), differences.here, differences.there);
    if (mine.count() <= kMostElements)
        findFactors(pair, codesOf(theirs, 0, theirs.count()), out);
    const bool byOutput = out.equalized && out.equalized->axis == 0;
    if (out.equalized)
        out.difference += fmt::format(
            ": there they are this checkpoint's values times one factor for each {} channel ({}), so the quantizer "
            "equalized them before rounding",
            byOutput ? "output" : "input", factorsText(*out.equalized));
    else
        out.difference += ": they do not fit this checkpoint";
}

} // namespace

DpuVerdict compareDpuSlot(const DpuPair &pair)
{
    DpuVerdict out;
    const Quantizer &here = *pair.mine.quantizer, &there = *pair.theirs.quantizer;
    if (!here.scale || !there.scale || !here.scale->perTensor() || !there.scale->perTensor())
        return out;
    const float mine = here.scale->values[0], theirs = there.scale->values[0];
    out.positionsAgree = mine == theirs;
    if (!out.positionsAgree)
        out.difference = fmt::format("{} here and {} in {}", scaleWord(mine), scaleWord(theirs), pair.exportFile);
    else if (here.bitWidth && there.bitWidth && *here.bitWidth != *there.bitWidth)
        out.difference = fmt::format("{} bits here and {} in {}", *here.bitWidth, *there.bitWidth, pair.exportFile);
    else if (pair.mine.isReadable() && pair.theirs.isReadable())
        compareCodes(pair, out);
    return out;
}

} // namespace quantscope
