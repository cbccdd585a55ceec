#include "commands.h"

#include "base/text.h"
#include "export/export.h"
#include "export/writers/writer.h"
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
    CLI::App *word = app.add_subcommand(
        "export", "A model's integers as headers for HLS and C and as memory files, with a manifest");
    word->add_option("file", arguments->file, "The model")->required();
    word->add_option("--recipe", arguments->recipe, "The recipe of a checkpoint");
    word->add_option(
            "--layer", arguments->request.layers, "A layer's path; may repeat (default: every quantized layer)")
        ->allow_extra_args(true);
    word->add_option("--format", arguments->request.formats,
            fmt::format("What to write: {}; may repeat", fmt::join(exportFormatNames(), ", ")))
        ->required()
        ->allow_extra_args(true);
    word->add_option("--out", arguments->request.folder, "The folder; it is made when it is missing")->required();
    word->add_option("--layout", arguments->request.layout,
            fmt::format("Order of the elements: {}", fmt::join(layoutNames(), ", ")))
        ->capture_default_str();
    Packing &packing = arguments->request.packing;
    word->add_option("--pack", packing.elements, "Elements in a word of a memory file")->capture_default_str();
    word->add_option("--word-order", packing.firstElement, "Where the first element of such a word stands: lsb or msb")
        ->capture_default_str();
    word->add_flag("--verify", arguments->request.verify,
        "Compiles headers, reads memory files back, and compares every element with the model before anything is kept");
    word->callback([arguments, &status] { status = exportModel(*arguments); });
}

} // namespace quantscope::cli
