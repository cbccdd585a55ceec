#include "analysis/histogram_kernels.h"
#include "analysis/pieces.h"
#include "analysis/statistics.h"
#include "base/sha256.h"
#include "quant/code_reader.h"
#include "quant/kernels.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace quantscope {

namespace {

// A vector of a hundred million elements is not a hundred million channels.
constexpr std::uint64_t kMostChannels = 1ull << 18;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// The hashes that goldens use: codes as int32 and values as float32, both little-endian, +0 for zero.
class Hashes {
public:
    void addCodes(std::span<const std::int64_t> codes)
    {
        m_codes.resize(codes.size());
        for (std::size_t i = 0; i < codes.size(); ++i) {
            m_codesFit = m_codesFit && codes[i] >= INT32_MIN && codes[i] <= INT32_MAX;
            m_codes[i] = static_cast<std::int32_t>(codes[i]);
        }
        m_codeHash.add(std::as_bytes(std::span(m_codes)));
    }
    void addValues(std::span<float> values)
    {
        for (float &v : values) {
            m_finite = m_finite && std::isfinite(v);
            v = v == 0 ? 0.0f : v;
        }
        m_valueHash.add(std::as_bytes(values));
    }
    void finish(SlotStatistics &stats)
    {
        if (m_codesFit && m_finite && stats.nonFinite == 0)
            stats.codesSha256 = m_codeHash.finish();
        if (m_finite)
            stats.valueSha256 = m_valueHash.finish();
    }

private:
    Sha256 m_codeHash, m_valueHash;
    std::vector<std::int32_t> m_codes;
    bool m_codesFit = true, m_finite = true;
};

class Analysis {
public:
    Analysis(const SlotQuantizer &slot, const AnalysisOptions &options)
        : m_slot(slot)
        , m_options(options)
        , m_reader(slot)
        , m_range(codeRange(*slot.quantizer))
        , m_channels(slot)
        , m_codeCounter(m_range.min, m_range.max)
    {
        m_stats.count = m_reader.count();
        m_stats.hasFloats = m_reader.hasFloats();
        m_options.channels = options.channels && m_channels.count() <= kMostChannels;
        if (m_options.channels)
            m_perChannel.resize(m_channels.count());
        m_low.assign(m_perChannel.size(), kInfinity);
        m_high.assign(m_perChannel.size(), -kInfinity);
    }

    SlotStatistics run(const Progress &progress, const Partial<SlotStatistics> &partial)
    {
        std::vector<float> x(std::min(kPiece, m_stats.count));
        for (std::uint64_t at = 0; at < m_stats.count; at += kPiece) {
            const auto piece = std::span(x).first(std::min(kPiece, m_stats.count - at));
            if (m_stats.hasFloats)
                fromFloats(at, piece);
            else
                fromCodes(at, piece);
            m_bits.add(piece);
            progress.step(at + piece.size(), m_stats.count);
            if (partial && isPartialStep(at + piece.size(), m_stats.count))
                partial(soFar(at + piece.size()));
        }
        return finish();
    }

private:
    /// The file has floats: codes, errors and clipping follow from them.
    void fromFloats(std::uint64_t at, std::span<float> x)
    {
        m_reader.floats(at, x);
        widen(valueRange(x));
        m_codes.resize(x.size());
        m_reader.unclampedCodes(at, x, m_codes);
        for (std::uint64_t i = 0; i < x.size();) {
            const CodeReader::Run run = m_reader.runAt(at + i);
            const std::uint64_t channelRun = m_options.channels ? m_channels.run(at + i) : run.length;
            const std::uint64_t length = std::min({run.length, channelRun, static_cast<std::uint64_t>(x.size() - i)});
            addRun(
                at + i, x.subspan(i, length), std::span(m_codes).subspan(i, length), m_reader.parameters(run.channel));
            i += length;
        }
        m_codeCounter.add(m_codes);
        if (m_options.hash) {
            m_integers.resize(x.size());
            std::transform(m_codes.begin(), m_codes.end(), m_integers.begin(),
                [this](float code) { return m_reader.integer(code); });
            m_hashes.addCodes(m_integers);
            m_values.resize(x.size());
            m_reader.valuesFromCodes(at, m_codes, m_values);
            m_hashes.addValues(m_values);
        }
    }

    void addRun(std::uint64_t element, std::span<const float> x, std::span<float> codes, const CodeParameters &p)
    {
        RunFigures figures{.codesMin = kInfinity, .codesMax = -kInfinity};
        QuantizationError error;
        clampAndCount(codes, p.min, p.max, figures);
        if (p.rule == CodeRule::MinifloatPattern) { // a pattern is no number: compare the values themselves
            m_values.resize(codes.size());
            valuesOf(codes, p, m_values);
            addError(x, m_values, 0.0f, 1.0f, error, figures);
        } else {
            addError(x, codes, p.zeroPoint, p.scale, error, figures);
        }
        m_stats.error += error;
        m_stats.atLimit += figures.atLimit;
        m_clipped += figures.clipped;
        m_stats.zeroed += figures.zeroed;
        m_stats.nonFinite += figures.nonFinite;
        m_codesMin = std::min(m_codesMin, figures.codesMin);
        m_codesMax = std::max(m_codesMax, figures.codesMax);
        if (m_options.channels)
            addChannel(m_channels.channel(element), valueRange(x), figures, error);
    }

    void addChannel(
        std::uint64_t index, const ValueRange &range, const RunFigures &figures, const QuantizationError &error)
    {
        ChannelStatistics &channel = m_perChannel[index];
        const bool first = channel.count == 0;
        m_low[index] = std::min(m_low[index], range.low);
        m_high[index] = std::max(m_high[index], range.high);
        channel.codesMin = first ? m_reader.integer(figures.codesMin)
                                 : std::min(channel.codesMin, m_reader.integer(figures.codesMin));
        channel.codesMax = first ? m_reader.integer(figures.codesMax)
                                 : std::max(channel.codesMax, m_reader.integer(figures.codesMax));
        channel.atLimit += figures.atLimit;
        channel.count += error.count + figures.nonFinite;
        channel.error += error;
    }

    /// The file has only codes: `values` becomes what they mean; nothing is known of clipping or error.
    void fromCodes(std::uint64_t at, std::span<float> values)
    {
        m_integers.resize(values.size());
        m_reader.integers(at, m_integers);
        m_codes.resize(values.size());
        std::transform(m_integers.begin(), m_integers.end(), m_codes.begin(),
            [](std::int64_t c) { return static_cast<float>(c); });
        m_reader.valuesFromCodes(at, m_codes, values);
        widen(valueRange(values));
        for (std::size_t i = 0; i < m_integers.size(); ++i) {
            const std::int64_t code = m_integers[i];
            const bool atLimit = code == m_range.min || code == m_range.max;
            m_exactMin = std::min(m_exactMin, code);
            m_exactMax = std::max(m_exactMax, code);
            m_stats.atLimit += atLimit ? 1u : 0u;
            m_stats.nonFinite += std::isfinite(values[i]) ? 0u : 1u;
            if (m_options.channels) {
                const RunFigures figures{.codesMin = m_codes[i], .codesMax = m_codes[i], .atLimit = atLimit ? 1u : 0u};
                addChannel(
                    m_channels.channel(at + i), {values[i], values[i], false}, figures, QuantizationError{.count = 1});
            }
        }
        m_codeCounter.add(m_integers);
        if (m_options.hash) {
            m_hashes.addCodes(m_integers);
            m_values.assign(values.begin(), values.end());
            m_hashes.addValues(m_values);
        }
    }

    void widen(const ValueRange &range)
    {
        m_stats.low = m_started ? std::min(m_stats.low, range.low) : range.low;
        m_stats.high = m_started ? std::max(m_stats.high, range.high) : range.high;
        m_started = true;
    }

    SlotStatistics finish()
    {
        SlotStatistics stats = soFar(m_stats.count);
        for (std::size_t c = 0; c < m_perChannel.size(); ++c) {
            m_perChannel[c].low = std::isfinite(m_low[c]) ? m_low[c] : 0;
            m_perChannel[c].high = std::isfinite(m_high[c]) ? m_high[c] : 0;
        }
        stats.channels = std::move(m_perChannel);
        if (m_options.hash)
            m_hashes.finish(stats);
        return stats;
    }

    /// The figures of the first `count` elements, channels apart.
    SlotStatistics soFar(std::uint64_t count)
    {
        SlotStatistics stats = m_stats;
        stats.count = count;
        if (stats.hasFloats) {
            stats.codesMin = m_reader.integer(m_codesMin);
            stats.codesMax = m_reader.integer(m_codesMax);
            stats.clipped = m_clipped;
        } else if (count > 0) {
            stats.codesMin = m_exactMin;
            stats.codesMax = m_exactMax;
        }
        stats.bitWeights = m_bits.result();
        stats.codes = m_codeCounter.result();
        return stats;
    }

    const SlotQuantizer &m_slot;
    AnalysisOptions m_options;
    CodeReader m_reader;
    CodeRange m_range;
    ChannelMap m_channels;
    CodeCounter m_codeCounter;
    BitWeightCounter m_bits;
    Hashes m_hashes;
    SlotStatistics m_stats;
    std::vector<ChannelStatistics> m_perChannel;
    std::vector<float> m_codes, m_values, m_low, m_high;
    std::vector<std::int64_t> m_integers;
    float m_codesMin = kInfinity, m_codesMax = -kInfinity;
    std::int64_t m_exactMin = INT64_MAX, m_exactMax = INT64_MIN;
    std::uint64_t m_clipped = 0;
    bool m_started = false;
};

} // namespace

Result<SlotStatistics> analyse(const SlotQuantizer &slot, const AnalysisOptions &options, const Progress &progress,
    const Partial<SlotStatistics> &partial)
{
    return passErrors(slot.tensorName, [&] { return Analysis(slot, options).run(progress, partial); });
}

} // namespace quantscope
