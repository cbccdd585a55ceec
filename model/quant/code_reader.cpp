#include "quant/code_reader.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// What a slot has is asked for here, before anything of it is used.
const Quantizer &quantizerOf(const SlotQuantizer &slot)
{
    if (!slot.tensor || !slot.quantizer || !slot.quantizer->knowsCodes())
        throw ParseError(fmt::format("the quantizer of {} is not known", slot.slot));
    return *slot.quantizer;
}

std::uint64_t product(std::span<const std::int64_t> sizes)
{
    std::uint64_t out = 1;
    for (const std::int64_t size : sizes)
        out *= static_cast<std::uint64_t>(size);
    return out;
}

float pick(const std::optional<Granular> &granular, std::size_t channel, float otherwise)
{
    if (!granular)
        return otherwise;
    return granular->values.size() == 1 ? granular->values[0] : granular->values[channel];
}

const Granular *orNull(const std::optional<Granular> &granular) { return granular ? &*granular : nullptr; }

/// Code as an integer: floats reach 2^31 in Brevitas; what is not finite has no integer.
std::int64_t toInteger(float code)
{
    return std::isfinite(code) ? static_cast<std::int64_t>(std::clamp(code, -9.0e18f, 9.0e18f)) : 0;
}

} // namespace

CodeReader::CodeReader(const SlotQuantizer &slot)
    : m_slot(slot)
    , m_quantizer(quantizerOf(slot))
    , m_reader(*slot.tensor)
    , m_count(elementCount(slot.tensor->shape))
    , m_axis(slot.tensor->shape)
{
    const Shape &shape = slot.tensor->shape;
    if (m_quantizer.learnedRounding)
        m_learned.emplace(*m_quantizer.learnedRounding);
    const std::array parts{orNull(m_quantizer.scale), orNull(m_quantizer.zeroPoint), orNull(m_quantizer.divisor),
        orNull(m_quantizer.shift)};
    std::optional<int> axis;
    for (const Granular *g : parts) {
        if (g == nullptr)
            continue;
        if (g->values.empty())
            throw ParseError(fmt::format("the quantizer of {} has no scale", slot.slot));
        m_parameterSets = std::max<std::uint64_t>(m_parameterSets, g->values.size());
        axis = axis ? axis : g->axis;
    }
    if (m_parameterSets == 1)
        return;
    if (!axis || *axis < 0 || static_cast<std::size_t>(*axis) >= shape.size())
        throw ParseError(fmt::format("{} scales have no axis in a tensor of {} axes", m_parameterSets, shape.size()));
    const auto at = static_cast<std::size_t>(*axis);
    m_axis = Channels(shape, at);
    std::uint64_t expected = m_axis.count();
    if (m_quantizer.blockSize)
        expected = product(std::span(shape).first(at))
            * ((m_axis.count() + static_cast<std::uint64_t>(*m_quantizer.blockSize) - 1)
                / static_cast<std::uint64_t>(*m_quantizer.blockSize))
            * m_axis.inner();
    for (const Granular *g : parts)
        if (g != nullptr && g->values.size() != 1 && g->values.size() != expected)
            throw ParseError(fmt::format("{} scales do not fit an axis of {}", g->values.size(), m_axis.count()));
}

bool CodeReader::hasFloats() const { return !m_slot.holdsCodes(); }

CodeReader::Run CodeReader::runAt(std::uint64_t element) const
{
    if (m_parameterSets == 1)
        return {0, m_count - element};
    const std::uint64_t along = m_axis.channel(element);
    if (!m_quantizer.blockSize)
        return {along, m_axis.run(element)};
    const auto block = static_cast<std::uint64_t>(*m_quantizer.blockSize);
    const std::uint64_t blocks = (m_axis.count() + block - 1) / block;
    const std::uint64_t inner = m_axis.inner();
    const std::uint64_t channel = (m_axis.outer(element) * blocks + along / block) * inner + element % inner;
    return {channel, inner == 1 ? std::min(block - along % block, m_axis.count() - along) : 1};
}

CodeParameters CodeReader::parameters(std::size_t channel) const
{
    CodeParameters p;
    p.rule = m_quantizer.rule;
    p.rounding = m_quantizer.rounding;
    p.scale = pick(m_quantizer.scale, channel, std::numeric_limits<float>::quiet_NaN());
    p.divisor = pick(m_quantizer.divisor, channel, p.scale);
    p.zeroPoint = pick(m_quantizer.zeroPoint, channel, 0);
    p.shift = pick(m_quantizer.shift, channel, p.zeroPoint);
    p.ternaryThreshold = m_quantizer.ternaryThreshold;
    p.minifloat = m_quantizer.minifloat;
    p.stored = m_slot.tensor->dtype;
    const CodeRange range = codeRange(m_quantizer);
    p.min = static_cast<float>(range.min);
    p.max = static_cast<float>(range.max);
    return p;
}

std::optional<ElementDecision> CodeReader::decision(std::uint64_t element)
{
    if (!m_learned)
        return std::nullopt;
    ElementDecision out{m_quantizer.learnedDecision, 0};
    m_learned->floats(element, {&out.stored, 1});
    return out;
}

std::int64_t CodeReader::integer(float code) const
{
    const std::int64_t whole = toInteger(code);
    if (m_quantizer.rule != CodeRule::DivideRoundAdd && m_quantizer.rule != CodeRule::ReciprocalRoundAdd)
        return whole;
    const CodeRange range = codeRange(m_quantizer);
    return std::clamp(whole, range.min, range.max);
}

void CodeReader::floats(std::uint64_t begin, std::span<float> out) { m_reader.floats(begin, out); }

void CodeReader::codes(std::uint64_t begin, std::span<float> out)
{
    if (m_quantizer.rule == CodeRule::BitPattern) {
        std::vector<std::uint64_t> patterns(out.size());
        m_reader.patterns(begin, patterns);
        std::transform(
            patterns.begin(), patterns.end(), out.begin(), [](std::uint64_t p) { return static_cast<float>(p); });
        return;
    }
    m_reader.floats(begin, out);
    if (m_learned)
        return learnedCodes(begin, out);
    for (std::uint64_t at = 0; at < out.size();) {
        const Run run = runAt(begin + at);
        const auto part = out.subspan(at, std::min<std::uint64_t>(run.length, out.size() - at));
        codesOf(part, parameters(run.channel), part);
        at += part.size();
    }
}

/// Brevitas takes the learned decision before the clamp.
void CodeReader::learnedCodes(std::uint64_t begin, std::span<float> codes)
{
    unclampedCodes(begin, codes, codes);
    const CodeRange range = codeRange(m_quantizer);
    for (float &code : codes)
        code = std::clamp(code, static_cast<float>(range.min), static_cast<float>(range.max));
}

void CodeReader::unclampedCodes(std::uint64_t begin, std::span<const float> x, std::span<float> out)
{
    if (m_learned) {
        m_scratch.resize(out.size());
        m_learned->floats(begin, m_scratch);
    }
    for (std::uint64_t at = 0; at < out.size();) {
        const Run run = runAt(begin + at);
        const std::uint64_t length = std::min<std::uint64_t>(run.length, out.size() - at);
        CodeParameters p = parameters(run.channel);
        p.min = -std::numeric_limits<float>::infinity();
        p.max = std::numeric_limits<float>::infinity();
        if (m_learned) {
            for (std::uint64_t i = at; i < at + length; ++i)
                out[i] = codeOf(x[i], p, ElementDecision{m_quantizer.learnedDecision, m_scratch[i]});
        } else {
            codesOf(x.subspan(at, length), p, out.subspan(at, length));
        }
        at += length;
    }
}

void CodeReader::integers(std::uint64_t begin, std::span<std::int64_t> out)
{
    if (m_quantizer.rule == CodeRule::Stored && isInteger(m_slot.tensor->dtype)) {
        m_reader.integers(begin, out);
        const CodeRange range = codeRange(m_quantizer);
        for (std::int64_t &code : out)
            code = std::clamp(code, range.min, range.max);
        return;
    }
    std::vector<float> part(std::min<std::size_t>(out.size(), 1 << 16));
    for (std::size_t at = 0; at < out.size(); at += part.size()) {
        const auto chunk = std::span(part).first(std::min(part.size(), out.size() - at));
        codes(begin + at, chunk);
        std::transform(chunk.begin(), chunk.end(), out.begin() + static_cast<std::ptrdiff_t>(at),
            [this](float code) { return integer(code); });
    }
}

void CodeReader::valuesFromCodes(std::uint64_t begin, std::span<const float> codes, std::span<float> out)
{
    for (std::uint64_t at = 0; at < out.size();) {
        const Run run = runAt(begin + at);
        const std::uint64_t length = std::min<std::uint64_t>(run.length, out.size() - at);
        valuesOf(codes.subspan(at, length), parameters(run.channel), out.subspan(at, length));
        at += length;
    }
}

void CodeReader::values(std::uint64_t begin, std::span<float> out)
{
    codes(begin, out);
    valuesFromCodes(begin, out, out);
}

} // namespace quantscope
