#include "report/layer_table.h"

#include "base/text.h"
#include "network/unconfirmed.h"
#include "quant/fixed_point.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// The slot that a layer's row speaks of: its weight, else the quantizer of its output.
const SlotQuantizer *mainSlot(const Layer &layer)
{
    for (const Slot wanted : {Slot::Weight, Slot::Act, Slot::Output, Slot::Io, Slot::Trunc, Slot::Bias})
        if (const SlotQuantizer *slot = layer.slot(wanted))
            return slot;
    return layer.slots.empty() ? nullptr : &layer.slots.front();
}

std::string intFracText(const Quantizer &quantizer)
{
    if (!quantizer.scale || !quantizer.bitWidth || quantizer.kind == QuantizerKind::Minifloat)
        return {};
    const FracBits bits = fractionalBits(*quantizer.scale);
    const int word = quantizer.wordBits();
    if (const int *frac = std::get_if<int>(&bits))
        return fmt::format("{}.{}", word - *frac, *frac);
    if (const auto *list = std::get_if<std::vector<int>>(&bits)) {
        const auto [low, high] = std::minmax_element(list->begin(), list->end());
        return fmt::format("{}.{} to {}.{}", word - *low, *low, word - *high, *high);
    }
    return {};
}

bool isAssumed(const Quantizer &quantizer, const char *field)
{
    const auto origin = quantizer.origin.find(field);
    return origin != quantizer.origin.end() && origin->second.origin == Origin::Assumed;
}

void fillNumbers(LayerRow &row, const Quantizer &q)
{
    row.bitWidth = q.bitWidth ? q.bitWidth : q.storageBits;
    if (!q.scale || q.scale->values.empty())
        return;
    const std::vector<float> &scales = q.scale->values;
    if (std::all_of(scales.begin(), scales.end(), [&](float scale) { return scale == scales.front(); }))
        row.scaleValue = scales.front();
    const FracBits bits = fractionalBits(*q.scale);
    if (const int *frac = std::get_if<int>(&bits))
        row.fractionBits = *frac;
    else if (const auto *list = std::get_if<std::vector<int>>(&bits))
        row.fractionBits = *std::min_element(list->begin(), list->end());
    if (!q.bitWidth || q.kind == QuantizerKind::Minifloat)
        row.fractionBits.reset();
    if (row.fractionBits)
        row.integerBits = q.wordBits() - *row.fractionBits;
}

void fillQuantizer(LayerRow &row, const SlotQuantizer &slot, bool unconfirmed)
{
    const Quantizer &q = *slot.quantizer;
    const bool wrong = slot.proof == ProofVerdict::Differs; // the live model says otherwise: nothing of it is certain
    row.assumed = wrong || (unconfirmed && isAssumed(q, "bit_width"));
    row.scaleAssumed = q.scale // a preset has the rule of the scale
        && (wrong || (unconfirmed && (slot.presetAssumed || isAssumed(q, "scale"))));
    const std::string sign = q.isSigned.value_or(true) ? "" : "u";
    if (q.bitWidth)
        row.bits = sign + std::to_string(*q.bitWidth);
    else if (q.storageBits)
        row.bits = sign + std::to_string(*q.storageBits) + "?";
    if (q.scale)
        row.scale = scaleText(*q.scale);
    row.intFrac = intFracText(q);
    fillNumbers(row, q);
}

/// All but its problems.
LayerRow rowWithoutProblems(const Inspection &inspection, const Layer &layer)
{
    LayerRow row;
    row.name = layer.name;
    row.kind = layer.kind;
    for (const SlotQuantizer &slot : layer.slots) {
        if (slot.tensor)
            row.parameters = row.parameters.value_or(0) + slot.tensor->count();
        if (const std::uint64_t bits = codeBits(slot))
            row.codeBits = row.codeBits.value_or(0) + bits;
        row.contradicted = row.contradicted || slot.proof == ProofVerdict::Differs;
    }
    if (const SlotQuantizer *main = mainSlot(layer)) {
        row.hasWeights = main->slot == Slot::Weight;
        row.shape = main->tensor ? shapeText(main->shape) : "";
        if (main->quantizer)
            fillQuantizer(row, *main, isUnconfirmed(*inspection.network, *main));
        if (const SlotStatistics *known = inspection.of({layer.id, main->slot}); known != nullptr && known->count > 0) {
            row.sqnrDb = known->error.sqnrDb();
            if (main->quantizer->kind != QuantizerKind::Minifloat) // bit patterns have no limits
                row.atLimitShare = static_cast<double>(known->atLimit) / static_cast<double>(known->count);
        }
    }
    return row;
}

void addProblem(LayerRow &row, const Diagnostic &diagnostic)
{
    row.problems += diagnostic.severity != Severity::Note ? 1u : 0u;
    row.worst = std::min(row.worst, diagnostic.severity);
}

} // namespace

std::uint64_t codeBits(const SlotQuantizer &slot)
{
    if (!slot.tensor || !slot.quantizer || !slot.quantizer->knowsCodes())
        return 0;
    const bool binary = slot.quantizer->kind == QuantizerKind::Binary;
    return slot.tensor->count() * static_cast<std::uint64_t>(binary ? 1 : slot.quantizer->wordBits());
}

std::string scaleText(const Granular &scale)
{
    if (scale.values.empty())
        return {};
    const auto same
        = std::all_of(scale.values.begin(), scale.values.end(), [&](float v) { return v == scale.values.front(); });
    if (!same && scale.values.size() > 1) // NaN is not the same as itself
        return fmt::format("{} scales", scale.values.size());
    const auto bits = fractionalBits(scale.values.front());
    return bits ? fmt::format("2^{}", -*bits) : fmt::format("{:.4g}", scale.values.front());
}

LayerRow layerRow(const Inspection &inspection, const Layer &layer)
{
    LayerRow row = rowWithoutProblems(inspection, layer);
    for (const Diagnostic &d : inspection.diagnostics)
        if (d.subject.layer == layer.id)
            addProblem(row, d);
    return row;
}

std::vector<LayerRow> layerRows(const Inspection &inspection)
{
    std::vector<LayerRow> rows;
    rows.reserve(inspection.network->layers.size());
    for (const Layer &layer : inspection.network->layers)
        rows.push_back(rowWithoutProblems(inspection, layer));
    for (const Diagnostic &d : inspection.diagnostics)
        if (d.subject.layer)
            addProblem(rows[position(*d.subject.layer)], d);
    return rows;
}

std::vector<std::string> layerTableHeader()
{
    return {"Layer", "Kind", "Shape", "Params", "Bits", "Scale", "I.F", "SQNR dB", "At limit %", "Problems"};
}

} // namespace quantscope
