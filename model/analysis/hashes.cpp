#include "analysis/hashes.h"

#include <cmath>

namespace quantscope {

void Hashes::addCodes(std::span<const std::int64_t> codes)
{
    m_codes.resize(codes.size());
    for (std::size_t i = 0; i < codes.size(); ++i) {
        m_codesFit = m_codesFit && codes[i] >= INT32_MIN && codes[i] <= INT32_MAX;
        m_codes[i] = static_cast<std::int32_t>(codes[i]);
    }
    m_codeHash.add(std::as_bytes(std::span(m_codes)));
}

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
    if (m_codesFit && m_finite && statistics.nonFinite == 0)
        statistics.codesSha256 = m_codeHash.finish();
    if (m_finite)
        statistics.valueSha256 = m_valueHash.finish();
}

} // namespace quantscope
