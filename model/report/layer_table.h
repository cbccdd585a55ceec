#pragma once

#include "analysis/inspection.h"

#include <optional>
#include <string>
#include <vector>

namespace quantscope {

/// One row of the layer table: the same text in the window, in the terminal and in CSV.
struct LayerRow {
    std::string name, kind, shape;
    std::optional<std::uint64_t> parameters; ///< weights + biases
    std::optional<std::uint64_t> codeBits; ///< of them where the codes are known: elements times bits of a code
    std::string bits; ///< "8", "u8" for unsigned; of the weight, else of the activation
    std::string scale; ///< "2^-7", the float, or "16 scales"
    std::string intFrac; ///< "1.7"
    // The numbers behind those texts; nullopt where they are unknown, of several scales.
    std::optional<int> bitWidth; ///< of the codes, else of what they are stored in
    std::optional<float> scaleValue;
    std::optional<int> integerBits, fractionBits; ///< with the sign bit; of the largest scale where they differ
    std::optional<double> sqnrDb;
    std::optional<double> atLimitShare; ///< 0..1
    std::size_t problems = 0; ///< errors and warnings
    Severity worst = Severity::Note; ///< of all that is said of the layer
    bool hasWeights = false;
    bool assumed = false; ///< the bits: neither the file nor the recipe says them, and nobody has confirmed them
    bool scaleAssumed = false;
    bool contradicted = false; ///< the recipe's proof of a slot says otherwise
};

/// `layer` is one of the inspection's network.
LayerRow layerRow(const Inspection &inspection, const Layer &layer);
/// Of every layer, in the order of the file; the problems are gone through once.
std::vector<LayerRow> layerRows(const Inspection &inspection);
/// Elements times bits of a code; 0 where the codes are not known.
std::uint64_t codeBits(const SlotQuantizer &slot);
std::vector<std::string> layerTableHeader();
/// "2^-7", or the shortest decimal of the float; "16 scales" for several.
std::string scaleText(const Granular &scale);

} // namespace quantscope
