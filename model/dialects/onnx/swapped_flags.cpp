#include "dialects/onnx/swapped_flags.h"

#include "dialects/onnx/labels.h"
#include "dialects/onnx/raw_weights.h"
#include "dialects/onnx/unclamped.h"

#include <utility>

#include <fmt/format.h>

namespace quantscope::interpret {

namespace {

bool flagsDiffer(const Quantizer &q) { return q.isSigned.value_or(false) != q.narrow.value_or(false); }

/// What a weight node's codes say of its flags.
enum class Verdict { Right, Swapped, Open };

/// Only possible to tell where the node holds values that are already quantized.
Verdict judge(const SlotQuantizer &slot, const Progress &progress)
{
    const float limit = static_cast<float>(codeRange(*slot.quantizer->bitWidth, true, false).max);
    const float top = static_cast<float>(codeRange(*slot.quantizer->bitWidth, false, false).max);
    bool quantized = true, negative = false, above = false;
    forEachUnclamped(slot, progress, [&](const UnclampedChunk &chunk) {
        for (std::size_t i = 0; i < chunk.codes.size() && quantized; ++i) {
            const float code = chunk.codes[i];
            quantized = chunk.values[i] == chunk.floats[i] && code <= top && code >= -limit - 1;
            negative = negative || code < 0;
            above = above || code > limit;
        }
        return quantized;
    });
    if (!quantized) // a raw float weight (Brevitas 0.12.1, QKeras) may well be clamped by flags that are right
        return Verdict::Right;
    if (negative == above)
        return Verdict::Open; // codes that both fit, or neither
    return *slot.quantizer->isSigned == negative ? Verdict::Right : Verdict::Swapped;
}

/// When one node is swapped, all are; when one is right, none is.
Verdict judgeAll(const std::vector<std::pair<const PlannedSlot *, SlotQuantizer *>> &suspects, const Progress &progress)
{
    Verdict verdict = Verdict::Open;
    for (const auto &suspect : suspects)
        try {
            const Verdict one = judge(*suspect.second, progress);
            if (one == Verdict::Swapped)
                return one;
            verdict = one == Verdict::Right ? one : verdict;
        } catch (const ParseError &) {
            continue; // the analysis of that tensor says so
        }
    return verdict;
}

/// Codes and scales are the same either way; the limits are not.
void markOpen(
    const std::vector<std::pair<const PlannedSlot *, SlotQuantizer *>> &suspects, const Graph &graph, Network &network)
{
    std::size_t marked = 0;
    for (const auto &[planned, slot] : suspects) {
        const Node &node = graph.nodes[planned->node];
        if (!isOfBrevitas(node, *network.file))
            continue;
        ++marked;
        slot->assumed = true;
        for (const char *field : {"signed", "narrow"})
            slot->quantizer->origin[field] = {Origin::Assumed,
                fmt::format("{}: Brevitas 0.10.0 to 0.10.2 write signed and narrow in each other's place, and the "
                            "codes fit both ways",
                    nodeLabel(node))};
    }
    if (marked > 0)
        network.diagnostics.push_back({"qonnx-signed-narrow-undecided", Severity::Warning, "",
            fmt::format("signed and narrow may be swapped on {} weight node{}, as Brevitas 0.10.0 to 0.10.2 write "
                        "them: the codes fit both ways, so they are shown as the file says.",
                marked, marked == 1 ? "" : "s")});
}

void undo(const Node &node, Quantizer &q)
{
    std::swap(q.isSigned, q.narrow);
    for (const char *field : {"signed", "narrow"})
        q.origin[field] = {Origin::Computed,
            fmt::format("{}: signed and narrow are swapped, as Brevitas 0.10.0 to 0.10.2 wrote them", nodeLabel(node))};
}

} // namespace

void undoSwappedFlags(const Graph &graph, const Plan &plan, Network &network, const Progress &progress)
{
    std::vector<std::pair<const PlannedSlot *, SlotQuantizer *>> suspects;
    for (std::size_t layer = 0; layer < plan.layers.size(); ++layer)
        for (std::size_t slot = 0; slot < plan.layers[layer].slots.size(); ++slot) {
            const PlannedSlot &planned = plan.layers[layer].slots[slot];
            SlotQuantizer &found = network.layers[layer].slots[slot];
            if (planned.form == Form::Quant && planned.constant && planned.slot == Slot::Weight && found.quantizer
                && found.tensor && found.quantizer->kind == QuantizerKind::Affine && flagsDiffer(*found.quantizer))
                suspects.emplace_back(&planned, &found);
        }
    const Verdict verdict = judgeAll(suspects, progress);
    if (verdict == Verdict::Open)
        markOpen(suspects, graph, network);
    if (verdict != Verdict::Swapped)
        return;
    for (const auto &[planned, slot] : suspects) {
        undo(graph.nodes[planned->node], *slot->quantizer);
        slot->formula = formulaOf(*slot->quantizer);
    }
    network.diagnostics.push_back({"qonnx-signed-narrow-swapped", Severity::Warning, "",
        fmt::format("signed and narrow are swapped on {} weight nodes, as Brevitas 0.10.0 to 0.10.2 wrote them; this "
                    "is undone here, "
                    "but other tools will read wrong limits from this file.",
            suspects.size())});
}

} // namespace quantscope::interpret
