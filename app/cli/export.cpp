#include "commands.h"

#include "base/text.h"
#include "export/export.h"
#include "open/open_network.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace quantscope::cli {

namespace {

struct ExportArguments {
    std::string file;
    std::optional<std::string> recipe;
    ExportRequest request;
};

std::string describe(const ExportReport &done, const std::string &folder)
{
    std::string out;
    for (const ExportedFile &file : done.files) {
        out += fmt::format("{}/{}  {} bytes", folder, file.name, grouped(file.bytes));
        if (!file.proof.empty())
            out += fmt::format("  verified, {} of {}: {}", grouped(file.verified), grouped(file.elements), file.proof);
        out += "\n";
    }
    for (const std::string &note : done.notes)
        out += "note: " + printable(note) + "\n";
    return out;
}

int exportModel(const ExportArguments &arguments)
{
    const auto network = openNetwork(arguments.file, arguments.recipe);
    if (!network)
        return report(network.error(), arguments.file);
    warnAboutRecipe(*network);
    const auto done = exportLayers(*network, arguments.request);
    if (!done)
        return report(done.error(), arguments.file);
    print(describe(*done, arguments.request.folder));
    return 0;
}

} // namespace

void addExport(CLI::App &app, int &status)
{
    auto arguments = std::make_shared<ExportArguments>();
    CLI::App *word = app.add_subcommand("export", "Headers of a model's integers for HLS and C, with a manifest");
    word->add_option("file", arguments->file, "The model")->required();
    word->add_option("--recipe", arguments->recipe, "The recipe of a checkpoint");
    word->add_option(
            "--layer", arguments->request.layers, "A layer's path; may repeat (default: every quantized layer)")
        ->allow_extra_args(true);
    word->add_option("--format", arguments->request.formats,
            fmt::format("What to write: {}", fmt::join(exportFormatNames(), ", ")))
        ->required()
        ->allow_extra_args(true);
    word->add_option("--out", arguments->request.folder, "The folder; it is made when it is missing")->required();
    word->add_option("--layout", arguments->request.layout,
            fmt::format("Order of the elements: {}", fmt::join(layoutNames(), ", ")))
        ->capture_default_str();
    word->add_flag("--verify", arguments->request.verify,
        "Compiles what was written and compares every element with the model before anything is kept");
    word->callback([arguments, &status] { status = exportModel(*arguments); });
}

} // namespace quantscope::cli
