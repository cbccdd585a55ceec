#include "report/compare_report.h"

#include "base/text.h"
#include "quant/fixed_point.h"
#include "report/inspect.h"
#include "report/text_table.h"

#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace quantscope {

namespace {

using Json = nlohmann::ordered_json;

template <class T> Json orNull(const std::optional<T> &value) { return value ? Json(*value) : Json(nullptr); }

Json candidateJson(const CandidateResult &candidate)
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
    const SlotStatistics *s = candidate.figures ? &*candidate.figures : nullptr;
    out["codes_sha256_i32"] = s != nullptr ? orNull(s->codesSha256) : Json(nullptr);
    out["sqnr_db"] = s != nullptr ? orNull(s->error.sqnrDb()) : Json(nullptr);
    out["mse"] = s != nullptr ? Json(s->error.mse()) : Json(nullptr);
    out["max_abs_error"] = s != nullptr ? Json(s->error.maxAbs) : Json(nullptr);
    out["mean_error"] = s != nullptr ? Json(s->error.mean()) : Json(nullptr);
    out["cosine"] = s != nullptr ? orNull(s->error.cosine()) : Json(nullptr);
    out["at_limit"] = s != nullptr ? Json(s->atLimit) : Json(nullptr);
    out["clipped"] = s != nullptr ? orNull(s->clipped) : Json(nullptr);
    out["zeroed"] = s != nullptr ? Json(s->zeroed) : Json(nullptr);
    out["codes_used"] = s != nullptr ? Json(s->codes.used) : Json(nullptr);
    out["codes_total"] = q && q->isComplete() ? Json(candidate.codesTotal()) : Json(nullptr);
    out["bits"] = candidate.bits();
    out["fixed_exact"] = candidate.fixedExact();
    if (!candidate.note.empty())
        out["note"] = candidate.note;
    return out;
}

std::vector<std::string> cells(const CandidateResult &candidate, bool best)
{
    const SlotStatistics *s = candidate.figures ? &*candidate.figures : nullptr;
    const auto &q = candidate.slot.quantizer;
    const auto type = q ? fixedType(*q) : std::nullopt;
    const auto share = [&](std::uint64_t n) {
        return s->count == 0 ? "-"
                             : fmt::format("{:.2f}", 100.0 * static_cast<double>(n) / static_cast<double>(s->count));
    };
    std::vector<std::string> out
        = {printable(candidate.name) + (best ? " (best)" : ""), q && q->bitWidth ? std::to_string(*q->bitWidth) : "-",
            q && q->scale ? scaleText(*q->scale) : "-", type ? apFixedName(*type) : "-"};
    if (s == nullptr) {
        out.push_back(candidate.note);
        return out;
    }
    const auto sqnr = s->error.sqnrDb();
    const auto cosine = s->error.cosine();
    for (std::string &cell : std::vector<std::string>{sqnr ? fmt::format("{:.2f}", *sqnr) : "exact",
             fmt::format("{:.3e}", s->error.mse()), fmt::format("{:.4g}", s->error.maxAbs),
             fmt::format("{:.2e}", s->error.mean()), cosine ? fmt::format("{:.6f}", *cosine) : "-", share(s->atLimit),
             share(s->zeroed), fmt::format("{}/{}", s->codes.used, candidate.codesTotal()), grouped(candidate.bits())})
        out.push_back(std::move(cell));
    return out;
}

Json allocationJson(const std::vector<SweepPoint> &points, const Allocation &allocation)
{
    Json out{{"bits", allocation.bits}, {"error_power", allocation.errorPower}};
    out["sqnr_db"] = allocation.errorPower > 0 ? Json(10 * std::log10(allocation.signalPower / allocation.errorPower))
                                               : Json(nullptr);
    out["choices"] = Json::array();
    for (const std::size_t i : allocation.points)
        out["choices"].push_back({{"layer", points[i].layer}, {"slot", points[i].slot}, {"name", points[i].candidate}});
    return out;
}

} // namespace

Json compareJson(const std::vector<SlotComparison> &comparisons)
{
    Json out{{"schema", 1}, {"layers", Json::array()}};
    for (const SlotComparison &comparison : comparisons) {
        Json layer{{"name", comparison.layer}, {"slot", comparison.slot}};
        if (comparison.againstQuantized)
            layer["against"] = "the file's dequantized values: it holds no floats";
        layer["candidates"] = Json::array();
        for (const CandidateResult &candidate : comparison.candidates)
            layer["candidates"].push_back(candidateJson(candidate));
        out["layers"].push_back(std::move(layer));
    }
    return out;
}

std::string compareText(const std::vector<SlotComparison> &comparisons)
{
    std::string out;
    for (const SlotComparison &comparison : comparisons) {
        const auto best = comparison.best();
        std::vector<std::vector<std::string>> rows = {{"Candidate", "Bits", "Scale", "Type", "SQNR dB", "MSE",
            "Max error", "Mean error", "Cosine", "At limit %", "To zero %", "Codes", "Memory bits"}};
        for (std::size_t i = 0; i < comparison.candidates.size(); ++i)
            rows.push_back(cells(
                comparison.candidates[i], best.size() <= 3 && std::find(best.begin(), best.end(), i) != best.end()));
        out += fmt::format("{} {}: weight error, which is not accuracy{}\n\n{}\n", printable(comparison.layer),
            comparison.slot,
            comparison.againstQuantized ? "; against the file's dequantized values, since it holds no floats" : "",
            alignedTable(rows, 1));
    }
    return out;
}

std::string compareCsv(const std::vector<SlotComparison> &comparisons)
{
    std::string out = "layer,slot,candidate,bit_width,scale,sqnr_db,mse,max_abs_error,mean_error,cosine,at_limit,"
                      "clipped,zeroed,codes_used,codes_total,bits,fixed_exact\n";
    for (const SlotComparison &comparison : comparisons)
        for (const CandidateResult &candidate : comparison.candidates) {
            const SlotStatistics *s = candidate.figures ? &*candidate.figures : nullptr;
            const auto &q = candidate.slot.quantizer;
            const auto number = [](const std::optional<double> &v) { return v ? shortest(*v) : std::string(); };
            std::vector<std::string> row = {comparison.layer, comparison.slot, candidate.name,
                q && q->bitWidth ? std::to_string(*q->bitWidth) : "", q && q->scale ? scaleText(*q->scale) : ""};
            if (s != nullptr)
                for (std::string &cell : std::vector<std::string>{number(s->error.sqnrDb()), shortest(s->error.mse()),
                         shortest(s->error.maxAbs), shortest(s->error.mean()), number(s->error.cosine()),
                         std::to_string(s->atLimit), s->clipped ? std::to_string(*s->clipped) : "",
                         std::to_string(s->zeroed), std::to_string(s->codes.used)})
                    row.push_back(std::move(cell));
            row.resize(14);
            row.push_back(std::to_string(candidate.codesTotal()));
            row.push_back(std::to_string(candidate.bits()));
            row.push_back(candidate.fixedExact() ? "true" : "false");
            out += csvLine(row);
        }
    return out;
}

Json sweepJson(const std::vector<SweepPoint> &points, std::optional<double> minimumDb)
{
    Json out;
    out["pareto"] = Json::array();
    for (const Allocation &allocation : paretoFront(points))
        out["pareto"].push_back(allocationJson(points, allocation));
    if (minimumDb) {
        const Allocation cheapest = cheapestKeeping(points, *minimumDb);
        out["cheapest"] = allocationJson(points, cheapest);
        out["cheapest"]["minimum_sqnr_db"] = *minimumDb;
        out["cheapest"]["recipe"] = allocationRecipe(points, cheapest);
        out["cheapest"]["python"] = allocationPython(points, cheapest);
    }
    return out;
}

std::string sweepText(const std::vector<SweepPoint> &points, std::optional<double> minimumDb)
{
    std::vector<std::vector<std::string>> rows = {{"Total bits", "SQNR dB", "Widths"}};
    for (const Allocation &allocation : paretoFront(points)) {
        std::string widths;
        for (const std::size_t i : allocation.points)
            widths += fmt::format("{}{} {}", widths.empty() ? "" : ", ", printable(points[i].layer), points[i].width);
        rows.push_back({grouped(allocation.bits),
            allocation.errorPower > 0
                ? fmt::format("{:.2f}", 10 * std::log10(allocation.signalPower / allocation.errorPower))
                : "exact",
            widths});
    }
    std::string out = "Total bits against error (the convex hull of the front)\n\n" + alignedTable(rows, 0);
    if (minimumDb) {
        const Allocation cheapest = cheapestKeeping(points, *minimumDb);
        out += fmt::format("\nFewest bits that keep {} dB in every layer: {} bits\n\n{}\n{}", shortest(*minimumDb),
            grouped(cheapest.bits), allocationRecipe(points, cheapest), allocationPython(points, cheapest));
    }
    return out;
}

} // namespace quantscope
