#include "report/run_report.h"

#include "base/file_name.h"
#include "base/text.h"
#include "report/json_text.h"
#include "report/text_table.h"

#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace quantscope {

namespace {

using Json = nlohmann::ordered_json;

/// JSON has no number for what is not finite.
Json measured(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }
Json measured(const std::optional<double> &value) { return value ? measured(*value) : Json(nullptr); }

std::string fiveDigits(double value) { return fmt::format("{:.5g}", value); }
std::string fiveDigits(const std::optional<double> &value) { return value ? fiveDigits(*value) : "-"; }

std::string shareText(std::uint64_t part, std::uint64_t whole)
{
    return whole == 0 || part == 0
        ? grouped(part)
        : fmt::format("{} ({:.2f} %)", grouped(part), 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

/// Nothing flowed, or nothing but NaN: the range is that of no number.
bool hasRange(const FlowFigures &figures) { return figures.seen.count > 0 && figures.low <= figures.high; }

/// What is NaN has no code.
bool hasCodeRange(const FlowFigures &figures) { return figures.hasCodes && figures.finite > 0; }

std::vector<std::string> flowRow(const LayerFlow &flow)
{
    const FlowFigures &f = flow.figures;
    const SlotStatistics &s = f.seen;
    std::vector<std::string> row
        = {printable(flow.layer), std::string(flow.slotText()), grouped(s.count), hasRange(f) ? fiveDigits(f.low) : "-",
            hasRange(f) ? fiveDigits(f.high) : "-", fiveDigits(f.mean()), fiveDigits(f.rms())};
    if (f.hasCodes)
        row.insert(row.end(),
            {hasCodeRange(f) ? fmt::format("{} to {}", s.codesMin, s.codesMax) : "-",
                s.codes.usedKnown ? grouped(s.codes.used) : "-", shareText(s.atLimit, s.count),
                s.clipped ? shareText(*s.clipped, s.count) : "-", s.clipped ? shareText(s.zeroed, s.count) : "-"});
    else
        row.insert(row.end(), 5, "-");
    return row;
}

Json flowJson(const LayerFlow &flow)
{
    const FlowFigures &f = flow.figures;
    const SlotStatistics &s = f.seen;
    const auto ofCodes = [&](auto value) { return f.hasCodes ? Json(value) : Json(nullptr); };
    const bool isInputSeen = !f.hasCodes || s.clipped; // an operator that rounds within itself shows only its codes
    const auto ofRange = [&](double end) { return hasRange(f) ? measured(end) : Json(nullptr); };
    const auto ofSeen
        = [&](float end) { return isInputSeen && s.count > 0 ? measured(static_cast<double>(end)) : Json(nullptr); };
    Json out{{"name", flow.layer}, {"slot", flow.slotText()}, {"count", s.count}, {"min", ofRange(f.low)},
        {"max", ofRange(f.high)}, {"mean", measured(f.mean())}, {"rms", measured(f.rms())}};
    out["codes_min"] = hasCodeRange(f) ? Json(s.codesMin) : Json(nullptr);
    out["codes_max"] = hasCodeRange(f) ? Json(s.codesMax) : Json(nullptr);
    out["codes_used"] = s.codes.usedKnown ? ofCodes(s.codes.used) : Json(nullptr);
    out["at_limit"] = ofCodes(s.atLimit);
    out["clipped"] = f.hasCodes ? orNull(s.clipped) : Json(nullptr);
    out["zeroed"] = isInputSeen ? ofCodes(s.zeroed) : Json(nullptr);
    out["in_min"] = ofSeen(s.low);
    out["in_max"] = ofSeen(s.high);
    out["non_finite"] = s.nonFinite;
    return out;
}

/// What the table leaves out of its range, mean and codes.
std::string nonFiniteText(const RunResult &result)
{
    std::string out;
    for (const LayerFlow &flow : result.layers)
        if (const SlotStatistics &s = flow.figures.seen; s.nonFinite > 0)
            out += fmt::format("{} {}: {} of {} values{} {} NaN or infinite\n", printable(flow.layer), flow.slotText(),
                grouped(s.nonFinite), grouped(s.count), flow.slot ? " that flow in" : "",
                s.nonFinite == 1 ? "is" : "are");
    return out.empty() ? out : "\n" + out;
}

} // namespace

std::string runText(const std::string &file, const RunResult &result)
{
    std::string out = fmt::format("{}: {} samples", printable(fileName(file)), grouped(result.samples));
    if (const auto accuracy = result.accuracy())
        out += fmt::format(", {} right: accuracy {:.2f} %", grouped(*result.correct), 100.0 * *accuracy);
    out += "\n";
    for (const RunOutput &output : result.outputs)
        out += fmt::format("output {}: {}\n", printable(output.name), shapeText(output.shape));
    if (result.stopped)
        out += fmt::format("stopped at {}; what was computed before:\n", printable(*result.stopped));
    for (const std::string &note : result.notes)
        out += fmt::format("note: {}\n", printable(note));
    if (result.layers.empty())
        return out;
    std::vector<std::vector<std::string>> rows
        = {{"Layer", "Slot", "Values", "Min", "Max", "Mean", "RMS", "Codes", "Used", "At limit", "Clipped", "To zero"}};
    for (const LayerFlow &flow : result.layers)
        rows.push_back(flowRow(flow));
    return out + "\non data (of a quantizer what it gives; clipped and to zero of what flows in):\n\n"
        + alignedTable(rows, 2) + nonFiniteText(result);
}

Json runJson(const std::string &file, const RunResult &result)
{
    Json out{{"schema", 1}, {"file", fileName(file)}, {"samples", result.samples}};
    if (const auto accuracy = result.accuracy()) {
        out["correct"] = *result.correct;
        out["accuracy"] = *accuracy;
    }
    out["outputs"] = Json::array();
    for (const RunOutput &output : result.outputs)
        out["outputs"].push_back({{"name", output.name}, {"shape", output.shape}});
    out["layers"] = Json::array();
    for (const LayerFlow &flow : result.layers)
        out["layers"].push_back(flowJson(flow));
    if (result.stopped)
        out["stopped"] = *result.stopped;
    out["notes"] = result.notes;
    return out;
}

} // namespace quantscope
