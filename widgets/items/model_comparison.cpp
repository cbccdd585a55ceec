#include "items/model_comparison.h"

#include "diff/paired_slot.h"
#include "items/facts.h"
#include "items/text.h"
#include "network/layer_index.h"

#include <algorithm>

using namespace Qt::StringLiterals;

namespace quantscope {

const SlotDifference *ModelComparison::of(const SlotId &slot) const
{
    const auto found = std::ranges::find_if(
        diff.slots, [&](const SlotDifference &pair) { return pair.a == slot.layer && pair.slot == slot.slot; });
    return found == diff.slots.end() ? nullptr : &*found;
}

const LayerChange *ModelComparison::of(LayerId layer) const
{
    const auto placeOf = [](const LayerChange &change) { return change.a ? position(*change.a) : ~std::size_t{0}; };
    const auto found = std::ranges::lower_bound(layers, position(layer), {}, placeOf); // in the order of the first
    return found == layers.end() || found->a != layer ? nullptr : &*found;
}

SlotRef ModelComparison::counterpart(const SlotId &slot) const
{
    const SlotDifference *pair = of(slot);
    if (pair == nullptr || !pair->b)
        return {};
    auto there = pairedSlot(*a->slot(slot), *b->slot({*pair->b, slot.slot}));
    if (!there)
        return {};
    struct Held { // the slot is none of the network's: both live as long as what refers to them
        std::shared_ptr<const Network> network;
        SlotQuantizer slot;
    };
    const auto held = std::make_shared<const Held>(b, *std::move(there));
    return {std::shared_ptr<const Network>(held, b.get()), &b->layer(*pair->b), &held->slot};
}

static QString codesText(const SlotDifference &slot, std::span<const std::int64_t> shape)
{
    if (*slot.codesChanged == 0)
        return u"all %1 codes are equal"_s.arg(groupedText(*slot.count));
    const double share = static_cast<double>(*slot.codesChanged) / static_cast<double>(*slot.count);
    QString text = u"%1 of %2 codes changed (%3), first %4"_s.arg(groupedText(*slot.codesChanged),
        groupedText(*slot.count), shareText(share), indexText(unflatten(*slot.firstIndex, shape)));
    if (slot.signFlips.value_or(0) > 0)
        text += u", %1 flipped"_s.arg(countText(*slot.signFlips, u"sign"_s));
    if (slot.largestChange.value_or(0) > 0)
        text += u", largest change %1"_s.arg(groupedText(*slot.largestChange));
    return text;
}

static QString stateText(SlotState state)
{
    switch (state) {
    case SlotState::OnlyA: return u"only in A"_s;
    case SlotState::OnlyB: return u"only in B"_s;
    case SlotState::Changed: return u"changed"_s;
    case SlotState::Same: break;
    }
    return u"the same"_s;
}

QString differenceText(const ModelComparison &comparison, const SlotDifference &slot)
{
    const QString name = qs(slot.slot);
    QStringList lines;
    if (slot.codesChanged) {
        const SlotQuantizer &first = *comparison.a->slot({*slot.a, slot.slot});
        lines << name + u": "_s + codesText(slot, first.tensor->shape);
    }
    for (const std::string &field : slot.fields)
        if (!slot.codesChanged || !field.starts_with("codes:"))
            lines << name + u' ' + withPowers(shownText(field)).replace(u" -> "_s, u" → "_s);
    if (lines.empty())
        lines << name + u": "_s + stateText(slot.state);
    if (!slot.notCompared.empty()) {
        QStringList keys;
        for (const std::string &key : slot.notCompared)
            keys << qs(key);
        lines << name + u" not compared, since one of them does not say it: "_s + keys.join(u", "_s);
    }
    if (slot.assumedA || slot.assumedB)
        lines << name + u": assumed in "_s
                + (slot.assumedA && slot.assumedB ? u"both"_s
                        : slot.assumedA           ? u"A"_s
                                                  : u"B"_s);
    return lines.join(u'\n');
}

static QString quantizerText(const SlotQuantizer &slot)
{
    if (!slot.quantizer)
        return u"no quantizer"_s;
    const QString type = typeText(*slot.quantizer);
    if (!slot.quantizer->scale)
        return type;
    const QString scale = scaleFullText(*slot.quantizer->scale);
    return type + (slot.quantizer->scale->perTensor() ? u", scale "_s : u", "_s) + scale;
}

QString secondText(const std::shared_ptr<const ModelComparison> &comparison, const SlotId &slot)
{
    const SlotDifference *pair = comparison ? comparison->of(slot) : nullptr;
    if (pair == nullptr)
        return {};
    if (!pair->b)
        return u"B: has no such tensor or activation"_s;
    const QString second = u"B: "_s + quantizerText(*comparison->b->slot({*pair->b, slot.slot}));
    return pair->state == SlotState::Same ? second + u", the same"_s
                                          : second + u'\n' + differenceText(*comparison, *pair);
}

QString differenceText(const ModelComparison &comparison, const LayerChange &layer)
{
    QStringList lines;
    if (layer.a && layer.b && comparison.a->layer(*layer.a).name != comparison.b->layer(*layer.b).name)
        lines << u"compared with %1"_s.arg(shownText(comparison.b->layer(*layer.b).name));
    for (const std::size_t at : layer.slots)
        lines << differenceText(comparison, comparison.diff.slots[at]);
    return lines.join(u'\n');
}

static GivenCell changeCell(const ModelComparison &comparison, const LayerChange &change)
{
    return {qs(changeText(change)), differenceText(comparison, change), changeWorth(change),
        change.state == SlotState::Same ? GivenCell::Tone::Plain : GivenCell::Tone::Warning};
}

GivenCells changeCells(const std::shared_ptr<const ModelComparison> &comparison)
{
    if (!comparison)
        return nullptr;
    return [comparison, index = std::make_shared<const LayerIndex>(*comparison->a)](
               const std::string &layer) -> std::optional<GivenCell> {
        const Layer *found = index->find(layer);
        const LayerChange *change = found ? comparison->of(found->id) : nullptr;
        return change ? std::optional(changeCell(*comparison, *change)) : std::nullopt;
    };
}

std::vector<ListedRow> onlyInSecond(const ModelComparison &comparison)
{
    std::vector<ListedRow> rows;
    for (const LayerChange &change : comparison.layers) {
        if (change.a)
            continue;
        ListedRow &row = rows.emplace_back();
        static_cast<LayerRow &>(row) = layerRow({comparison.b, {}, {}}, comparison.b->layer(*change.b));
        row.isLayer = false;
        row.onlyInSecond = true;
        row.detail = "only in the second model: the key X shows that one instead";
        row.given[1] = changeCell(comparison, change);
    }
    return rows;
}

} // namespace quantscope
