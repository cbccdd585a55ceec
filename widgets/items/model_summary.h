#pragma once

#include "analysis/inspection.h"

#include <QString>

#include <cstdint>
#include <vector>

namespace quantscope {

/// A layer with one figure of its weight.
struct RankedLayer {
    QString layer; ///< its name
    QString value; ///< "18.9 dB"
};

/// The file as a whole.
struct ModelSummary {
    QString facts; ///< "8 layers · 13,706 weights + biases · 68.6 kbit"
    struct Bits {
        QString layer;
        std::uint64_t bits = 0; ///< of its quantized tensors
    };
    std::vector<Bits> bits; ///< of the layers that have any, in the order of the file
    std::uint64_t totalBits = 0;
    /// The five worst of each: by the smallest SQNR, by the share of codes at the limits, by the share of codes that no
    /// weight uses. Layers without that figure, or with nothing wrong in it, are left out.
    std::vector<RankedLayer> noisiest, saturated, wasteful;
};

/// What is known so far: figures fill in as the statistics arrive.
ModelSummary modelSummary(const Inspection &inspection);

} // namespace quantscope
