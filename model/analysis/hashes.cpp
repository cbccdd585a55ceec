#include "analysis/hashes.h"

#include <cmath>

namespace quantscope {

void Hashes::addCodes(std::span<const std::int64_t> codes) { m_codeHash.add(codes); }

void Hashes::addValues(std::span<float> values)
{
    for (float &v : values) {
        m_finite = m_finite && std::isfinite(v);
        v = v == 0 ? 0.0f : v;
    }
    m_valueHash.add(std::as_bytes(values));
}

void Hashes::finish(SlotStatistics &statistics)
{
    if (m_finite && statistics.nonFinite == 0)
        statistics.codesSha256 = m_codeHash.finish();
    if (m_finite && m_valuesKnown)
        statistics.valueSha256 = m_valueHash.finish();
}

} // namespace quantscope
