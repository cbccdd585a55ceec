#include "report/compare_report.h"

#include "base/text.h"
#include "dialects/brevitas/presets.h"
#include "lab/candidates.h"
#include "lab/figures.h"
#include "quant/fixed_point.h"
#include "quant/quantizer_json.h"
#include "report/json_text.h"
#include "report/layer_table.h"
#include "report/text_table.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <span>

#include <fmt/format.h>

namespace quantscope {

namespace {

using Json = nlohmann::ordered_json;

/// Those that JSON and CSV write one after the other.
constexpr std::array kWritten = {FigureId::Sqnr, FigureId::Mse, FigureId::MaxError, FigureId::MeanError,
    FigureId::Cosine, FigureId::AtLimit, FigureId::Clipped, FigureId::Zeroed, FigureId::CodesUsed};

std::optional<double> sqnrOf(const CandidateResult &candidate)
{
    return candidate.figures && candidate.figures->hasFloats ? candidate.figures->error.sqnrDb() : std::nullopt;
}

/// Against the file's own; nullopt where one of them has none.
std::optional<double> changeDb(const SlotComparison &comparison, const CandidateResult &candidate)
{
    const auto own = sqnrOf(candidate), file = sqnrOf(comparison.candidates.front());
    return own && file ? std::optional(*own - *file) : std::nullopt;
}

/// The power of two nearest to one positive scale, as fractional bits.
std::optional<int> nearestFracBits(const std::optional<Quantizer> &q)
{
    if (!q || !q->scale || !q->scale->perTensor() || !(q->scale->values[0] > 0) || std::isinf(q->scale->values[0]))
        return std::nullopt;
    return static_cast<int>(std::nearbyint(-std::log2(static_cast<double>(q->scale->values[0]))));
}

/// Those that the terminal shows behind the change.
constexpr std::array kShown = {FigureId::Mse, FigureId::MaxError, FigureId::MeanError, FigureId::Cosine,
    FigureId::AtLimit, FigureId::Zeroed, FigureId::CodesUsed, FigureId::Memory};

/// A figure as the terminal shows it; counts of weights as their share in %.
std::string cell(FigureId id, const CandidateFigures &figures)
{
    const auto value = figureOf(id).value(figures);
    const std::string text = value ? terminalText(figureOf(id), *value) : "-";
    if (id == FigureId::CodesUsed)
        return figures.hasIntegers
            ? fmt::format("{}/{}", value ? std::to_string(figures.codesUsed) : "-", figures.codesTotal)
            : "-";
    if (id != FigureId::AtLimit && id != FigureId::Zeroed)
        return text;
    return !value || figures.count == 0
        ? "-"
        : fmt::format("{:.2f}", 100.0 * asDouble(*value) / static_cast<double>(figures.count));
}

std::vector<std::string> cells(const SlotComparison &comparison, const CandidateResult &candidate, bool best)
{
    const auto &q = candidate.slot.quantizer;
    const auto type = q ? fixedType(*q) : std::nullopt;
    std::vector<std::string> out
        = {printable(candidate.name) + (best ? " (best)" : ""), q && q->bitWidth ? std::to_string(*q->bitWidth) : "-",
            q && q->scale ? scaleText(*q->scale) : "-", type ? apFixedName(*type) : "-"};
    if (!candidate.figures) {
        out.insert(out.end(), 10, "-");
        return out;
    }
    const CandidateFigures figures = figuresOf(candidate);
    const auto change = changeDb(comparison, candidate);
    out.push_back(figures.hasErrors ? sqnrText(figures.error) : "-");
    out.push_back(change && &candidate != &comparison.candidates.front() ? fmt::format("{:+.2f}", *change) : "");
    for (const FigureId id : kShown)
        out.push_back(cell(id, figures));
    return out;
}

std::string tableOf(const SlotComparison &comparison)
{
    constexpr std::size_t kMostMarked = 3; // a mark that four rows carry says nothing
    const auto best = comparison.best();
    std::vector<std::vector<std::string>> rows(1, {"Candidate"});
    for (const FigureId id : {FigureId::Bits, FigureId::Scale, FigureId::Type, FigureId::Sqnr})
        rows[0].emplace_back(figureOf(id).heading);
    rows[0].emplace_back("Change dB");
    for (const FigureId id : kShown)
        rows[0].emplace_back(figureOf(id).heading);
    for (std::size_t i = 0; i < comparison.candidates.size(); ++i)
        rows.push_back(cells(comparison, comparison.candidates[i],
            best.size() <= kMostMarked && std::find(best.begin(), best.end(), i) != best.end()));
    return alignedTable(rows, 1)
        + (best.size() > kMostMarked ? fmt::format("{} candidates share the first place.\n", best.size()) : "");
}

/// One name for what differs in its width alone: "Int8WeightPerTensorFloat at 3 widths".
std::vector<std::string> byFamily(const std::vector<std::string> &names)
{
    std::vector<std::string> families;
    std::map<std::string, std::vector<std::string>> members;
    for (const std::string &name : names) {
        const std::string family = candidateFamily(name);
        if (members[family].empty())
            families.push_back(family);
        members[family].push_back(name);
    }
    std::vector<std::string> out;
    for (const std::string &family : families)
        out.push_back(
            printable(members[family].size() == 1 ? members[family].front()
                                                  : fmt::format("{} at {} widths", family, members[family].size())));
    return out;
}

/// One comparison's notes, grouped by what they say.
std::vector<std::string> notesOf(const SlotComparison &comparison)
{
    constexpr std::size_t kNamed = 6;
    std::vector<std::pair<std::string, std::vector<std::string>>> reasons;
    const auto add = [&](const std::string &name, const std::string &reason) {
        auto found = std::find_if(reasons.begin(), reasons.end(), [&](const auto &r) { return r.first == reason; });
        if (found == reasons.end())
            found = reasons.insert(reasons.end(), {reason, {}});
        found->second.push_back(name);
    };
    std::vector<std::string> out;
    if (const std::string &owner = comparison.candidates.front().slot.sharedWith; !owner.empty())
        out.push_back(
            fmt::format("it shares the quantizer of {}: the candidates are for this layer alone", printable(owner)));
    std::uint64_t nonFinite = 0;
    for (const CandidateResult &candidate : comparison.candidates) {
        if (!candidate.figures)
            add(candidate.name, candidate.note);
        else
            nonFinite = std::max(nonFinite, candidate.figures->nonFinite);
        if (const std::string caveat = assumedAxisCaveat(candidate.slot); candidate.figures && !caveat.empty())
            add(candidate.name, caveat);
    }
    for (const Unavailable &missing : comparison.unavailable)
        add(missing.name, missing.reason);
    if (nonFinite > 0)
        out.push_back(fmt::format("{} not finite: the figures leave {} out",
            nonFinite == 1 ? "one value is" : grouped(nonFinite) + " values are", nonFinite == 1 ? "it" : "them"));
    for (const auto &[reason, all] : reasons) {
        std::vector<std::string> names = byFamily(all);
        const std::size_t more = names.size() > kNamed ? names.size() - kNamed : 0;
        names.resize(names.size() - more);
        out.push_back(fmt::format(
            "{}{}: {}", fmt::join(names, "; "), more > 0 ? fmt::format(" and {} more", more) : "", printable(reason)));
    }
    return out;
}

} // namespace

std::string sqnrText(const QuantizationError &error)
{
    const auto sqnr = error.sqnrDb();
    return sqnr ? fmt::format("{:.2f}", *sqnr) : error.isExact() ? "exact" : "-";
}

nlohmann::ordered_json candidateJson(const CandidateResult &candidate)
{
    Json out;
    out["name"] = candidate.name;
    const std::optional<Quantizer> &q = candidate.slot.quantizer;
    out["bit_width"] = q ? orNull(q->bitWidth) : Json(nullptr);
    out["signed"] = q ? orNull(q->isSigned) : Json(nullptr);
    out["narrow"] = q ? orNull(q->narrow) : Json(nullptr);
    out["scale"] = q && q->scale ? granularJson(*q->scale, true) : Json(nullptr);
    out["zero_point"] = q && q->zeroPoint ? granularJson(*q->zeroPoint, false) : Json(nullptr);
    out["frac_bits"] = q ? fracBitsJson(*q) : Json(nullptr);
    out["nearest_frac_bits"] = orNull(nearestFracBits(q));
    const CandidateFigures figures = figuresOf(candidate);
    out["codes_sha256_i32"]
        = figures.known && figures.hasIntegers ? orNull(candidate.figures->codesSha256) : Json(nullptr);
    for (const FigureId id : kWritten) {
        Json &field = out[std::string(figureOf(id).key)];
        if (const auto value = figureOf(id).value(figures))
            std::visit([&](auto number) { field = number; }, *value);
    }
    out["codes_total"] = figures.hasIntegers ? Json(figures.codesTotal) : Json(nullptr);
    out["bits"] = figures.hasMemory ? Json(figures.memory) : Json(nullptr);
    out["fixed_exact"] = candidate.fixedExact();
    out["non_finite"] = figures.known ? Json(candidate.figures->nonFinite) : Json(nullptr);
    if (presetSlot(candidate.slot.slot) == Slot::Act && !candidate.settings.preset.empty())
        out["settings"] = settingsText(candidate.settings);
    if (!candidate.note.empty())
        out["note"] = candidate.note;
    return out;
}

Json compareJson(const std::vector<SlotComparison> &comparisons)
{
    Json out{{"schema", 1}, {"layers", Json::array()}};
    for (const SlotComparison &comparison : comparisons) {
        Json layer{{"name", comparison.layer}, {"slot", comparison.slot}};
        if (comparison.againstQuantized)
            layer["against"] = "the file's dequantized values: it holds no floats";
        layer["candidates"] = Json::array();
        const auto ranks = comparison.ranks();
        for (std::size_t i = 0; i < comparison.candidates.size(); ++i) {
            Json candidate = candidateJson(comparison.candidates[i]);
            candidate["rank"] = ranks[i] > 0 ? Json(ranks[i]) : Json(nullptr);
            candidate["best"] = ranks[i] == 1;
            candidate["sqnr_change_db"] = orNull(changeDb(comparison, comparison.candidates[i]));
            layer["candidates"].push_back(std::move(candidate));
        }
        layer["unavailable"] = Json::array();
        for (const Unavailable &missing : comparison.unavailable)
            layer["unavailable"].push_back({{"name", missing.name}, {"reason", missing.reason}});
        out["layers"].push_back(std::move(layer));
    }
    return out;
}

std::string compareNotes(const std::vector<SlotComparison> &comparisons)
{
    std::map<std::vector<std::string>, std::vector<std::string>> layers; // notes -> the layers that have them
    std::vector<std::vector<std::string>> order;
    for (const SlotComparison &comparison : comparisons)
        if (auto notes = notesOf(comparison); !notes.empty()) {
            if (!layers.contains(notes))
                order.push_back(notes);
            layers[notes].push_back(printable(comparison.layer));
        }
    std::string out;
    for (const auto &notes : order) {
        if (comparisons.size() > 1)
            out += fmt::format("{}:\n", fmt::join(layers[notes], ", "));
        for (const std::string &note : notes)
            out += fmt::format("  {}\n", note);
    }
    return out.empty() ? out : "Notes\n" + out;
}

std::string compareText(const std::vector<SlotComparison> &comparisons)
{
    std::string out;
    for (const SlotComparison &comparison : comparisons) {
        const bool isFlow = presetSlot(comparison.slot) == Slot::Act;
        out += fmt::format("{} {}: {}, which is not accuracy{}\n\n{}\n", printable(comparison.layer), comparison.slot,
            isFlow ? "error of what flowed in on data" : fmt::format("{} error", comparison.slot),
            comparison.againstQuantized ? "; against the file's dequantized values, since it holds no floats" : "",
            tableOf(comparison));
        if (const std::string notes = compareNotes({comparison}); !notes.empty())
            out += notes + "\n";
    }
    return out;
}

namespace {

std::string plain(double value) { return shortest(value); }
std::string plain(std::uint64_t count) { return std::to_string(count); }

std::vector<std::string> csvRow(const SlotComparison &comparison, const CandidateResult &candidate)
{
    const CandidateFigures figures = figuresOf(candidate);
    const auto &q = candidate.slot.quantizer;
    std::vector<std::string> row = {comparison.layer, std::string(slotName(comparison.slot)), candidate.name,
        q && q->bitWidth ? std::to_string(*q->bitWidth) : "", q && q->scale ? scaleText(*q->scale) : ""};
    for (const FigureId id : kWritten) {
        const auto value = figureOf(id).value(figures);
        row.push_back(value ? std::visit([](auto number) { return plain(number); }, *value) : std::string());
    }
    row.push_back(figures.hasIntegers ? std::to_string(figures.codesTotal) : "");
    row.push_back(figures.hasMemory ? std::to_string(figures.memory) : std::string());
    row.push_back(candidate.fixedExact() ? "true" : "false");
    return row;
}

/// Behind the first columns, which stay as they were.
void addFurther(std::vector<std::string> &row, const SlotComparison &comparison, std::size_t position,
    const std::vector<std::size_t> &ranks)
{
    const CandidateResult &candidate = comparison.candidates[position];
    const auto &q = candidate.slot.quantizer;
    const bool scaled = q && q->scale && !q->scale->values.empty();
    const auto ends = scaled ? std::minmax_element(q->scale->values.begin(), q->scale->values.end())
                             : decltype(std::minmax_element(q->scale->values.begin(), q->scale->values.end())){};
    row.push_back(scaled ? shortest(*ends.first) : "");
    row.push_back(scaled ? shortest(*ends.second) : "");
    row.push_back(candidate.figures ? std::to_string(candidate.figures->nonFinite) : "");
    row.push_back(ranks[position] > 0 ? std::to_string(ranks[position]) : "");
    row.push_back(csvNumber(changeDb(comparison, candidate)));
    row.push_back(candidate.note);
}

/// Layer and candidate of what was chosen.
using Chosen = std::set<std::pair<std::string, std::string>>;

Chosen chosenBy(const SweepMarks &sweep, std::span<const Allocation> allocations)
{
    Chosen out;
    for (const Allocation &allocation : allocations)
        for (const std::size_t i : allocation.points)
            out.emplace(sweep.points[i].layer, sweep.points[i].candidate);
    return out;
}

const char *truth(bool value) { return value ? "true" : "false"; }

} // namespace

std::string compareCsv(const std::vector<SlotComparison> &comparisons, const SweepMarks *sweep)
{
    std::string out = "layer,slot,candidate,bit_width,scale";
    for (const FigureId id : kWritten)
        out += fmt::format(",{}", figureOf(id).key);
    out += ",codes_total,bits,fixed_exact,scale_min,scale_max,non_finite,rank,sqnr_change_db,note";
    out += sweep == nullptr ? "\n" : ",on_front,cheapest\n";
    Chosen onFront, cheapest;
    if (sweep != nullptr)
        onFront = chosenBy(*sweep, sweep->front);
    if (sweep != nullptr && sweep->cheapest)
        cheapest = chosenBy(*sweep, std::span(&*sweep->cheapest, 1));
    for (const SlotComparison &comparison : comparisons) {
        const auto ranks = comparison.ranks();
        for (std::size_t i = 0; i < comparison.candidates.size(); ++i) {
            const CandidateResult &candidate = comparison.candidates[i];
            std::vector<std::string> row = csvRow(comparison, candidate);
            addFurther(row, comparison, i, ranks);
            if (sweep != nullptr) {
                const std::pair key(comparison.layer, candidate.name);
                row.push_back(truth(onFront.contains(key)));
                row.push_back(sweep->cheapest ? truth(cheapest.contains(key)) : "");
            }
            out += csvLine(row);
        }
        for (const Unavailable &missing : comparison.unavailable) {
            std::vector<std::string> row = {comparison.layer, std::string(slotName(comparison.slot)), missing.name};
            row.resize(22);
            row.push_back(missing.reason);
            row.resize(sweep == nullptr ? 23 : 25);
            out += csvLine(row);
        }
    }
    return out;
}

} // namespace quantscope
