#include "report/accumulators_report.h"

#include "base/text.h"
#include "report/text_table.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace quantscope {

namespace {

using Json = nlohmann::ordered_json;

Json factorsJson(const Network &network, const Requantization &requantization)
{
    Json out{{"output", inputName(network, requantization.output)}};
    for (const char *key : {"factor", "multiplier", "shift", "power_of_two_shift"})
        out[key] = Json::array();
    for (const RequantizationFactor &factor : requantization.factors) {
        out["factor"].push_back(hexFloat(factor.factor));
        out["multiplier"].push_back(factor.multiplier);
        out["shift"].push_back(factor.shift);
        out["power_of_two_shift"].push_back(factor.powerShift);
    }
    out["worst_error"] = requantization.worstError();
    out["power_of_two_worst_error"] = requantization.worstPowerError();
    return out;
}

Json rangeJson(const Network &network, const AccumulatorRange &range)
{
    Json out{{"layer", network.layer(range.layer).name}, {"min", range.min}, {"max", range.max},
        {"bits_needed", range.bitsNeeded}, {"channel", range.channel}, {"bias_included", range.biasIncluded},
        {"input", inputName(network, range.input)}, {"declared_bits", range.declaredBits}, {"terms", range.terms},
        {"exact", range.bound.empty()}};
    if (!range.bound.empty())
        out["bound"] = range.bound;
    out["requantization"] = Json::array();
    for (const Requantization &requantization : range.requantizations)
        out["requantization"].push_back(factorsJson(network, requantization));
    return out;
}

std::string errorText(double error) { return error == 0 ? "exact" : fmt::format("off by {:.1e}", error); }

std::string requantizationsText(const Network &network, const AccumulatorRange &range)
{
    std::vector<std::string> words;
    for (const Requantization &requantization : range.requantizations)
        words.push_back(printable(requantizationText(network, requantization)));
    return fmt::format("{}", fmt::join(words, "; "));
}

} // namespace

std::string bitsText(const AccumulatorRange &range)
{
    return fmt::format(
        "{} declared, {}{} needed", range.declaredBits, range.bound.empty() ? "" : "at most ", range.bitsNeeded);
}

std::string requantizationText(const Network &network, const Requantization &requantization)
{
    const std::string output = inputName(network, requantization.output);
    const RequantizationFactor &first = requantization.factors.front();
    if (requantization.factors.size() > 1)
        return fmt::format("{}: {} factors, worst {}; as shifts {}", output, requantization.factors.size(),
            errorText(requantization.worstError()), errorText(requantization.worstPowerError()));
    if (first.powerError == 0)
        return fmt::format("{}: x 2^{}, exact", output, -first.powerShift);
    return fmt::format("{}: {} * 2^({} - 31), {}; 2^{} is {}", output, first.multiplier, first.shift,
        errorText(first.error), -first.powerShift, errorText(first.powerError));
}

Json accumulatorsJson(const Network &network, const Accumulators &accumulators)
{
    Json out = Json::array();
    for (const AccumulatorRange &range : accumulators.known)
        out.push_back(rangeJson(network, range));
    return out;
}

std::string accumulatorsText(const Network &network, const Accumulators &accumulators)
{
    std::vector<std::vector<std::string>> rows
        = {{"Layer", "Input", "Smallest", "Largest", "Bits", "Channel", "Bias", "Requantization"}};
    std::string below;
    for (const AccumulatorRange &range : accumulators.known) {
        const std::string name = printable(network.layer(range.layer).name);
        rows.push_back({name, printable(inputName(network, range.input)), std::to_string(range.min),
            std::to_string(range.max), bitsText(range) + (range.overflows() ? " !" : ""), std::to_string(range.channel),
            range.biasIncluded ? "included" : "-", requantizationsText(network, range)});
        if (!range.bound.empty())
            below += fmt::format("{}: at most, since {}\n", name, range.bound);
    }
    for (const UnknownAccumulator &unknown : accumulators.unknown)
        below
            += fmt::format("{}: not known: {}\n", printable(network.layer(unknown.layer).name), printable(unknown.why));
    return (rows.size() > 1 ? alignedTable(rows, 2) : "") + below;
}

} // namespace quantscope
