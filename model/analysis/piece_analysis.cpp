#include "analysis/piece_analysis.h"

#include "analysis/analyse.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace quantscope {

PieceAnalysis::PieceAnalysis(const SlotQuantizer &slot, const AnalysisOptions &options)
    : m_options(options)
    , m_reader(slot)
    , m_range(codeRange(*slot.quantizer))
    , m_channels(slot)
    , m_codeCounter(m_range.min, m_range.max)
{
    m_options.channels = options.channels && m_channels.areTold();
}

PieceOutcome PieceAnalysis::read(std::uint64_t begin, std::uint64_t count)
{
    PieceOutcome out;
    m_x.resize(count);
    if (m_reader.hasFloats())
        fromFloats(begin, m_x, out);
    else
        fromCodes(begin, m_x, out);
    if (m_options.histograms)
        m_bits.add(m_x);
    else if (out.range.hasNan || !std::isfinite(out.range.low) || !std::isfinite(out.range.high))
        m_bits.addNonFinite(m_x);
    return out;
}

/// The file has floats: codes, errors and clipping follow from them.
void PieceAnalysis::fromFloats(std::uint64_t begin, std::span<float> x, PieceOutcome &out)
{
    m_reader.floats(begin, x);
    out.range = valueRange(x);
    m_codes.resize(x.size());
    m_values.resize(x.size());
    m_reader.unclampedCodes(begin, x, m_codes);
    for (std::uint64_t i = 0; i < x.size();) {
        const CodeReader::Run run = m_reader.runAt(begin + i);
        const std::uint64_t channelRun = m_options.channels ? m_channels.run(begin + i) : run.length;
        const std::uint64_t length = std::min({run.length, channelRun, static_cast<std::uint64_t>(x.size() - i)});
        out.runs.push_back(floatRun(
            begin + i, x.subspan(i, length), std::span(m_codes).subspan(i, length), m_reader.parameters(run.channel)));
        i += length;
    }
    if (m_options.histograms)
        m_codeCounter.add(m_codes);
    if (!m_options.hash)
        return;
    m_integers.resize(x.size());
    std::transform(
        m_codes.begin(), m_codes.end(), m_integers.begin(), [this](float code) { return m_reader.integer(code); });
    m_hashes.addCodes(m_integers);
    m_reader.valuesFromCodes(begin, m_codes, m_values);
    m_hashes.addValues(m_values);
}

RunOutcome PieceAnalysis::floatRun(
    std::uint64_t element, std::span<const float> x, std::span<float> codes, const CodeParameters &parameters)
{
    RunOutcome out;
    out.figures
        = {.codesMin = std::numeric_limits<float>::infinity(), .codesMax = -std::numeric_limits<float>::infinity()};
    const auto values = std::span(m_values).first(codes.size());
    clampAndCount(x, codes, parameters, values, out.figures);
    if (parameters.rule == CodeRule::MinifloatPattern) { // a pattern is no number: the values themselves are compared
        valuesOf(codes, parameters, values);
        out.figures.zeroed = 0;
        for (std::size_t i = 0; i < x.size(); ++i)
            out.figures.zeroed += x[i] != 0 && values[i] == 0 ? 1u : 0u;
    }
    addError(x, values, out.error, out.figures);
    if (m_options.channels) {
        out.channel = m_channels.channel(element);
        out.range = valueRange(x);
    }
    return out;
}

/// The file has only codes: `values` becomes what they mean; nothing is known of clipping or error.
void PieceAnalysis::fromCodes(std::uint64_t begin, std::span<float> values, PieceOutcome &out)
{
    m_integers.resize(values.size());
    m_reader.integers(begin, m_integers);
    m_codes.resize(values.size());
    std::transform(m_integers.begin(), m_integers.end(), m_codes.begin(),
        [](std::int64_t code) { return static_cast<float>(code); });
    if (m_reader.hasValues())
        m_reader.valuesFromCodes(begin, m_codes, values);
    else // in units of a scale that nobody knows
        std::ranges::copy(m_codes, values.begin());
    out.range = valueRange(values);
    for (std::size_t i = 0; i < m_integers.size(); ++i) {
        const std::int64_t code = m_integers[i];
        out.codesMin = std::min(out.codesMin, code);
        out.codesMax = std::max(out.codesMax, code);
        out.atLimit += code == m_range.min || code == m_range.max ? 1u : 0u;
        out.nonFinite += std::isfinite(values[i]) ? 0u : 1u;
    }
    if (m_options.channels)
        addCodeRuns(begin, values, out);
    if (m_options.histograms)
        m_codeCounter.add(m_integers);
    if (m_options.hash) {
        m_hashes.addCodes(m_integers);
        m_values.assign(values.begin(), values.end());
        if (m_reader.hasValues())
            m_hashes.addValues(m_values);
        else
            m_hashes.withoutValues();
    }
}

void PieceAnalysis::addCodeRuns(std::uint64_t begin, std::span<const float> values, PieceOutcome &out)
{
    for (std::uint64_t i = 0; i < values.size();) {
        const std::uint64_t length = std::min<std::uint64_t>(m_channels.run(begin + i), values.size() - i);
        const auto integers = std::span(m_integers).subspan(i, length);
        RunOutcome run;
        run.channel = m_channels.channel(begin + i);
        run.range = valueRange(values.subspan(i, length));
        const auto [low, high] = std::minmax_element(integers.begin(), integers.end());
        run.figures.codesMin = static_cast<float>(*low);
        run.figures.codesMax = static_cast<float>(*high);
        run.figures.atLimit = static_cast<std::uint64_t>(std::count_if(integers.begin(), integers.end(),
            [this](std::int64_t code) { return code == m_range.min || code == m_range.max; }));
        run.error.count = length;
        out.runs.push_back(run);
        i += length;
    }
}

} // namespace quantscope
