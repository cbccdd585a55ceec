#include "analysis/elements.h"

namespace quantscope {

Element ElementChunk::element(std::uint64_t flat) const
{
    Element out;
    const auto at = static_cast<std::size_t>(flat - begin);
    out.known = true;
    if (at < codes.size()) {
        out.hasCode = true;
        out.code = codes[at];
    }
    if (at < values.size()) {
        out.hasValue = true;
        out.value = values[at];
    }
    if (at < originals.size()) {
        out.hasFloat = true;
        out.original = originals[at];
    }
    return out;
}

ElementReader::ElementReader(const SlotQuantizer &slot, Minifloats minifloats)
    : m_count(elementCount(slot.tensor->shape))
{
    if (slot.hasCodes() || (slot.isReadable() && minifloats == Minifloats::AsPatterns))
        m_codes.emplace(slot);
    else if (slot.hasValues() && slot.holdsCodes())
        m_stored.emplace(slot);
    else
        m_floats.emplace(*slot.tensor);
}

void ElementReader::read(std::uint64_t begin, std::uint64_t count, ElementChunk &chunk)
{
    const auto size = static_cast<std::size_t>(begin >= m_count ? 0 : std::min(count, m_count - begin));
    const bool hasFloats = !m_codes || m_codes->hasFloats();
    chunk.begin = begin;
    chunk.codes.resize(m_codes ? size : 0);
    chunk.values.resize(m_codes && m_codes->hasValues() ? size : 0);
    chunk.originals.resize(hasFloats ? size : 0);
    if (m_codes) {
        m_codes->integers(begin, chunk.codes);
        if (!chunk.values.empty())
            m_codes->values(begin, chunk.values);
    }
    if (m_stored)
        m_stored->values(begin, chunk.originals);
    else if (m_floats)
        m_floats->floats(begin, chunk.originals);
    else if (hasFloats)
        m_codes->floats(begin, chunk.originals);
}

} // namespace quantscope
