#pragma once

#include "base/ids.h"
#include "run/flow_figures.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace quantscope {

/// What flowed through one place of the network.
struct LayerFlow {
    std::string layer;
    std::optional<LayerId> id; ///< in the network that the model opens as; none for layers that only its export has
    std::optional<Slot> slot; ///< none: what a layer with a weight computes, before any quantizer
    FlowFigures figures;

    /// "act", "output", ...; "result" without a slot.
    std::string_view slotText() const { return slot ? slotName(*slot) : std::string_view("result"); }
};

/// An output of the graph over all samples.
struct RunOutput {
    std::string name;
    Shape shape; ///< its first axis counts samples
    std::vector<float> values; ///< row-major; empty where they were not asked for, or are more than are kept
};

/// What a network did on data.
struct RunResult {
    std::uint64_t samples = 0;
    /// Samples whose largest value over the last axis of the first output stands at the label; none without labels, and
    /// where that output is not [samples, classes].
    std::optional<std::uint64_t> correct;
    std::vector<RunOutput> outputs;
    std::vector<LayerFlow> layers; ///< in the order of computation
    /// Why the run ended before its outputs, which are then missing: "node conv1 (Conv): REASON". What stands in
    /// `layers` was computed before, of the first piece of data alone.
    std::optional<std::string> stopped;
    std::vector<std::string> notes; ///< sentences about what was run, such as which graph

    std::optional<double> accuracy() const
    {
        return correct && samples > 0 ? std::optional(static_cast<double>(*correct) / static_cast<double>(samples))
                                      : std::nullopt;
    }
    /// Null where nothing was seen there.
    const LayerFlow *at(LayerId layer, std::optional<Slot> slot) const;
};

} // namespace quantscope
