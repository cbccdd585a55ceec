#include "lab/power_of_two.h"

#include "quant/fixed_point.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

namespace quantscope {

namespace {

// Half the range saves a bit of precision and clips; beyond four times that the error only grows.
constexpr int kFinerBits = 3, kCoarserBits = 1;
constexpr int kWidest = 32; // ap_fixed of the lab

std::string withWidth(const std::string &preset, int bits)
{
    return bits == 8 ? preset : fmt::format("{},bit_width={}", preset, bits);
}

Result<SlotComparison> tried(const Network &network, const std::string &layer, Slot slot,
    const std::vector<std::string> &names, const Progress &progress)
{
    std::vector<CandidateText> candidates;
    for (const std::string &name : names)
        if (auto candidate = parseCandidate(name))
            candidates.push_back(std::move(*candidate));
    auto compared = compareCandidates(
        network, {layer}, candidates, {.slot = slot, .hash = false, .skipUnavailable = true}, progress);
    if (!compared)
        return tl::unexpected(compared.error());
    return std::move(compared->front());
}

const CandidateResult *find(const SlotComparison &comparison, const std::string &name)
{
    const auto found = std::find_if(comparison.candidates.begin(), comparison.candidates.end(),
        [&](const CandidateResult &r) { return r.name == name && r.figures; });
    return found == comparison.candidates.end() ? nullptr : &*found;
}

PowerRow rowOf(const std::string &layer, std::vector<std::string> rules, const CandidateResult &result)
{
    PowerRow row;
    row.layer = layer;
    row.rules = std::move(rules);
    row.result = result;
    if (result.slot.quantizer->scale->perTensor())
        row.scale = static_cast<double>(result.slot.quantizer->scale->values[0]);
    return row;
}

/// Which roundings of log₂(scale) = −exact give this number of fractional bits: a smaller scale has more of them.
std::vector<std::string> roundings(double exact, int fraction)
{
    std::vector<std::string> words;
    if (fraction == static_cast<int>(std::ceil(exact)))
        words.emplace_back("floor");
    if (fraction == static_cast<int>(std::nearbyint(exact)))
        words.emplace_back("nearest");
    if (fraction == static_cast<int>(std::floor(exact)))
        words.emplace_back("ceil");
    return words;
}

std::vector<PowerRow> powers(
    const std::string &layer, const SlotComparison &comparison, const std::map<int, std::string> &names, double exact)
{
    std::vector<PowerRow> rows;
    for (const auto &[fraction, name] : names)
        if (const CandidateResult *result = find(comparison, name))
            rows.push_back(rowOf(layer, roundings(exact, fraction), *result));
    const auto best = std::min_element(rows.begin(), rows.end(), [](const PowerRow &a, const PowerRow &b) {
        return a.result.figures->error.errorPower < b.result.figures->error.errorPower;
    });
    if (best != rows.end()) {
        best->best = true;
        best->rules.emplace_back("least MSE");
    }
    std::erase_if(rows, [](const PowerRow &row) { return row.rules.empty(); });
    return rows;
}

std::map<int, std::string> typesNear(double exact, int bits)
{
    std::map<int, std::string> names;
    for (int fraction = static_cast<int>(std::floor(exact)) - kCoarserBits;
         fraction <= static_cast<int>(std::ceil(exact)) + kFinerBits; ++fraction)
        names[fraction] = apFixedName({bits, bits - fraction, true});
    return names;
}

/// The float scales per channel and per tensor of this kind of slot; a bias has one scale.
std::vector<std::string> floatCandidates(Slot slot, int bits)
{
    if (slot == Slot::Bias)
        return {withWidth("Int8BiasPerTensorFloatInternalScaling", bits)};
    return {withWidth("Int8WeightPerTensorFloat", bits), withWidth("Int8WeightPerChannelFloat", bits)};
}

} // namespace

std::string PowerRow::rule() const { return fmt::format("{}", fmt::join(rules, ", ")); }

Result<PowerTable> powerOfTwoTable(
    const Network &network, const std::string &layer, Slot wanted, const Progress &progress)
{
    const Layer *found = network.layer(layer);
    const SlotQuantizer *slot = found ? found->slot(wanted) : nullptr;
    const int bits
        = std::min(kWidest, slot && slot->quantizer && slot->quantizer->bitWidth ? *slot->quantizer->bitWidth : 8);
    const std::vector<std::string> names = floatCandidates(wanted, bits);
    const auto floats = tried(network, layer, wanted, names, progress);
    if (!floats)
        return tl::unexpected(floats.error());
    PowerTable table{layer, wanted, floats->againstQuantized, {}, {}};
    if (const CandidateResult *result = find(*floats, "file"))
        table.rows.push_back(rowOf(layer, {"in the file"}, *result));
    const CandidateResult *channels = find(*floats, names.back()), *one = find(*floats, names.front());
    const bool hasChannels = channels != nullptr && channels != one;
    if (hasChannels)
        table.rows.push_back(rowOf(layer, {"per channel, float"}, *channels));
    if (!one)
        return table;
    table.rows.push_back(rowOf(layer, {"per tensor, float"}, *one));
    if (!(table.rows.back().scale > 0))
        return table;
    table.fracBits = -std::log2(table.rows.back().scale);
    const std::map<int, std::string> types = typesNear(*table.fracBits, bits);
    std::vector<std::string> texts;
    for (const auto &[fraction, name] : types)
        texts.push_back(name);
    const auto fixed = tried(network, layer, wanted, texts, progress);
    if (!fixed)
        return tl::unexpected(fixed.error());
    for (PowerRow &row : powers(layer, *fixed, types, *table.fracBits))
        table.rows.push_back(std::move(row));
    const auto base = (channels ? channels : one)->figures->error.sqnrDb();
    for (PowerRow &row : table.rows) {
        row.againstChannels = hasChannels;
        if (const auto db = row.result.figures->error.sqnrDb(); db && base)
            row.lostDb = *base - *db;
    }
    return table;
}

} // namespace quantscope
