#include "commands.h"

#include "open/open_network.h"
#include "report/inspect.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace quantscope::cli {

namespace {

struct InspectArguments {
    std::string file;
    std::optional<std::string> recipe;
    bool json = false, csv = false;
    InspectOptions options;
};

int inspect(const InspectArguments &arguments)
{
    auto network = openNetwork(arguments.file, arguments.recipe, arguments.options.list);
    if (!network)
        return report(network.error(), arguments.file);
    StatisticsMap statistics;
    if (!arguments.options.list) {
        auto analysed = analyseNetwork(*network, arguments.options);
        if (!analysed)
            return report(analysed.error(), arguments.file);
        statistics = std::move(*analysed);
    }
    if (arguments.json)
        // Names are bytes of the file: what is not UTF-8 becomes the replacement character.
        print(inspectJson(*network, statistics, arguments.options)
                  .dump(1, ' ', false, nlohmann::json::error_handler_t::replace)
            + "\n");
    else if (arguments.csv) {
        warnAboutRecipe(*network);
        print(inspectCsv(*network, statistics));
    } else
        print(inspectText(*network, statistics, arguments.options));
    return 0;
}

} // namespace

void addInspect(CLI::App &app, int &status)
{
    auto arguments = std::make_shared<InspectArguments>();
    CLI::App *word = app.add_subcommand("inspect", "Layers, quantizers, where each number comes from, and problems");
    word->add_option("file", arguments->file, "The model")->required();
    word->add_option(
        "--recipe", arguments->recipe, "The recipe of a checkpoint (default: MODEL.recipe.toml beside it)");
    auto *json = word->add_flag("--json", arguments->json, "JSON, schema 1; floats in hexadecimal");
    auto *csv = word->add_flag("--csv", arguments->csv, "The layer table, comma separated");
    json->excludes(csv);
    word->add_flag("--hash", arguments->options.hash, "Adds SHA-256 hashes of codes, values and tensors");
    word->add_flag("--list", arguments->options.list, "Names, shapes and types only: reads no tensor's data");
    word->add_flag("--tensors", arguments->options.tensors, "Adds every tensor of the file");
    word->callback([arguments, &status] { status = inspect(*arguments); });
}

} // namespace quantscope::cli
