#include "compare_on_data.h"

#include "base/text.h"
#include "commands.h"
#include "compare.h"
#include "dialects/brevitas/facts.h"
#include "lab/compare.h"
#include "lab/families.h"
#include "report/compare_report.h"
#include "report/effect_report.h"
#include "report/json_text.h"
#include "report/walk_report.h"
#include "run/activation_compare.h"
#include "run/activation_widths.h"
#include "terminal_progress.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace quantscope::cli {

namespace {

tl::unexpected<Error> wrongUse(const CompareArguments &arguments, std::string message)
{
    return tl::unexpected(Error{ErrorKind::Usage, arguments.file, std::nullopt, std::move(message)});
}

Error unknownLayer(const CompareArguments &arguments, const Network &network, const std::string &name)
{
    std::vector<std::string> names;
    for (const Layer &known : network.layers)
        names.push_back(known.name);
    return wrongUse(arguments, fmt::format("has no layer \"{}\"{}", name, didYouMean(name, names))).value();
}

Result<SlotId> activationNamed(const CompareArguments &arguments, const Network &network, const std::string &name)
{
    const Layer *layer = network.layer(name);
    if (layer == nullptr)
        return tl::unexpected(unknownLayer(arguments, network, name));
    const SlotQuantizer *slot = layer->slot(arguments.slot);
    if (slot == nullptr || !slot->quantizer || !slot->quantizer->isComplete())
        return wrongUse(
            arguments, fmt::format("layer \"{}\" has no known quantizer in slot \"{}\"", name, arguments.slot));
    return SlotId{layer->id, arguments.slot};
}

/// Those given, else those that the lab offers; at every width of a sweep.
Result<std::vector<CandidateText>> activationCandidates(
    const CompareArguments &arguments, const Network &network, const SlotId &slot)
{
    auto named = namedCandidates(arguments);
    if (!named)
        return named;
    std::vector<CandidateText> out = std::move(*named);
    if (arguments.with.empty())
        out = offeredActivations(*network.slot(slot), !traitsOf(network.dialect).saysItself, true);
    if (arguments.bits.empty())
        return out;
    const auto range = sweepWidths(arguments.bits);
    if (!range)
        return tl::unexpected(range.error());
    return atWidths(out, range->first, range->second);
}

Result<std::vector<ActivationComparison>> comparedActivations(
    const CompareArguments &arguments, const Network &network, const Progress &progress)
{
    std::vector<ActivationComparison> out;
    RunClient client(clientOptions(arguments.memory));
    for (const std::string &name : arguments.layers) {
        const auto slot = activationNamed(arguments, network, name);
        if (!slot)
            return tl::unexpected(slot.error());
        const auto candidates = activationCandidates(arguments, network, *slot);
        if (!candidates)
            return tl::unexpected(candidates.error());
        auto one = compareActivation(client, dataRequest(arguments), network, *slot, *candidates,
            arguments.with.empty() || !arguments.bits.empty(), progress);
        if (!one)
            return tl::unexpected(one.error());
        out.push_back(std::move(*one));
    }
    return out;
}

/// Those named, but what has activations alone where these are chosen too; else all with values.
std::vector<std::string> weightLayers(const CompareArguments &arguments, const Network &network)
{
    const auto all = comparableLayers(network, arguments.slot);
    if (arguments.allLayers)
        return all;
    std::vector<std::string> out = arguments.layers;
    if (arguments.over == walkOverName(WalkOver::Both))
        std::erase_if(out, [&](const std::string &name) {
            return network.layer(name) != nullptr && std::ranges::find(all, name) == all.end();
        });
    return out;
}

/// Every width of the families that were given, else of each layer's own.
Result<std::vector<SlotComparison>> comparedWidths(const CompareArguments &arguments, const Network &network)
{
    const auto range = sweepWidths(arguments.bits.empty() ? "2:8" : arguments.bits);
    if (!range)
        return tl::unexpected(range.error());
    const auto facts = gatherFacts(network);
    std::vector<SlotComparison> out;
    for (const std::string &name : weightLayers(arguments, network)) {
        const Layer *layer = network.layer(name);
        const SlotQuantizer *slot = layer == nullptr ? nullptr : layer->slot(arguments.slot);
        std::vector<std::string> families = arguments.with;
        if (families.empty() && slot != nullptr)
            families.emplace_back(ownFamily(*slot));
        std::vector<CandidateText> candidates;
        for (const std::string &family : families) {
            auto candidate = parseCandidate(family);
            if (!candidate)
                return tl::unexpected(candidate.error());
            candidates.push_back(std::move(*candidate));
        }
        auto one = compareCandidatesWith(network, facts, {name}, atWidths(candidates, range->first, range->second),
            {.slot = arguments.slot, .hash = false, .skipUnavailable = true});
        if (!one)
            return tl::unexpected(one.error());
        out.push_back(std::move(one->front()));
    }
    return out;
}

/// What --over says.
Result<ActivationWidths> chosenWidths(const CompareArguments &arguments, const Network &network)
{
    ActivationWidths out;
    if (arguments.over != walkOverName(WalkOver::Weights))
        for (const std::string &name : arguments.layers)
            if (network.layer(name) == nullptr)
                return tl::unexpected(unknownLayer(arguments, network, name));
    if (arguments.over != walkOverName(WalkOver::Activations)) {
        const auto compared = comparedWidths(arguments, network);
        if (!compared)
            return tl::unexpected(compared.error());
        out.points = sweepPoints(*compared);
        out.missing = layersWithoutPoints(*compared, out.points);
    }
    if (arguments.over == walkOverName(WalkOver::Weights))
        return out;
    const auto range = sweepWidths(arguments.bits.empty() ? "2:8" : arguments.bits);
    if (!range)
        return tl::unexpected(range.error());
    const auto activations = activationWidths(network, arguments.layers, range->first, range->second);
    if (!activations)
        return activations;
    out.points.insert(out.points.end(), activations->points.begin(), activations->points.end());
    out.missing.insert(out.missing.end(), activations->missing.begin(), activations->missing.end());
    return out;
}

} // namespace

RunClientOptions clientOptions(std::optional<std::uint64_t> memory)
{
    RunClientOptions out;
    out.memoryLimit = memory ? *memory * kMegabyte : out.memoryLimit;
    return out;
}

RunRequest dataRequest(const CompareArguments &arguments)
{
    RunRequest out;
    out.model = {arguments.file, arguments.recipe, arguments.part, arguments.quantInfo, {}};
    out.data = {arguments.data.value_or(""), arguments.labels, {}};
    return out;
}

int compareActivations(const CompareArguments &arguments, const Network &network)
{
    if (!arguments.data)
        return report(wrongUse(arguments, "activations are compared by what flows: give --data").value());
    if (arguments.powerOfTwo || arguments.keepSqnr || arguments.walks)
        return report(wrongUse(arguments,
            "--power-of-two and --keep-sqnr are of weights and biases, and --sweep takes activations "
            "with --over")
                          .value());
    const auto compared = comparedActivations(arguments, network, progressOnTerminal("running"));
    clearTerminalLine();
    if (!compared)
        return report(compared.error(), arguments.file);
    std::vector<SlotComparison> comparisons;
    std::vector<DataEffect> effects;
    for (const ActivationComparison &one : *compared) {
        comparisons.push_back(one.comparison);
        effects.insert(effects.end(), one.effects.begin(), one.effects.end());
    }
    if (!arguments.json) {
        print(compareText(comparisons) + effectsText(comparisons, effects));
        return 0;
    }
    auto document = compareJson(comparisons);
    addEffects(document, effects);
    print(jsonText(document));
    return 0;
}

int walkWidthsOnData(const CompareArguments &arguments, const Network &network)
{
    if (arguments.powerOfTwo || arguments.keepSqnr)
        return report(wrongUse(arguments, "--sweep goes with neither --power-of-two nor --keep-sqnr").value());
    const auto chosen = chosenWidths(arguments, network);
    if (!chosen)
        return report(chosen.error(), arguments.file);
    const std::vector<SweepPoint> &points = chosen->points;
    if (points.empty())
        return report(wrongUse(arguments, "has no width to choose from: no candidate has figures").value());
    std::fputs(("quantscope: " + walkCountText(walkCount(points)) + "\n").c_str(), stderr);
    RunClient client(clientOptions(arguments.memory));
    const auto bits = [&](const RunResult &own) { return bitsOnData(network, points, own); };
    const auto walk = measureWalk(client, dataRequest(arguments), points, progressOnTerminal("running"), {}, bits);
    clearTerminalLine();
    if (!walk)
        return report(walk.error(), arguments.file);
    std::vector<std::string> missing = chosen->missing;
    for (std::size_t i = 0; i < points.size(); ++i)
        if (walk->bits[i] == 0 && (missing.empty() || missing.back() != points[i].layer))
            missing.push_back(points[i].layer);
    if (!arguments.json) {
        print(walkText(points, *walk));
        if (!missing.empty() && arguments.over != walkOverName(WalkOver::Weights))
            print(fmt::format("\nleft out, as no other width of them is known or nothing flows there: {}\n",
                printable(fmt::format("{}", fmt::join(missing, ", ")))));
        return 0;
    }
    print(jsonText({{"schema", 1}, {"over", arguments.over}, {"walk", walkJson(points, *walk)}, {"missing", missing}}));
    return 0;
}

} // namespace quantscope::cli
