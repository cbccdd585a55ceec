#include "diff/diff_findings.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope {

namespace {

bool hasChange(const SlotDifference &slot, std::string_view field)
{
    return std::ranges::any_of(slot.fields, [&](const std::string &text) { return text.starts_with(field); });
}

/// The text of a field's change: "2^-6 -> 2^-5".
std::string changeOf(const SlotDifference &slot, std::string_view field)
{
    const auto found
        = std::ranges::find_if(slot.fields, [&](const std::string &text) { return text.starts_with(field); });
    return found == slot.fields.end() ? std::string() : found->substr(std::min(found->size(), field.size() + 1));
}

std::string slotWord(const Network &a, const SlotDifference &slot)
{
    return fmt::format("{} {}", a.layer(*slot.a).name, slot.slot);
}

bool holdsParameters(Slot slot) { return slot == Slot::Weight || slot == Slot::Bias; }

/// Scales that training goes on to move, in a copy whose weights are still those of the original.
void movedScales(const Network &a, const ModelDiff &diff, std::vector<DiffFinding> &out)
{
    std::vector<const SlotDifference *> moved;
    bool hasFloats = false;
    for (const SlotDifference &slot : diff.slots) {
        if (holdsParameters(slot.slot) && slot.a && slot.b) {
            if (!slot.storedEqual)
                continue;
            if (!*slot.storedEqual)
                return;
            hasFloats = true;
        } else if (slot.state == SlotState::Changed && hasChange(slot, "scale:")) {
            moved.push_back(&slot);
        }
    }
    if (moved.empty() || !hasFloats)
        return;
    const SlotDifference &first = *moved.front();
    out.push_back({"scales-moved", Severity::Warning, first.a, first.slot,
        fmt::format("{} activation scale{} (first {}:{}) though the floats of all weights and biases are equal: "
                    "copy.deepcopy copies a quantizer whose statistics are still running (its first 300 training "
                    "batches, 30 in Brevitas 0.6), so each forward pass in training mode moves the scales of one copy "
                    "and not of the other",
            moved.size(), moved.size() == 1 ? " differs" : "s differ", slotWord(a, first), changeOf(first, "scale")),
        "copy.load_state_dict(original.state_dict()), which takes the scales as they are and ends the statistics; "
        "build the optimizer afterwards, since loading makes the scale parameters anew"});
}

/// The floats agree: what was trained is the same, and somebody quantizes it otherwise.
void quantizersAlone(const Network &a, const ModelDiff &diff, std::vector<DiffFinding> &out)
{
    for (const SlotDifference &slot : diff.slots)
        if (slot.state == SlotState::Changed && slot.slot == Slot::Weight && slot.storedEqual.value_or(false)
            && slot.codesChanged)
            out.push_back({"quantizer-alone", Severity::Note, slot.a, slot.slot,
                fmt::format("{}: its float weights are equal, so the difference is the quantizer's alone: {}",
                    slotWord(a, slot), fmt::join(slot.fields, "; ")),
                "give both models the same recipe, or load the stored scales of one into the other with "
                "load_state_dict"});
}

bool isBatchNorm(const Network &network, LayerId layer) { return network.layer(layer).kind.starts_with("BatchNorm"); }

/// Batch norms that stand in one model alone, while a weight changed.
void mergedBatchNorms(const Network &with, SlotState only, const ModelDiff &diff, std::vector<DiffFinding> &out)
{
    std::vector<LayerId> alone;
    for (const SlotDifference &slot : diff.slots) {
        const LayerId layer = slot.a ? *slot.a : *slot.b;
        if (slot.state == only && isBatchNorm(with, layer) && (alone.empty() || alone.back() != layer))
            alone.push_back(layer);
    }
    const bool weightChanged = std::ranges::any_of(diff.slots,
        [](const SlotDifference &slot) { return slot.state == SlotState::Changed && slot.slot == Slot::Weight; });
    if (alone.empty() || !weightChanged)
        return;
    std::vector<std::string> names;
    for (const LayerId layer : alone)
        names.push_back(with.layer(layer).name);
    out.push_back({"batch-norm-merged", Severity::Note,
        only == SlotState::OnlyA ? std::optional(alone.front()) : std::nullopt, std::nullopt,
        fmt::format("only {} has {}: where the other has merged {}, its weights are multiplied by gamma / sqrt(var + "
                    "epsilon) and differ for that reason",
            with.file->path, fmt::join(names, ", "), names.size() == 1 ? "it" : "them"),
        fmt::format("to compare what is computed, name it in the recipe of {}: batch_norm = \"{}\" under the [[layer]] "
                    "that stands in front of it",
            with.file->path, names.front())});
}

} // namespace

std::vector<DiffFinding> diffFindings(const Network &a, const Network &b, const ModelDiff &diff)
{
    std::vector<DiffFinding> out;
    movedScales(a, diff, out);
    quantizersAlone(a, diff, out);
    mergedBatchNorms(a, SlotState::OnlyA, diff, out);
    mergedBatchNorms(b, SlotState::OnlyB, diff, out);
    return out;
}

} // namespace quantscope
