#include "analysis/value_histogram.h"

#include "analysis/elements.h"
#include "analysis/histogram_kernels.h"
#include "analysis/pieces.h"
#include "quant/code_reader.h"

#include <cmath>

namespace quantscope {

namespace {

ValueHistogram countValues(const SlotQuantizer &slot, const ValueWindow &window, const Progress &progress,
    const Partial<ValueHistogram> &partial)
{
    ValueHistogram out{window.low, window.high, std::vector<std::uint64_t>(std::max<std::size_t>(window.bins, 1))};
    CodeReader reader(slot);
    const ChannelMap channels(slot);
    const double width = out.high - out.low;
    const double perValue = width > 0 && std::isfinite(width) ? static_cast<double>(out.bins.size()) / width : 0;
    std::vector<float> values(std::min(kPiece, reader.count()));
    for (std::uint64_t at = 0; at < reader.count(); at += kPiece) {
        const auto piece = std::span(values).first(std::min(kPiece, reader.count() - at));
        if (reader.hasFloats())
            reader.floats(at, piece);
        else
            reader.values(at, piece);
        for (std::size_t i = 0; i < piece.size(); ++i) {
            const double value = static_cast<double>(piece[i]);
            if (!(value >= out.low && value <= out.high)
                || (window.channel && channels.channel(at + i) != *window.channel))
                continue; // NaN fails the comparisons
            const auto bin = static_cast<std::size_t>((value - out.low) * perValue);
            ++out.bins[std::min(bin, out.bins.size() - 1)];
        }
        progress.step(at + piece.size(), reader.count());
        if (partial && isPartialStep(at + piece.size(), reader.count()))
            partial(out);
    }
    return out;
}

} // namespace

Result<ValueHistogram> valueHistogram(const SlotQuantizer &slot, const SlotStatistics &stats, std::size_t bins,
    std::optional<std::size_t> channel, const Progress &progress, const Partial<ValueHistogram> &partial)
{
    const ValueWindow window{stats.low, stats.high, bins, channel};
    return valueHistogram(slot, window, progress, partial);
}

Result<ValueHistogram> valueHistogram(const SlotQuantizer &slot, const ValueWindow &window, const Progress &progress,
    const Partial<ValueHistogram> &partial)
{
    return passErrors(slot.tensorName, [&] { return countValues(slot, window, progress, partial); });
}

Result<BitWeightHistogram> floatBitWeights(
    const SlotQuantizer &slot, const Progress &progress, const Partial<BitWeightHistogram> &partial)
{
    return passErrors(slot.tensorName, [&] {
        ElementReader reader(slot);
        BitWeightCounter counter;
        const std::uint64_t count = reader.count();
        ElementChunk chunk;
        for (std::uint64_t at = 0; at < count; at += kPiece) {
            reader.read(at, kPiece, chunk);
            const std::span<const float> piece = chunk.originals;
            counter.add(piece);
            progress.step(at + chunk.size(), count);
            if (partial && isPartialStep(at + chunk.size(), count))
                partial(counter.result());
        }
        return counter.result();
    });
}

} // namespace quantscope
