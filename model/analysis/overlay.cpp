#include "analysis/overlay.h"

#include "analysis/pieces.h"
#include "quant/code_reader.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace quantscope {

namespace {

constexpr std::uint64_t kChunk = 1ull << 16;
constexpr int kMostExponents = 11; // bars of errors; what is smaller is summed in the first
constexpr int kMostBins = 64;

struct Chunk {
    std::vector<float> floats, codes, unclamped, values;
};

/// Calls visit(chunk) in file order. `floats` and `unclamped` are empty where the file has codes only.
template <class Visit>
void forEachChunk(const SlotQuantizer &slot, bool unclamped, const Progress &progress, Visit visit)
{
    CodeReader reader(slot);
    Chunk chunk;
    for (std::uint64_t at = 0; at < reader.count(); at += kChunk) {
        progress.step(at, reader.count());
        const auto count = static_cast<std::size_t>(std::min(kChunk, reader.count() - at));
        chunk.codes.resize(count);
        chunk.values.resize(count);
        reader.codes(at, chunk.codes);
        reader.valuesFromCodes(at, chunk.codes, chunk.values);
        if (reader.hasFloats()) {
            chunk.floats.resize(count);
            reader.floats(at, chunk.floats);
            if (unclamped) {
                chunk.unclamped.resize(count);
                reader.unclampedCodes(at, chunk.floats, chunk.unclamped);
            }
        }
        visit(chunk);
    }
}

struct ErrorCounts {
    std::array<std::uint64_t, BitWeightHistogram::kHighest - BitWeightHistogram::kLowest + 1> all{}, clipped{};
    std::uint64_t exact = 0;
};

ErrorCounts countErrors(const SlotQuantizer &slot, const Progress &progress)
{
    ErrorCounts out;
    forEachChunk(slot, true, progress, [&](const Chunk &chunk) {
        for (std::size_t i = 0; i < chunk.floats.size(); ++i) {
            const float error = std::abs(chunk.values[i] - chunk.floats[i]);
            if (!(error > 0) || !std::isfinite(error)) {
                out.exact += error == 0 ? 1u : 0u;
                continue;
            }
            const auto bar = static_cast<std::size_t>(std::ilogb(error) - BitWeightHistogram::kLowest);
            ++out.all[bar];
            out.clipped[bar] += chunk.unclamped[i] != chunk.codes[i] ? 1u : 0u;
        }
    });
    return out;
}

OverlayHistogram errorOverlay(const ErrorCounts &first, const ErrorCounts &second)
{
    OverlayHistogram out;
    out.firstExact = first.exact;
    out.secondExact = second.exact;
    int high = -1;
    int low = static_cast<int>(first.all.size());
    for (int i = 0; i < static_cast<int>(first.all.size()); ++i)
        if (first.all[static_cast<std::size_t>(i)] + second.all[static_cast<std::size_t>(i)] > 0) {
            high = i;
            low = std::min(low, i);
        }
    if (high < 0)
        return out;
    const int from = std::max(low, high - kMostExponents + 1);
    out.opensWithRest = low < from;
    for (int i = from; i <= high; ++i) {
        const int exponent = i + BitWeightHistogram::kLowest;
        OverlayCounts bar{.low = std::ldexp(1.0, exponent), .high = std::ldexp(1.0, exponent + 1)};
        if (i == from && out.opensWithRest)
            bar.low = 0;
        for (int k = i == from ? 0 : i; k <= i; ++k) {
            bar.first += first.all[static_cast<std::size_t>(k)];
            bar.second += second.all[static_cast<std::size_t>(k)];
            bar.clipped += second.clipped[static_cast<std::size_t>(k)];
        }
        out.clipped += bar.clipped;
        out.bars.push_back(bar);
    }
    return out;
}

double coarsest(const Quantizer &quantizer)
{
    return static_cast<double>(*std::max_element(quantizer.scale->values.begin(), quantizer.scale->values.end()));
}

std::pair<double, double> rangeOf(const SlotQuantizer &a, const SlotQuantizer &b, const Progress &progress)
{
    double low = INFINITY;
    double high = -INFINITY;
    for (const SlotQuantizer *slot : {&a, &b})
        forEachChunk(*slot, false, progress, [&](const Chunk &chunk) {
            for (const float value : chunk.values)
                if (std::isfinite(value)) {
                    low = std::min(low, static_cast<double>(value));
                    high = std::max(high, static_cast<double>(value));
                }
        });
    return {low, high};
}

OverlayHistogram valueOverlay(const SlotQuantizer &a, const SlotQuantizer &b, const Progress &progress)
{
    OverlayHistogram out;
    out.kind = OverlayKind::Values;
    const auto [low, high] = rangeOf(a, b, progress);
    if (!(low <= high))
        return out;
    const double grid = std::max(coarsest(*a.quantizer), coarsest(*b.quantizer));
    const double width = grid > 0 ? grid * std::max(1.0, std::ceil((high - low) / grid / (kMostBins - 2))) : 1;
    const auto first = std::floor(low / width + 0.5); // a bin is centred at a multiple of its width
    const auto count = static_cast<std::size_t>(std::floor(high / width + 0.5) - first) + 1;
    out.bars.resize(std::min(count, OverlayHistogram::kMostBars));
    const auto add = [&](const SlotQuantizer &slot, std::uint64_t OverlayCounts::*counter) {
        forEachChunk(slot, false, progress, [&](const Chunk &chunk) {
            for (const float value : chunk.values)
                if (std::isfinite(value)) {
                    const auto bin
                        = static_cast<std::size_t>(std::floor(static_cast<double>(value) / width + 0.5) - first);
                    ++(out.bars[std::min(bin, out.bars.size() - 1)].*counter);
                }
        });
    };
    add(a, &OverlayCounts::first);
    add(b, &OverlayCounts::second);
    for (std::size_t i = 0; i < out.bars.size(); ++i) {
        const double middle = (first + static_cast<double>(i)) * width;
        out.bars[i].low = middle - width / 2;
        out.bars[i].high = middle + width / 2;
    }
    return out;
}

} // namespace

Result<OverlayHistogram> overlayHistogram(
    const SlotQuantizer &first, const SlotQuantizer &second, OverlayKind kind, const Progress &progress)
{
    return passErrors(first.tensorName, [&] {
        return kind == OverlayKind::Error ? errorOverlay(countErrors(first, progress), countErrors(second, progress))
                                          : valueOverlay(first, second, progress);
    });
}

} // namespace quantscope
