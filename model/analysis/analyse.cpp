#include "analysis/analyse.h"

#include "analysis/piece_analysis.h"
#include "analysis/pieces.h"
#include "analysis/statistics.h"
#include "base/parallel.h"

#include <algorithm>
#include <cmath>

#include <tbb/enumerable_thread_specific.h>

namespace quantscope {

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
/// A core takes sixteen pieces at a time: 1 MiB of floats.
constexpr std::uint64_t kBlock = 16 * kPiece;
/// Shorter runs leave more outcomes than a step of blocks should hold.
constexpr std::uint64_t kShortestRun = 32;

/// Figures of a slot, added up run by run in file order: they do not depend on who read the pieces.
class Total {
public:
    Total(const PieceAnalysis &pieces, const AnalysisOptions &options)
        : m_reader(pieces.reader())
        , m_withChannels(options.channels && pieces.channels().areTold())
    {
        m_stats.hasFloats = m_reader.hasFloats();
        m_stats.hasValues = m_reader.hasValues();
        if (m_withChannels)
            m_perChannel.resize(pieces.channels().count());
        m_low.assign(m_perChannel.size(), kInfinity);
        m_high.assign(m_perChannel.size(), -kInfinity);
    }

    void add(const PieceOutcome &piece)
    {
        m_stats.low = m_started ? std::min(m_stats.low, piece.range.low) : piece.range.low;
        m_stats.high = m_started ? std::max(m_stats.high, piece.range.high) : piece.range.high;
        m_started = true;
        m_exactMin = std::min(m_exactMin, piece.codesMin);
        m_exactMax = std::max(m_exactMax, piece.codesMax);
        m_stats.atLimit += piece.atLimit;
        m_stats.nonFinite += piece.nonFinite;
        for (const RunOutcome &run : piece.runs) {
            if (m_stats.hasFloats)
                addRun(run);
            if (m_withChannels)
                addChannel(run);
        }
    }

    /// The figures of the first `count` elements, channels apart.
    SlotStatistics soFar(std::uint64_t count) const
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
        return stats;
    }

    std::vector<ChannelStatistics> channels()
    {
        for (std::size_t c = 0; c < m_perChannel.size(); ++c) {
            m_perChannel[c].low = std::isfinite(m_low[c]) ? m_low[c] : 0;
            m_perChannel[c].high = std::isfinite(m_high[c]) ? m_high[c] : 0;
        }
        return std::move(m_perChannel);
    }

private:
    void addRun(const RunOutcome &run)
    {
        m_stats.error += run.error;
        m_stats.atLimit += run.figures.atLimit;
        m_clipped += run.figures.clipped;
        m_stats.zeroed += run.figures.zeroed;
        m_stats.nonFinite += run.figures.nonFinite;
        m_codesMin = std::min(m_codesMin, run.figures.codesMin);
        m_codesMax = std::max(m_codesMax, run.figures.codesMax);
    }

    void addChannel(const RunOutcome &run)
    {
        ChannelStatistics &channel = m_perChannel[run.channel];
        const bool first = channel.count == 0;
        m_low[run.channel] = std::min(m_low[run.channel], run.range.low);
        m_high[run.channel] = std::max(m_high[run.channel], run.range.high);
        const std::int64_t low = m_reader.integer(run.figures.codesMin), high = m_reader.integer(run.figures.codesMax);
        channel.codesMin = first ? low : std::min(channel.codesMin, low);
        channel.codesMax = first ? high : std::max(channel.codesMax, high);
        channel.atLimit += run.figures.atLimit;
        channel.count += run.error.count + run.figures.nonFinite;
        channel.error += run.error;
    }

    const CodeReader &m_reader;
    bool m_withChannels;
    SlotStatistics m_stats;
    std::vector<ChannelStatistics> m_perChannel;
    std::vector<float> m_low, m_high;
    float m_codesMin = kInfinity, m_codesMax = -kInfinity;
    std::int64_t m_exactMin = INT64_MAX, m_exactMax = INT64_MIN;
    std::uint64_t m_clipped = 0;
    bool m_started = false;
};

/// One pass over a slot: on the calling thread, or a large one on all cores.
class Analysis {
public:
    Analysis(const SlotQuantizer &slot, const AnalysisOptions &options, const Progress &progress,
        const Partial<SlotStatistics> &partial)
        : m_slot(slot)
        , m_options(options)
        , m_pieces(slot, options)
        , m_total(m_pieces, options)
        , m_count(m_pieces.reader().count())
        , m_progress(progress, m_count)
        , m_partial(partial)
    {
    }

    SlotStatistics run()
    {
        if (divides())
            runBlocks();
        else
            for (std::uint64_t at = 0; at < m_count; at += kPiece) {
                const std::uint64_t size = std::min(kPiece, m_count - at);
                m_total.add(m_pieces.read(at, size));
                m_progress.add(size);
                if (m_partial && isPartialStep(at + size, m_count))
                    m_partial(soFar(at + size));
            }
        SlotStatistics stats = soFar(m_count);
        stats.channels = m_total.channels();
        if (m_options.hash)
            m_pieces.hashes().finish(stats);
        return stats;
    }

private:
    /// A hash and a set of wide codes want them one after the other; each reader of a strided view may hold all of it.
    bool divides() const
    {
        const bool adds = !m_options.histograms || m_pieces.codes().adds();
        const std::uint64_t run = m_pieces.reader().runAt(0).length;
        return m_count >= 2 * kBlock && !m_options.hash && adds && m_slot.tensor->isContiguous()
            && (m_options.channels ? std::min(run, m_pieces.channels().run(0)) : run) >= kShortestRun;
    }

    void runBlocks()
    {
        std::vector<std::vector<PieceOutcome>> blocks;
        for (std::uint64_t at = 0; at < m_count; at += kPartialStep) {
            const std::uint64_t end = std::min(m_count, at + kPartialStep);
            blocks.assign((end - at + kBlock - 1) / kBlock, {});
            parallelFor(blocks.size(), [&](std::size_t i) {
                const std::uint64_t begin = at + i * kBlock;
                blocks[i] = readBlock(begin, std::min(end, begin + kBlock));
            });
            for (const auto &block : blocks)
                for (const PieceOutcome &piece : block)
                    m_total.add(piece);
            if (m_partial && isPartialStep(end, m_count))
                m_partial(soFar(end));
        }
    }

    std::vector<PieceOutcome> readBlock(std::uint64_t begin, std::uint64_t end)
    {
        PieceAnalysis &pieces = m_others.local();
        std::vector<PieceOutcome> out;
        for (std::uint64_t at = begin; at < end; at += kPiece) {
            const std::uint64_t size = std::min(kPiece, end - at);
            out.push_back(pieces.read(at, size));
            m_progress.add(size);
        }
        return out;
    }

    SlotStatistics soFar(std::uint64_t count)
    {
        SlotStatistics stats = m_total.soFar(count);
        for (PieceAnalysis &other : m_others) {
            m_pieces.bits().take(other.bits());
            m_pieces.codes().take(other.codes());
        }
        stats.bitWeights = m_pieces.bits().result();
        stats.codes = m_pieces.codes().result();
        return stats;
    }

    const SlotQuantizer &m_slot;
    AnalysisOptions m_options;
    PieceAnalysis m_pieces;
    Total m_total;
    std::uint64_t m_count;
    SharedProgress m_progress;
    const Partial<SlotStatistics> &m_partial;
    tbb::enumerable_thread_specific<PieceAnalysis> m_others{[this] { return PieceAnalysis(m_slot, m_options); }};
};

bool leavesHalfUnused(const SlotStatistics &stats, const CodeRange &range)
{
    const double reach
        = std::max(std::fabs(static_cast<double>(stats.codesMin)), std::fabs(static_cast<double>(stats.codesMax)));
    return 2 * reach < static_cast<double>(range.max);
}

} // namespace

Result<SlotStatistics> analyse(const SlotQuantizer &slot, const AnalysisOptions &options, const Progress &progress,
    const Partial<SlotStatistics> &partial)
{
    return passErrors(slot.tensorName, [&] {
        SlotStatistics stats = Analysis(slot, options, progress, partial).run();
        if (options.histograms || !leavesHalfUnused(stats, codeRange(*slot.quantizer)))
            return stats;
        AnalysisOptions all = options;
        all.histograms = true;
        return Analysis(slot, all, progress, partial).run();
    });
}

} // namespace quantscope
