#include "analysis/extremes.h"

#include "analysis/elements.h"
#include "analysis/pieces.h"

#include <cmath>

namespace quantscope {

namespace {

/// Position of the largest so far; NaN loses every comparison.
struct Largest {
    float size = -1;
    std::uint64_t at = 0;

    void take(float candidate, std::uint64_t flat)
    {
        if (candidate > size) {
            size = candidate;
            at = flat;
        }
    }
};

} // namespace

Result<Extremes> findExtremes(const SlotQuantizer &slot, const Progress &progress)
{
    return passErrors(slot.tensorName, [&] {
        Largest largest, error;
        ElementReader reader(slot, ElementReader::Minifloats::AsPatterns);
        forEachChunk(reader, 0, reader.count(), progress, [&](const ElementChunk &chunk) {
            for (std::size_t i = 0; i < chunk.size(); ++i) {
                const float w = !chunk.originals.empty() ? chunk.originals[i]
                    : slot.hasCodes()                    ? static_cast<float>(chunk.codes[i])
                                                         : chunk.values[i];
                largest.take(std::fabs(w), chunk.begin + i);
                if (!chunk.originals.empty() && !chunk.values.empty())
                    error.take(std::fabs(chunk.values[i] - chunk.originals[i]), chunk.begin + i);
            }
        });
        return Extremes{largest.at, error.at};
    });
}

} // namespace quantscope
