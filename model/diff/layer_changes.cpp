#include "diff/layer_changes.h"

#include "base/text.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// "scale: 2^-6 -> 2^-5" and "scale: 1 of 16 differ, ..." as "scale".
std::string keyOf(const std::string &field) { return field.substr(0, field.find(':')); }

bool isOfCodes(const std::string &key) { return key == "codes" || key == "values"; }

/// Tensors that cannot stand beside each other.
bool isNotComparable(const SlotDifference &slot)
{
    return std::ranges::any_of(slot.fields, [](const std::string &field) {
        return field.starts_with("codes: not compared") || field.starts_with("shape:") || field.starts_with("tensor:")
            || field.starts_with("kind:");
    });
}

double shareOf(std::uint64_t changed, std::uint64_t count)
{
    return count == 0 ? 0 : static_cast<double>(changed) / static_cast<double>(count);
}

void addPaired(LayerChange &layer, const SlotDifference &slot)
{
    if (slot.codesChanged) {
        const double share = shareOf(*slot.codesChanged, slot.count.value_or(0));
        layer.share = std::max(layer.share.value_or(0), share);
    }
    for (const std::string &field : slot.fields)
        if (const std::string key = keyOf(field);
            (!isOfCodes(key) || !slot.codesChanged) && std::ranges::find(layer.fields, key) == layer.fields.end())
            layer.fields.push_back(key);
    layer.incomplete |= !slot.notCompared.empty() || isNotComparable(slot);
    if (slot.state != SlotState::Same)
        layer.state = SlotState::Changed;
}

void addAlone(LayerChange &layer, const SlotDifference &slot)
{
    if (layer.state == slot.state)
        return;
    layer.state = SlotState::Changed;
    layer.fields.push_back(fmt::format("{} only in {}", slot.slot, slot.state == SlotState::OnlyA ? "A" : "B"));
}

} // namespace

std::vector<LayerChange> layerChanges(const ModelDiff &diff)
{
    std::vector<LayerChange> out;
    std::map<LayerId, std::size_t> ofA, ofB;
    for (const SlotDifference &slot : diff.slots) { // the pairs first: what stands alone belongs to them
        if (!slot.a)
            continue;
        const auto [at, isNew] = ofA.emplace(*slot.a, out.size());
        if (isNew) {
            out.emplace_back().a = slot.a;
            out.back().state = SlotState::OnlyA;
        }
        if (slot.b) {
            LayerChange &layer = out[at->second];
            layer.b = slot.b;
            layer.state = SlotState::Same;
            ofB.emplace(*slot.b, at->second);
        }
    }
    for (std::size_t i = 0; i < diff.slots.size(); ++i) {
        const SlotDifference &slot = diff.slots[i];
        if (!slot.a) {
            const auto [at, isNew] = ofB.emplace(*slot.b, out.size());
            if (isNew) {
                out.emplace_back().b = slot.b;
                out.back().state = SlotState::OnlyB;
            }
        }
        LayerChange &layer = out[slot.a ? ofA.at(*slot.a) : ofB.at(*slot.b)];
        layer.slots.push_back(i);
        if (slot.a && slot.b)
            addPaired(layer, slot);
        else
            addAlone(layer, slot);
    }
    return out;
}

std::string changeText(const LayerChange &change)
{
    switch (change.state) {
    case SlotState::OnlyA: return "only in A";
    case SlotState::OnlyB: return "only in B";
    case SlotState::Same: return change.incomplete ? "same?" : "same";
    case SlotState::Changed: break;
    }
    if (change.share.value_or(0) > 0)
        return fmt::format("{:.3g} %", 100 * *change.share);
    const std::string more = change.fields.size() > 1 ? fmt::format(" +{}", change.fields.size() - 1) : "";
    return change.fields.empty() ? "changed" : change.fields.front() + more;
}

double changeWorth(const LayerChange &change)
{
    constexpr double kAlone = 4, kNotCompared = 3, kCodes = 1, kFields = 0.5;
    if (change.state == SlotState::OnlyA || change.state == SlotState::OnlyB)
        return kAlone;
    if (change.state == SlotState::Same)
        return 0;
    if (change.share.value_or(0) > 0)
        return kCodes + *change.share;
    return change.incomplete ? kNotCompared : kFields;
}

std::string changesText(const std::vector<LayerChange> &changes)
{
    const auto count = [&](SlotState state) { return std::ranges::count(changes, state, &LayerChange::state); };
    const auto onlyA = count(SlotState::OnlyA), onlyB = count(SlotState::OnlyB), changed = count(SlotState::Changed);
    const auto ofFirst = static_cast<std::ptrdiff_t>(changes.size()) - onlyB;
    std::string out = onlyA + onlyB + changed == 0
        ? (ofFirst == 1 ? std::string("the layer is the same") : fmt::format("all {} layers are the same", ofFirst))
        : fmt::format("{} of {} layer{} changed", changed, ofFirst, ofFirst == 1 ? "" : "s");
    if (onlyA > 0)
        out += fmt::format(", {} only in the first", onlyA);
    if (onlyB > 0)
        out += fmt::format(", {} only in the second", onlyB);
    const auto open = std::ranges::count_if(
        changes, [](const LayerChange &change) { return change.state == SlotState::Same && change.incomplete; });
    if (open > 0)
        out += fmt::format("; of {} not every field could be compared", open);
    return out;
}

std::string assumedText(const ModelDiff &diff)
{
    const auto side = [&](auto has, auto isAssumed, const char *name) {
        const auto assumed = std::ranges::count_if(diff.slots, isAssumed);
        return assumed == 0
            ? std::string()
            : fmt::format("{} of {} slots of {}", assumed, std::ranges::count_if(diff.slots, has), name);
    };
    const std::string first = side([](const auto &slot) { return slot.a.has_value(); },
        [](const auto &slot) { return slot.assumedA; }, "the first");
    const std::string second = side([](const auto &slot) { return slot.b.has_value(); },
        [](const auto &slot) { return slot.assumedB; }, "the second");
    if (first.empty() && second.empty())
        return {};
    return "assumed in " + first + (first.empty() || second.empty() ? "" : ", ") + second;
}

} // namespace quantscope
