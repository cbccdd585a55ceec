#include "report/diff_report.h"

#include "base/file_name.h"
#include "base/text.h"
#include "report/json_text.h"
#include "report/text_table.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace quantscope {

namespace {

using Json = nlohmann::ordered_json;

const std::string &layerOf(const Network &a, const Network &b, const SlotDifference &slot)
{
    return slot.a ? a.layer(*slot.a).name : b.layer(*slot.b).name;
}

Json differenceJson(const Network &a, const Network &b, const SlotDifference &slot)
{
    Json out{{"layer", layerOf(a, b, slot)}, {"slot", slot.slot}, {"state", slotStateName(slot.state)},
        {"fields", slot.fields}, {"count", orNull(slot.count)}, {"codes_changed", orNull(slot.codesChanged)},
        {"sign_flips", orNull(slot.signFlips)}, {"largest_change", orNull(slot.largestChange)},
        {"first_index", orNull(slot.firstIndex)}};
    if (slot.a && slot.b && a.layer(*slot.a).name != b.layer(*slot.b).name)
        out["layer_b"] = b.layer(*slot.b).name;
    if (!slot.notCompared.empty())
        out["not_compared"] = slot.notCompared;
    for (const auto &[assumed, side] : {std::pair(slot.assumedA, "a"), std::pair(slot.assumedB, "b")})
        if (assumed)
            out["assumed"].push_back(side);
    if (slot.storedEqual)
        out["floats_equal"] = *slot.storedEqual;
    for (const ChangeBin &bin : slot.histogram)
        out["histogram"].push_back({{"from", bin.from}, {"to", bin.to}, {"count", bin.count}});
    return out;
}

std::string numberOr(const std::optional<std::uint64_t> &number) { return number ? grouped(*number) : "-"; }

std::string changedText(const SlotDifference &slot)
{
    if (!slot.codesChanged)
        return "-";
    if (slot.count.value_or(0) == 0 || *slot.codesChanged == 0)
        return grouped(*slot.codesChanged);
    const double share = static_cast<double>(*slot.codesChanged) / static_cast<double>(*slot.count);
    return fmt::format("{} ({:.3g} %)", grouped(*slot.codesChanged), 100 * share);
}

/// The fields without that of the codes, which has columns of its own.
std::string fieldsText(const SlotDifference &slot)
{
    std::vector<std::string> words;
    for (const std::string &field : slot.fields)
        if (!field.starts_with("codes:") || !slot.codesChanged)
            words.push_back(printable(field));
    return fmt::format("{}", fmt::join(words, "; "));
}

std::string summaryText(const Network &a, const Network &b, const ModelDiff &diff)
{
    const std::string first = printable(fileName(a.file->path)), second = printable(fileName(b.file->path));
    const bool isWhole = std::ranges::all_of(diff.slots, [](const auto &slot) { return slot.notCompared.empty(); });
    if (diff.same())
        return fmt::format("{} and {} are the same in all {} slots{}\n", first, second, diff.slots.size(),
            isWhole ? "" : ", as far as both say");
    std::string out = fmt::format(
        "{} and {} differ: {} of {} slots changed", first, second, diff.count(SlotState::Changed), diff.slots.size());
    for (const auto &[state, file] : {std::pair(SlotState::OnlyA, first), std::pair(SlotState::OnlyB, second)})
        if (const std::uint64_t only = diff.count(state); only > 0)
            out += fmt::format(", {} only in {}", only, file);
    return out + "\n";
}

std::string differencesText(const Network &a, const Network &b, const ModelDiff &diff)
{
    std::vector<std::vector<std::string>> rows
        = {{"Layer", "Slot", "State", "Codes changed", "Sign flips", "Largest", "First", "Fields"}};
    for (const SlotDifference &slot : diff.slots)
        if (slot.state != SlotState::Same) {
            std::string name = printable(layerOf(a, b, slot));
            if (slot.a && slot.b && b.layer(*slot.b).name != a.layer(*slot.a).name)
                name += " = " + printable(b.layer(*slot.b).name);
            rows.push_back({name, std::string(slotName(slot.slot)), std::string(slotStateName(slot.state)),
                changedText(slot), numberOr(slot.signFlips), numberOr(slot.largestChange),
                slot.firstIndex ? fmt::format("[{}]", *slot.firstIndex) : "-", fieldsText(slot)});
        }
    return rows.size() > 1 ? "\n" + alignedTable(rows, 3) : "";
}

std::string binText(const ChangeBin &bin)
{
    return bin.from == bin.to ? fmt::format("{:+}", bin.from) : fmt::format("{:+} to {:+}", bin.from, bin.to);
}

/// How far the codes went, with a bar of up to 40 signs.
std::string histogramsText(const Network &a, const Network &b, const ModelDiff &diff)
{
    constexpr std::uint64_t kLongestBar = 40;
    std::string out;
    for (const SlotDifference &slot : diff.slots) {
        if (slot.histogram.empty())
            continue;
        out += fmt::format("\nChange of the codes of {} {}:\n", printable(layerOf(a, b, slot)), slot.slot);
        const std::uint64_t most = std::ranges::max(slot.histogram, {}, &ChangeBin::count).count;
        std::vector<std::vector<std::string>> rows;
        for (const ChangeBin &bin : slot.histogram) {
            const double length = static_cast<double>(bin.count) / static_cast<double>(most) * double{kLongestBar};
            rows.push_back({binText(bin), grouped(bin.count),
                " " + std::string(std::max<std::size_t>(static_cast<std::size_t>(length), 1), '#')});
        }
        for (auto &row : rows)
            row.back().resize(kLongestBar + 1, ' ');
        out += alignedTable(rows, 0);
    }
    return out;
}

std::string findingsText(const ModelDiff &diff)
{
    std::string out;
    for (const DiffFinding &finding : diff.findings)
        out += fmt::format("\n{}: {} [{}]\n  write: {}\n", severityName(finding.severity), printable(finding.text),
            finding.rule, printable(finding.fix));
    return out;
}

/// What a line has room for.
std::string firstOf(std::vector<std::string> words)
{
    constexpr std::size_t kMostNamed = 8;
    const std::size_t more = words.size() > kMostNamed ? words.size() - kMostNamed : 0;
    words.resize(words.size() - more);
    return fmt::format("{}{}", fmt::join(words, "; "), more > 0 ? fmt::format("; and {} more", more) : "");
}

std::string notComparedText(const Network &a, const Network &b, const ModelDiff &diff)
{
    std::vector<std::string> words;
    for (const SlotDifference &slot : diff.slots)
        if (!slot.notCompared.empty())
            words.push_back(printable(
                fmt::format("{} {} ({})", layerOf(a, b, slot), slot.slot, fmt::join(slot.notCompared, ", "))));
    return words.empty() ? std::string()
                         : fmt::format("\nnot compared, since one of them does not say it: {}\n", firstOf(words));
}

/// Of every slot, the same ones too: what is equal may be so by the assumption.
std::string assumedText(const Network &network, std::optional<LayerId> SlotDifference::*side,
    bool SlotDifference::*isAssumed, const ModelDiff &diff)
{
    std::vector<std::string> words;
    std::size_t slots = 0;
    for (const SlotDifference &slot : diff.slots) {
        slots += (slot.*side).has_value() ? 1u : 0u;
        if (slot.*isAssumed)
            words.push_back(printable(fmt::format("{} {}", network.layer(*(slot.*side)).name, slot.slot)));
    }
    if (words.empty())
        return {};
    return fmt::format("\nassumed in {}, {} of {} slots: {}\n", printable(fileName(network.file->path)), words.size(),
        slots, firstOf(words));
}

} // namespace

Json diffJson(const Network &a, const Network &b, const ModelDiff &diff)
{
    Json out{{"schema", 1}, {"a", fileName(a.file->path)}, {"b", fileName(b.file->path)}, {"same", diff.same()},
        {"slots", Json::array()}, {"findings", Json::array()}};
    for (const SlotDifference &slot : diff.slots)
        out["slots"].push_back(differenceJson(a, b, slot));
    for (const DiffFinding &finding : diff.findings)
        out["findings"].push_back({{"rule", finding.rule}, {"severity", severityName(finding.severity)},
            {"layer", finding.layer ? Json(a.layer(*finding.layer).name) : Json(nullptr)},
            {"slot", finding.slot ? Json(*finding.slot) : Json(nullptr)}, {"text", finding.text},
            {"fix", finding.fix}});
    return out;
}

std::string diffText(const Network &a, const Network &b, const ModelDiff &diff)
{
    return summaryText(a, b, diff) + differencesText(a, b, diff) + histogramsText(a, b, diff)
        + notComparedText(a, b, diff) + assumedText(a, &SlotDifference::a, &SlotDifference::assumedA, diff)
        + assumedText(b, &SlotDifference::b, &SlotDifference::assumedB, diff) + findingsText(diff);
}

} // namespace quantscope
