#pragma once

#include "report/layer_table.h"

#include <cstdint>
#include <optional>
#include <string>

namespace quantscope {

/// What the layers of one branch of a network come to. What a layer does not know is left out of each.
struct BranchSums {
    std::size_t layers = 0, weightLayers = 0;
    std::optional<std::uint64_t> parameters; ///< sum
    std::optional<std::uint64_t> codeBits; ///< sum
    std::optional<double> worstSqnrDb; ///< the lowest
    std::string worstLayer; ///< that has it
    std::optional<double> mostAtLimit; ///< the largest share, 0..1
    std::string mostAtLimitLayer;
    std::size_t problems = 0; ///< errors and warnings
    Severity worst = Severity::Note;
    bool assumed = false, contradicted = false; ///< of any of the widths
    /// Of the weights where there are any, else of all.
    struct Widths {
        std::optional<int> least, most;
        bool allUnsigned = true;
    };
    Widths weights, others;

    void add(const LayerRow &layer);
    void add(const BranchSums &branch);
    const Widths &widths() const { return weights.least ? weights : others; }
};

/// A branch as a row of the layer table: sums of parameters, bits and problems, the span of widths ("4 … 8"), the
/// lowest SQNR and the largest share at the limits. Kind, shape and scale are empty.
LayerRow branchRow(const std::string &name, const BranchSums &sums);

} // namespace quantscope
