#include "analysis/find.h"

#include "analysis/elements.h"
#include "analysis/pieces.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace quantscope {

namespace {

using Subject = FindTerm::Subject;

bool matchesFloat(const FindTerm &term, float value)
{
    return term.number.asFloat ? holds(value, term.relation, static_cast<float>(term.number.real))
                               : holds(static_cast<double>(value), term.relation, term.number.real);
}

Channels channelsOf(const SlotQuantizer &slot)
{
    if (slot.quantizer)
        return ChannelMap(slot);
    const bool told = slot.channelAxis >= 0;
    return Channels(
        slot.tensor->shape, told ? std::optional(static_cast<std::size_t>(slot.channelAxis)) : std::nullopt);
}

/// What a code stands for, else the float; NaN where neither is known.
float valueIn(const ElementChunk &chunk, std::size_t i)
{
    if (!chunk.values.empty())
        return chunk.values[i];
    return chunk.originals.empty() ? std::numeric_limits<float>::quiet_NaN() : chunk.originals[i];
}

/// Goes through a tensor once.
class Search {
public:
    Search(const SlotQuantizer &slot, const FindQuery &query)
        : m_query(query)
        , m_needsCodes(
              std::ranges::any_of(query.terms, [](const FindTerm &term) { return term.subject >= Subject::Clipped; }))
        , m_channels(channelsOf(slot))
        , m_reader(slot, ElementReader::Minifloats::AsPatterns)
        , m_range(slot.isReadable() ? codeRange(*slot.quantizer) : CodeRange{})
        , m_patterns(slot.isReadable() && slot.quantizer->kind == QuantizerKind::Minifloat)
    {
    }

    void run(std::uint64_t begin, std::uint64_t end, const FindVisitor &visit, const Progress &progress)
    {
        forEachChunk(m_reader, begin, end, progress, [&](const ElementChunk &chunk) {
            if (m_needsCodes)
                readCodes(chunk);
            for (std::size_t i = 0; i < chunk.size(); ++i)
                if (std::ranges::all_of(m_query.terms, [&](const FindTerm &term) { return matches(term, chunk, i); }))
                    visit(chunk.begin + i, chunk.codes.empty() ? 0 : chunk.codes[i], valueIn(chunk, i));
        });
    }

private:
    /// Codes as float32 before and after the clamp, and the parameters of each element: what the statistics count by.
    void readCodes(const ElementChunk &chunk)
    {
        CodeReader &codes = *m_reader.codes();
        m_parameters.clear();
        m_clamped.resize(chunk.size());
        m_unclamped.resize(chunk.originals.size());
        codes.codes(chunk.begin, m_clamped);
        if (!m_unclamped.empty())
            codes.unclampedCodes(chunk.begin, chunk.originals, m_unclamped);
        for (std::size_t i = 0; i < chunk.size();) {
            const CodeReader::Run run = codes.runAt(chunk.begin + i);
            const auto length = std::min<std::uint64_t>(run.length, chunk.size() - i);
            m_parameters.push_back({i + length, codes.parameters(run.channel)});
            i += length;
        }
        m_run = 0;
    }

    const CodeParameters &parameters(std::size_t i)
    {
        while (i >= m_parameters[m_run].end)
            ++m_run;
        return m_parameters[m_run].parameters;
    }

    bool matches(const FindTerm &term, const ElementChunk &chunk, std::size_t i)
    {
        switch (term.subject) {
        case Subject::Code:
        case Subject::AbsCode: // what a NaN is stored as is no code of its own
            return (m_patterns || i >= chunk.values.size() || !std::isnan(chunk.values[i]))
                && term.holdsOf(chunk.codes[i]);
        case Subject::Channel: return term.holdsOf(static_cast<std::int64_t>(m_channels.channel(chunk.begin + i)));
        case Subject::Value: return matchesFloat(term, valueIn(chunk, i));
        case Subject::AbsValue: return matchesFloat(term, std::fabs(valueIn(chunk, i)));
        case Subject::NotFinite:
            return !std::isfinite(chunk.originals.empty() ? valueIn(chunk, i) : chunk.originals[i])
                && !(chunk.originals.empty() && chunk.values.empty()); // integers without a scale
        case Subject::Float:
            if (term.isFloatOrValue())
                return (i < chunk.originals.size() && matchesFloat(term, chunk.originals[i]))
                    || (i < chunk.values.size() && matchesFloat(term, chunk.values[i]));
            return matchesFloat(term, chunk.originals[i]);
        case Subject::Changed:
        case Subject::Change:
        case Subject::AbsChange: break; // refused
        case Subject::Weight: return matchesFloat(term, chunk.originals[i]);
        case Subject::AbsFloat:
        case Subject::AbsWeight: return matchesFloat(term, std::fabs(chunk.originals[i]));
        case Subject::AbsError:
            return holds(std::fabs(static_cast<double>(chunk.values[i]) - static_cast<double>(chunk.originals[i])),
                term.relation, term.number.real);
        case Subject::Clipped: return m_unclamped[i] > parameters(i).max || m_unclamped[i] < parameters(i).min;
        case Subject::AtLimit:
            if (m_unclamped.empty())
                return chunk.codes[i] == m_range.min || chunk.codes[i] == m_range.max;
            return m_clamped[i] == parameters(i).max || m_clamped[i] == parameters(i).min;
        case Subject::Zeroed:
            if (parameters(i).rule == CodeRule::MinifloatPattern) // a pattern is no number
                return chunk.originals[i] != 0 && chunk.values[i] == 0;
            return chunk.originals[i] != 0 && m_clamped[i] == parameters(i).zeroPoint;
        }
        return false;
    }

    struct RunParameters {
        std::size_t end; ///< within the chunk
        CodeParameters parameters;
    };
    const FindQuery &m_query;
    bool m_needsCodes; ///< before and after the clamp
    Channels m_channels;
    ElementReader m_reader;
    CodeRange m_range;
    bool m_patterns; ///< of minifloats: each is a code, that of NaN too
    std::vector<float> m_clamped, m_unclamped;
    std::vector<RunParameters> m_parameters;
    std::size_t m_run = 0;
};

/// Why a slot cannot answer; empty when it can.
std::string missing(const SlotQuantizer &slot, const FindQuery &query)
{
    const auto needs = [&](bool (FindTerm::*what)() const) {
        return std::ranges::any_of(query.terms, [=](const FindTerm &term) { return (term.*what)(); });
    };
    if (needs(&FindTerm::needsSecond))
        return "there is no second model: changed and change compare two";
    if (needs(&FindTerm::needsCodes) && !slot.isReadable())
        return "there are no codes to look for";
    if (needs(&FindTerm::needsFloats) && slot.isReadable() && !CodeReader(slot).hasFloats())
        return "the file holds codes only: it has no floats to look for";
    if (needs(&FindTerm::needsValues) && slot.hasCodes() && !slot.hasValues())
        return "the file has integers and no scale: what they stand for is not known";
    return {};
}

} // namespace

Result<void> visitElements(const SlotQuantizer &slot, const FindQuery &query, std::uint64_t begin, std::uint64_t end,
    const FindVisitor &visit, const Progress &progress)
{
    const auto reason = passErrors(slot.tensorName, [&] { return missing(slot, query); });
    if (!reason)
        return tl::unexpected(reason.error());
    if (!reason->empty())
        return tl::unexpected(Error{ErrorKind::Usage, slot.tensorName, std::nullopt, *reason});
    const auto done = passErrors(slot.tensorName, [&] {
        Search(slot, query).run(begin, end, visit, progress);
        return true;
    });
    if (!done)
        return tl::unexpected(done.error());
    return {};
}

Result<FindResult> findElements(const SlotQuantizer &slot, const FindQuery &query, const Progress &progress)
{
    FindResult result;
    const auto take = [&](std::uint64_t flat, std::int64_t, float) {
        if (++result.count <= FindResult::kMaxHits)
            result.positions.push_back(flat);
    };
    const auto done = visitElements(slot, query, 0, slot.tensor->count(), take, progress);
    if (!done)
        return tl::unexpected(done.error());
    return result;
}

} // namespace quantscope
