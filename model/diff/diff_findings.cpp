#include "diff/diff_findings.h"

#include <algorithm>
#include <unordered_set>

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

const SlotQuantizer *slotIn(const Network &network, const std::optional<LayerId> &layer, Slot slot)
{
    return layer ? network.slot({*layer, slot}) : nullptr;
}

/// The parameter that a scale comes from, as the file has it; empty without one.
std::vector<float> storedParameter(const Network &network, const SlotQuantizer *slot)
{
    constexpr std::uint64_t kMostRead = 1u << 20;
    try {
        return slot == nullptr || !slot->storedScale ? std::vector<float>()
                                                     : readFloats(network.file->tensors[*slot->storedScale], kMostRead);
    } catch (const ParseError &) {
        return {};
    }
}

/// The scale itself is another, and not the way in which it is read from the file.
bool scaleMoved(const Network &a, const Network &b, const SlotDifference &slot)
{
    if (slot.state != SlotState::Changed || !hasChange(slot, "scale:"))
        return false;
    const std::vector<float> first = storedParameter(a, slotIn(a, slot.a, slot.slot)),
                             second = storedParameter(b, slotIn(b, slot.b, slot.slot));
    if (!first.empty() || !second.empty())
        return first.size() == second.size() && first != second;
    return slot.fields.size() == 1 && !slot.assumedA && !slot.assumedB;
}

bool holdsParameters(Slot slot) { return slot == Slot::Weight || slot == Slot::Bias; }

/// Scales that training goes on to move, in a copy whose weights are still those of the original.
void movedScales(const Network &a, const Network &b, const ModelDiff &diff, std::vector<DiffFinding> &out)
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
        } else if (scaleMoved(a, b, slot)) {
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
            && slot.codesChanged && !slot.assumedA && !slot.assumedB)
            out.push_back({"quantizer-alone", Severity::Note, slot.a, slot.slot,
                fmt::format("{}: its float weights are equal, so the difference is the quantizer's alone: {}",
                    slotWord(a, slot), fmt::join(slot.fields, "; ")),
                "give both models the same recipe, or load the stored scales of one into the other with "
                "load_state_dict"});
}

/// Quantizers that nobody has said differ from those that somebody has.
void assumedSides(
    const Network &network, bool SlotDifference::*isAssumed, const ModelDiff &diff, std::vector<DiffFinding> &out)
{
    const auto guessed = std::ranges::count_if(
        diff.slots, [&](const SlotDifference &slot) { return slot.state == SlotState::Changed && slot.*isAssumed; });
    if (guessed > 0)
        out.push_back({"assumed", Severity::Warning, std::nullopt, std::nullopt,
            fmt::format(
                "{} of the slots that differ are assumed in {}: neither the file nor a recipe says all of their "
                "quantizers, so the difference may be that of the assumption",
                guessed, network.file->path),
            "name its recipe (--recipe for both models, --recipe-b for the second), or put recipe or export beside "
            "it"});
}

using LayerNames = std::unordered_set<std::string_view>;

LayerNames layerNamesOf(const Network &network)
{
    LayerNames out;
    for (const Layer &layer : network.layers)
        out.insert(layer.name);
    return out;
}

/// What stands before one of those names in a longer one, with its dot; empty where none does.
std::string_view prefixBefore(const LayerNames &names, std::string_view longer)
{
    constexpr std::size_t kLongest = 4096; // each dot is looked at
    for (std::size_t dot = longer.find('.'); dot != longer.npos && longer.size() < kLongest;
         dot = longer.find('.', dot + 1))
        if (names.contains(longer.substr(dot + 1)))
            return longer.substr(0, dot + 1);
    return {};
}

/// A rename that pairs names of which one is the other behind a prefix; empty where none does.
std::string proposedRename(const Network &a, const Network &b)
{
    const LayerNames namesA = layerNamesOf(a), namesB = layerNamesOf(b);
    for (const Layer &layer : b.layers)
        if (const std::string_view prefix = prefixBefore(namesA, layer.name); !prefix.empty())
            return fmt::format("*={}*", prefix);
    for (const Layer &layer : a.layers)
        if (const std::string_view prefix = prefixBefore(namesB, layer.name); !prefix.empty())
            return fmt::format("{}*=*", prefix);
    return {};
}

/// Nothing was compared.
void otherNames(const Network &a, const Network &b, const ModelDiff &diff, std::vector<DiffFinding> &out)
{
    const bool paired = std::ranges::any_of(diff.slots, [](const auto &slot) { return slot.a && slot.b; });
    if (paired || a.layers.empty() || b.layers.empty())
        return;
    const std::string rename = proposedRename(a, b);
    out.push_back({"no-common-names", Severity::Warning, std::nullopt, std::nullopt,
        fmt::format("no slot was compared: no layer of {} has the name of one of {} (first {} and {})", a.file->path,
            b.file->path, a.layers.front().name, b.layers.front().name),
        rename.empty()
            ? fmt::format("--rename {}=NAME, once for each layer, or with one * in each side", a.layers.front().name)
            : fmt::format("--rename '{}'", rename),
        rename});
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
    otherNames(a, b, diff, out);
    assumedSides(a, &SlotDifference::assumedA, diff, out);
    assumedSides(b, &SlotDifference::assumedB, diff, out);
    movedScales(a, b, diff, out);
    quantizersAlone(a, diff, out);
    mergedBatchNorms(a, SlotState::OnlyA, diff, out);
    mergedBatchNorms(b, SlotState::OnlyB, diff, out);
    return out;
}

} // namespace quantscope
