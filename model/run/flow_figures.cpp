#include "run/flow_figures.h"

#include "analysis/figure_kernels.h"
#include "analysis/histogram_kernels.h"
#include "analysis/pieces.h"
#include "base/parallel.h"
#include "quant/code_reader.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <tbb/cache_aligned_allocator.h>

namespace quantscope {

namespace {

/// Elements that one thread measures; their sums are added up in their order, on however many cores.
constexpr std::size_t kPart = 32768;
constexpr float kFurthest = std::numeric_limits<float>::infinity();

/// Sums of values that are finite, in eight lanes that are joined in a fixed order.
void addSums(std::span<const float> values, FlowFigures &out)
{
    std::array<double, 8> sums{}, squares{};
    std::array<std::uint32_t, 8> finite{};
    const auto add = [&](std::size_t lane, float value) { // without a branch: all lanes at once
        const bool isFinite = std::abs(value) <= std::numeric_limits<float>::max();
        const double counted = isFinite ? static_cast<double>(value) : 0.0;
        sums[lane] += counted;
        squares[lane] += counted * counted;
        finite[lane] += isFinite ? 1u : 0u;
    };
    const std::size_t whole = values.size() / 8 * 8;
    for (std::size_t i = 0; i < whole; i += 8)
        for (std::size_t lane = 0; lane < 8; ++lane)
            add(lane, values[i + lane]);
    for (std::size_t i = whole; i < values.size(); ++i)
        add(i % 8, values[i]);
    for (const std::uint32_t count : finite)
        out.finite += count;
    for (std::size_t lane = 0; lane < 8; ++lane) {
        out.sum += sums[lane];
        out.squares += squares[lane];
    }
}

/// A slot whose tensor has a shape and no elements: what codes need to know of it.
SlotQuantizer slotOfShape(const Shape &shape, const Quantizer &quantizer)
{
    auto tensor = std::make_shared<TensorInfo>();
    tensor->dtype = DType::Float32;
    tensor->shape = shape;
    tensor->storage.source = std::make_shared<MemorySource>(std::vector<std::byte>());
    SlotQuantizer out;
    out.slot = Slot::Act;
    out.tensor = std::move(tensor);
    out.quantizer = quantizer;
    return out;
}

/// One pass over a piece.
class FlowPass {
public:
    FlowPass(const Shape &shape, const Quantizer *quantizer, std::optional<std::size_t> channelAxis)
        : m_channels(shape, channelAxis)
    {
        m_out.seen.hasFloats = true;
        const bool hasChannels = channelAxis && m_channels.count() > 1 && m_channels.count() <= kMostChannels;
        m_out.seen.channels.resize(hasChannels ? m_channels.count() : 0);
        for (ChannelStatistics &channel : m_out.seen.channels)
            channel.low = kFurthest, channel.high = -kFurthest;
        if (quantizer == nullptr || !quantizer->isComplete() || quantizer->kind == QuantizerKind::Codebook)
            return;
        m_slot = slotOfShape(shape, *quantizer);
        m_reader.emplace(*m_slot);
        m_out.hasCodes = quantizer->kind != QuantizerKind::Minifloat;
        if (m_out.hasCodes) {
            const CodeRange range = codeRange(*quantizer);
            m_counter.emplace(range.min, range.max);
        }
    }

    /// Elements from `begin` on.
    FlowFigures run(std::span<const float> seen, std::uint64_t begin)
    {
        m_out.seen.count = seen.size();
        m_out.seen.clipped = m_out.hasCodes ? std::optional<std::uint64_t>(0) : std::nullopt;
        for (std::uint64_t at = 0; at < seen.size(); at += kPiece)
            piece(begin + at, seen.subspan(at, std::min<std::uint64_t>(kPiece, seen.size() - at)), at == 0);
        m_out.seen.bitWeights = m_bits.result();
        if (m_counter)
            m_out.seen.codes = m_counter->result();
        if (m_out.hasCodes && m_codesMin <= m_codesMax) {
            m_out.seen.codesMin = m_reader->integer(m_codesMin);
            m_out.seen.codesMax = m_reader->integer(m_codesMax);
        }
        return std::move(m_out);
    }

private:
    void widen(std::span<const float> seen, std::span<const float> flowsOut, bool first)
    {
        const ValueRange in = valueRange(seen), out = valueRange(flowsOut);
        SlotStatistics &s = m_out.seen;
        s.low = first ? in.low : std::min(s.low, in.low);
        s.high = first ? in.high : std::max(s.high, in.high);
        m_out.low = first ? static_cast<double>(out.low) : std::min(m_out.low, static_cast<double>(out.low));
        m_out.high = first ? static_cast<double>(out.high) : std::max(m_out.high, static_cast<double>(out.high));
    }

    void piece(std::uint64_t begin, std::span<const float> seen, bool first)
    {
        m_x.assign(seen.begin(), seen.end());
        m_values.resize(m_x.size());
        if (m_reader)
            quantize(begin);
        else
            countNonFinite(m_x);
        widen(m_x, m_reader ? std::span<const float>(m_values) : std::span<const float>(m_x), first);
        addSums(m_reader ? m_values : m_x, m_out);
        m_bits.add(m_x);
        addChannels(begin);
    }

    void countNonFinite(std::span<const float> x)
    {
        QuantizationError error;
        RunFigures figures;
        addError(x, x, error, figures);
        m_out.seen.error += error;
        m_out.seen.nonFinite += figures.nonFinite;
    }

    void quantize(std::uint64_t begin)
    {
        m_codes.resize(m_x.size());
        m_reader->unclampedCodes(begin, m_x, m_codes);
        for (std::uint64_t at = 0; at < m_x.size();) {
            const CodeReader::Run run = m_reader->runAt(begin + at);
            const auto length = std::min<std::uint64_t>(run.length, m_x.size() - at);
            quantizeRun(at, length, m_reader->parameters(run.channel));
            at += length;
        }
        if (m_counter)
            m_counter->add(m_codes);
    }

    void quantizeRun(std::uint64_t at, std::uint64_t length, const CodeParameters &parameters)
    {
        const auto x = std::span(m_x).subspan(at, length);
        const auto codes = std::span(m_codes).subspan(at, length), values = std::span(m_values).subspan(at, length);
        RunFigures figures;
        figures.codesMin = kFurthest;
        figures.codesMax = -kFurthest;
        clampAndCount(x, codes, parameters, values, figures);
        if (parameters.rule == CodeRule::MinifloatPattern)
            valuesOf(codes, parameters, values);
        QuantizationError error;
        addError(x, values, error, figures);
        SlotStatistics &s = m_out.seen;
        s.error += error;
        s.nonFinite += figures.nonFinite;
        if (!m_out.hasCodes)
            return;
        s.atLimit += figures.atLimit;
        *s.clipped += figures.clipped;
        s.zeroed += figures.zeroed;
        m_codesMin = std::min(m_codesMin, figures.codesMin);
        m_codesMax = std::max(m_codesMax, figures.codesMax);
    }

    void addChannels(std::uint64_t begin)
    {
        if (m_out.seen.channels.empty())
            return;
        for (std::uint64_t at = 0; at < m_x.size();) {
            const std::uint64_t length = std::min<std::uint64_t>(m_channels.run(begin + at), m_x.size() - at);
            ChannelStatistics &channel = m_out.seen.channels[m_channels.channel(begin + at)];
            for (const float x : std::span(m_x).subspan(at, length)) {
                channel.low = x < channel.low ? x : channel.low;
                channel.high = x > channel.high ? x : channel.high;
            }
            channel.count += length;
            at += length;
        }
    }

    using Floats = std::vector<float, tbb::cache_aligned_allocator<float>>; ///< kernels load whole cache lines
    FlowFigures m_out;
    Channels m_channels;
    std::optional<SlotQuantizer> m_slot;
    std::optional<CodeReader> m_reader;
    std::optional<CodeCounter> m_counter;
    BitWeightCounter m_bits;
    Floats m_x, m_codes, m_values;
    float m_codesMin = kFurthest, m_codesMax = -kFurthest;
};

/// Bins in which a histogram is kept whole: many pieces of data have one each.
constexpr std::size_t kKeptWhole = 1024;

std::int64_t stepsOf(const CodeHistogram &codes, std::int64_t first)
{
    return (codes.first - first) / static_cast<std::int64_t>(codes.width);
}

/// The same counts over bins that begin at `first`, which they reach.
void spread(CodeHistogram &codes, std::int64_t first, std::size_t bins)
{
    std::vector<std::uint64_t> all(bins, 0);
    std::ranges::copy(codes.bins, all.begin() + stepsOf(codes, first));
    codes.bins = std::move(all);
    codes.first = first;
}

void trim(FlowFigures &figures)
{
    CodeHistogram &codes = figures.seen.codes;
    figures.firstCode = codes.first;
    figures.codeBins = codes.bins.size();
    if (codes.bins.size() <= kKeptWhole)
        return;
    const auto isUsed = [](std::uint64_t count) { return count > 0; };
    const auto begin = std::ranges::find_if(codes.bins, isUsed) - codes.bins.begin();
    const auto end = std::find_if(codes.bins.rbegin(), codes.bins.rend(), isUsed).base() - codes.bins.begin();
    if (begin >= end) {
        codes.bins.clear();
        return;
    }
    codes.first += begin * static_cast<std::int64_t>(codes.width);
    codes.bins = std::vector<std::uint64_t>(codes.bins.begin() + begin, codes.bins.begin() + end);
}

void addCodes(CodeHistogram &to, const CodeHistogram &from)
{
    if (from.bins.empty())
        return;
    if (to.bins.empty()) {
        to = from;
        return;
    }
    const auto width = static_cast<std::int64_t>(to.width);
    const std::int64_t first = std::min(to.first, from.first);
    const std::int64_t last = std::max(to.first + static_cast<std::int64_t>(to.bins.size() - 1) * width,
        from.first + static_cast<std::int64_t>(from.bins.size() - 1) * width);
    if (const auto bins = static_cast<std::size_t>((last - first) / width) + 1; bins != to.bins.size())
        spread(to, first, bins);
    const auto shift = static_cast<std::size_t>(stepsOf(from, first));
    for (std::size_t i = 0; i < from.bins.size(); ++i)
        to.bins[i + shift] += from.bins[i];
    to.usedKnown = to.usedKnown && from.usedKnown && to.width == 1;
    to.used = static_cast<std::uint64_t>(std::ranges::count_if(to.bins, [](std::uint64_t n) { return n > 0; }));
}

void addChannelRanges(std::vector<ChannelStatistics> &to, const std::vector<ChannelStatistics> &from)
{
    if (to.size() != from.size()) { // an axis whose length depends on the data has no channels
        to.clear();
        return;
    }
    for (std::size_t i = 0; i < to.size(); ++i) {
        to[i].low = std::min(to[i].low, from[i].low);
        to[i].high = std::max(to[i].high, from[i].high);
        to[i].count += from[i].count;
    }
}

} // namespace

std::optional<double> FlowFigures::mean() const
{
    return finite == 0 ? std::nullopt : std::optional(sum / static_cast<double>(finite));
}

std::optional<double> FlowFigures::rms() const
{
    return finite == 0 ? std::nullopt : std::optional(std::sqrt(squares / static_cast<double>(finite)));
}

void FlowFigures::add(const FlowFigures &piece)
{
    if (piece.seen.count == 0)
        return;
    if (seen.count == 0) {
        *this = piece;
        return;
    }
    low = std::min(low, piece.low);
    high = std::max(high, piece.high);
    if (piece.finite > 0) { // else no code was seen
        seen.codesMin = finite == 0 ? piece.seen.codesMin : std::min(seen.codesMin, piece.seen.codesMin);
        seen.codesMax = finite == 0 ? piece.seen.codesMax : std::max(seen.codesMax, piece.seen.codesMax);
    }
    sum += piece.sum;
    squares += piece.squares;
    finite += piece.finite;
    magnitudes.add(piece.magnitudes);
    seen.low = std::min(seen.low, piece.seen.low);
    seen.high = std::max(seen.high, piece.seen.high);
    seen.count += piece.seen.count;
    seen.nonFinite += piece.seen.nonFinite;
    seen.atLimit += piece.seen.atLimit;
    if (seen.clipped && piece.seen.clipped)
        *seen.clipped += *piece.seen.clipped;
    seen.zeroed += piece.seen.zeroed;
    seen.error += piece.seen.error;
    seen.bitWeights += piece.seen.bitWeights;
    addCodes(seen.codes, piece.seen.codes);
    addChannelRanges(seen.channels, piece.seen.channels);
}

void FlowFigures::wholeCodes()
{
    if (hasCodes && seen.codes.bins.size() < codeBins)
        spread(seen.codes, firstCode, codeBins);
}

FlowFigures measureFlow(std::span<const float> seen, const Shape &shape, const Quantizer *quantizer,
    std::optional<std::size_t> channelAxis, bool withMagnitudes)
{
    std::vector<FlowFigures> parts(std::max<std::size_t>(1, (seen.size() + kPart - 1) / kPart));
    parallelFor(parts.size(), [&](std::size_t i) {
        const std::size_t begin = i * kPart;
        const auto part = seen.subspan(begin, std::min(kPart, seen.size() - begin));
        parts[i] = FlowPass(shape, quantizer, channelAxis).run(part, begin);
        if (withMagnitudes)
            parts[i].magnitudes.add(part);
        trim(parts[i]);
    });
    FlowFigures out = std::move(parts.front());
    for (std::size_t i = 1; i < parts.size(); ++i)
        out.add(parts[i]);
    return out;
}

} // namespace quantscope
