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
        && found.tensor && found.quantizer->isComplete() && found.quantizer->rounding == Rounding::Round
        && found.quantizer->kind == QuantizerKind::Affine;
}

/// Which Brevitas writes such nodes: 0.6 with neither domain nor rounding mode, 0.12.1 with both.
enum class Writer { Unknown, Oldest, Newest };

bool saysRounding(const Node &node) { return node.attribute("rounding_mode") != nullptr; }

Writer writerOf(const Node &node, const ModelFile &file)
{
    if (!saysRounding(node))
        return node.domain.empty() ? Writer::Oldest : Writer::Unknown;
    const auto opset = file.graph->opsets.find("");
    constexpr std::int64_t kOldestOpset = 13; // what Brevitas exports by itself since 0.8
    const bool recent = opset == file.graph->opsets.end() || opset->second >= kOldestOpset;
    const bool older = file.graph->opsets.contains("onnx.brevitas"); // a clean-up has renamed the domain of its nodes
    return recent && !older && node.domain.starts_with("qonnx.custom_op") ? Writer::Newest : Writer::Unknown;
}

std::string_view writerText(Writer writer)
{
    switch (writer) {
    case Writer::Oldest: return ", as Brevitas 0.6 writes QONNX";
    case Writer::Newest: return ", as Brevitas 0.12.1 writes QONNX";
    case Writer::Unknown: break;
    }
    return "";
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
    Writer writer = Writer::Unknown;
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
                fmt::format("{} holds float weights and says {}{}", nodeLabel(graph.nodes[planned.node]),
                    saysRounding(graph.nodes[planned.node]) ? "ROUND" : "no rounding mode",
                    writerText(writerOf(graph.nodes[planned.node], *network.file)))};
            writer = writerOf(graph.nodes[planned.node], *network.file);
            raw.push_back(network.layers[layer].id);
        }
    if (raw.empty())
        return false;
    network.diagnostics.push_back({"qonnx-raw-weights", Severity::Warning, {raw.front(), Slot::Weight},
        fmt::format(
            "The weight{} of {}{} not quantized in this file{}: the codes shown are right only if {}, which the "
            "file has lost.",
            raw.size() == 1 ? "" : "s", printable(network.layer(raw.front()).name),
            raw.size() == 1 ? " is" : fmt::format(" and {} more layers are", raw.size() - 1), writerText(writer),
            writer == Writer::Oldest ? "the network rounds half to even"
                                     : "the network rounds half to even and its weights are neither accumulator-aware "
                                       "nor decoupled")});
    return true;
}

} // namespace quantscope::interpret
