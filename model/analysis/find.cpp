#include "analysis/find.h"

#include "analysis/elements.h"
#include "analysis/pieces.h"

#include <cmath>
#include <limits>

namespace quantscope {

namespace {

using Subject = FindQuery::Subject;
using Relation = FindQuery::Relation;

template <class T> bool holds(T subject, Relation relation, T number)
{
    switch (relation) {
    case Relation::Less: return subject < number;
    case Relation::LessEqual: return subject <= number;
    case Relation::Greater: return subject > number;
    case Relation::GreaterEqual: return subject >= number;
    case Relation::Equal: return subject == number;
    case Relation::NotEqual: return subject != number;
    }
    return false;
}

std::uint64_t magnitudeOf(std::int64_t code)
{
    const auto bits = static_cast<std::uint64_t>(code);
    return code < 0 ? 0 - bits : bits;
}

/// -1, 0 or 1 as `code` is less than, equal to or greater than a whole number.
int compared(bool negative, std::uint64_t magnitude, const FindNumber &number)
{
    const bool below = number.negative && number.magnitude > 0;
    if (negative != below)
        return negative ? -1 : 1;
    const int order = magnitude < number.magnitude ? -1 : magnitude > number.magnitude ? 1 : 0;
    return negative ? -order : order;
}

bool matchesCode(const FindQuery &query, std::int64_t code)
{
    const bool negative = query.subject == Subject::Code && code < 0;
    const std::uint64_t magnitude = magnitudeOf(code);
    if (query.number.whole)
        return holds(compared(negative, magnitude, query.number), query.relation, 0);
    const double real = static_cast<double>(magnitude);
    return holds(negative ? -real : real, query.relation, query.number.real);
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
        , m_reader(slot, ElementReader::Minifloats::AsPatterns)
        , m_range(slot.isReadable() ? codeRange(*slot.quantizer) : CodeRange{})
    {
    }

    void run(std::uint64_t begin, std::uint64_t end, const FindVisitor &visit, const Progress &progress)
    {
        forEachChunk(m_reader, begin, end, progress, [&](const ElementChunk &chunk) {
            if (m_query.subject >= Subject::Clipped)
                readCodes(chunk);
            for (std::size_t i = 0; i < chunk.size(); ++i)
                if (matches(chunk, i))
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

    bool matches(const ElementChunk &chunk, std::size_t i)
    {
        const auto number = static_cast<float>(m_query.number.real); // floats are shown, and so typed, as float32
        switch (m_query.subject) {
        case Subject::Code:
        case Subject::AbsCode: return matchesCode(m_query, chunk.codes[i]);
        case Subject::Float: return holds(chunk.originals[i], m_query.relation, number);
        case Subject::AbsFloat: return holds(std::fabs(chunk.originals[i]), m_query.relation, number);
        case Subject::AbsError:
            return holds(std::fabs(static_cast<double>(chunk.values[i]) - static_cast<double>(chunk.originals[i])),
                m_query.relation, m_query.number.real);
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
    ElementReader m_reader;
    CodeRange m_range;
    std::vector<float> m_clamped, m_unclamped;
    std::vector<RunParameters> m_parameters;
    std::size_t m_run = 0;
};

/// Why a slot cannot answer; empty when it can.
std::string missing(const SlotQuantizer &slot, const FindQuery &query)
{
    if (query.needsCodes() && !slot.isReadable())
        return "there are no codes to look for";
    if (query.needsFloats() && slot.isReadable() && !CodeReader(slot).hasFloats())
        return "the file holds codes only: it has no floats to look for";
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
