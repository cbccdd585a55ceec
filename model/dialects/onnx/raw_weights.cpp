#include "dialects/onnx/raw_weights.h"

#include "base/text.h"
#include "dialects/onnx/labels.h"
#include "dialects/onnx/unclamped.h"

#include <cmath>

#include <fmt/format.h>

namespace quantscope::interpret {

namespace {

/// Values that the quantizer's rule would change are not quantized yet. Only the first chunk with a code other than 0
/// is looked at: no float weights lie on the grid for so long. Swapped flags would clamp what is quantized.
bool isRaw(const SlotQuantizer &slot, const Progress &progress)
{
    bool raw = false;
    forEachUnclamped(slot, progress, [&](const UnclampedChunk &chunk) {
        bool any = false;
        for (std::size_t i = 0; i < chunk.floats.size() && !raw; ++i) {
            raw = chunk.values[i] != chunk.floats[i] && !std::isnan(chunk.floats[i]);
            any = any || chunk.floats[i] != 0;
        }
        return !raw && !any;
    });
    return raw;
}

bool mayBeRaw(const PlannedSlot &planned, const SlotQuantizer &found)
{
    return planned.form == Form::Quant && planned.constant && planned.slot == Slot::Weight && found.quantizer
        && found.tensor && found.quantizer->isComplete() && found.quantizer->rounding == Rounding::Round;
}

} // namespace

bool isOfBrevitas(const Node &node, const ModelFile &file)
{
    const auto producer = file.metadata.find("producer"); // all that a clean-up leaves of the names
    return node.name.find("export_handler") != std::string::npos || node.domain == "onnx.brevitas"
        || (producer != file.metadata.end() && producer->second.starts_with("pytorch"));
}

bool markRawWeights(const Graph &graph, const Plan &plan, Network &network, const Progress &progress)
{
    std::vector<LayerId> raw;
    for (std::size_t layer = 0; layer < plan.layers.size(); ++layer)
        for (std::size_t i = 0; i < plan.layers[layer].slots.size(); ++i) {
            const PlannedSlot &planned = plan.layers[layer].slots[i];
            SlotQuantizer &slot = network.layers[layer].slots[i];
            try {
                if (!mayBeRaw(planned, slot) || !isOfBrevitas(graph.nodes[planned.node], *network.file)
                    || !isRaw(slot, progress))
                    continue;
            } catch (const ParseError &) {
                continue; // the analysis of that tensor says so
            }
            slot.assumed = true;
            slot.quantizer->origin["rounding"] = {Origin::Assumed,
                fmt::format("{} says ROUND of float weights, as Brevitas 0.12.1 does whatever the network rounds",
                    nodeLabel(graph.nodes[planned.node]))};
            raw.push_back(network.layers[layer].id);
        }
    if (raw.empty())
        return false;
    network.diagnostics.push_back({"qonnx-raw-weights", Severity::Warning, {raw.front(), Slot::Weight},
        fmt::format("The weight{} of {}{} not quantized in this file, as Brevitas 0.12.1 writes QONNX: the codes shown "
                    "are right only if the network rounds half to even and its weights are neither accumulator-aware "
                    "nor decoupled, which the file has lost.",
            raw.size() == 1 ? "" : "s", printable(network.layer(raw.front()).name),
            raw.size() == 1 ? " is" : fmt::format(" and {} more layers are", raw.size() - 1))});
    return true;
}

} // namespace quantscope::interpret
