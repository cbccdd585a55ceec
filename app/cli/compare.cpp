#include "commands.h"

#include "analysis/open_network.h"
#include "report/compare_report.h"

#include <charconv>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace quantscope::cli {

namespace {

struct CompareArguments {
    std::string file, slot = "weight", bits;
    std::vector<std::string> layers, with;
    std::optional<std::string> recipe;
    std::optional<double> keepSqnr;
    bool json = false, csv = false;
};

/// Those given, else those that the lab offers for this layer; at every width of a sweep.
Result<std::vector<CandidateText>> candidates(
    const CompareArguments &arguments, const Network &network, const std::string &name)
{
    std::vector<CandidateText> out;
    for (const std::string &text : arguments.with) {
        auto candidate = parseCandidate(text);
        if (!candidate)
            return tl::unexpected(candidate.error());
        out.push_back(std::move(*candidate));
    }
    const Layer *layer = arguments.with.empty() ? network.layer(name) : nullptr;
    const SlotQuantizer *slot = layer == nullptr ? nullptr : layer->slot(arguments.slot);
    if (slot != nullptr)
        out = offeredCandidates(*slot);
    if (arguments.bits.empty())
        return out;
    int low = 0, high = 0;
    const std::string &text = arguments.bits;
    const auto first = std::from_chars(text.data(), text.data() + text.size(), low);
    const bool colon = first.ec == std::errc() && first.ptr != text.data() + text.size() && *first.ptr == ':';
    const auto second = colon ? std::from_chars(first.ptr + 1, text.data() + text.size(), high) : first;
    if (!colon || second.ec != std::errc() || second.ptr != text.data() + text.size() || low < 1 || high < low
        || high > 32)
        return tl::unexpected(Error{
            ErrorKind::Usage, "", std::nullopt, fmt::format("--bits {} is not of the form 2:8, from 1 to 32", text)});
    return atWidths(out, low, high);
}

int compare(CompareArguments arguments)
{
    const auto network = openNetwork(arguments.file, arguments.recipe);
    if (!network)
        return report(network.error());
    const bool sweep = !arguments.bits.empty();
    const CompareOptions options{
        .slot = arguments.slot, .hash = arguments.json && !sweep, .skipUnavailable = arguments.with.empty()};
    std::vector<SlotComparison> compared;
    for (const std::string &layer : arguments.layers) {
        const auto list = candidates(arguments, *network, layer);
        if (!list)
            return report(list.error());
        auto one = compareCandidates(*network, {layer}, *list, options);
        if (!one)
            return report(one.error());
        compared.push_back(std::move(one->front()));
    }
    const std::vector<SweepPoint> points = sweep ? sweepPoints(compared) : std::vector<SweepPoint>{};
    if (arguments.json) {
        auto document = compareJson(compared);
        if (sweep)
            document["sweep"] = sweepJson(points, arguments.keepSqnr);
        print(document.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
    } else if (arguments.csv) {
        print(compareCsv(compared));
    } else {
        print(compareText(compared) + (sweep && !points.empty() ? sweepText(points, arguments.keepSqnr) : ""));
    }
    return 0;
}

} // namespace

void addCompare(CLI::App &app, int &status)
{
    auto arguments = std::make_shared<CompareArguments>();
    CLI::App *word = app.add_subcommand("compare", "Quantizer choices side by side, and a sweep over bit widths");
    word->add_option("file", arguments->file, "The model")->required();
    word->add_option("layers", arguments->layers, "The layers' paths")->required();
    word->add_option("--with", arguments->with,
        "A candidate: a preset with keywords (NAME,bit_width=4), ap_fixed<W,I>, torch_per_tensor_affine, "
        "torch_per_channel_affine, binary, ternary; may repeat (default: all that follow from the weights)");
    word->add_option("--bits", arguments->bits, "Sweep: every candidate at widths such as 2:8");
    word->add_option("--keep-sqnr", arguments->keepSqnr,
        "With --bits: the fewest bits per layer that keep this SQNR in dB, as recipe and as Python");
    word->add_option("--slot", arguments->slot, "weight or bias")->capture_default_str();
    word->add_option("--recipe", arguments->recipe, "The recipe of a checkpoint");
    auto *json = word->add_flag("--json", arguments->json, "JSON, schema 1");
    auto *csv = word->add_flag("--csv", arguments->csv, "Comma separated");
    json->excludes(csv);
    word->callback([arguments, &status] { status = compare(*arguments); });
}

} // namespace quantscope::cli
