#pragma once

#include "analysis/statistics.h"
#include "base/sha256.h"
#include "quant/code_hash.h"

#include <cstdint>
#include <span>

namespace quantscope {

/// The hashes that goldens use: codes as int32 and values as float32, both little-endian, +0 for zero.
class Hashes {
public:
    void addCodes(std::span<const std::int64_t> codes);
    /// Makes -0 to +0 in place.
    void addValues(std::span<float> values);
    /// What the codes stand for is not known: there is no hash of values.
    void withoutValues() { m_valuesKnown = false; }
    /// Leaves out what has no hash: codes outside int32, values that are not finite.
    void finish(SlotStatistics &statistics);

private:
    CodeHash m_codeHash;
    Sha256 m_valueHash;
    bool m_finite = true, m_valuesKnown = true;
};

} // namespace quantscope
