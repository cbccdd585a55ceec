#include "export.h"

#include "base/text.h"
#include "commands.h"
#include "export/export.h"
#include "open/open_network.h"

#include <fmt/format.h>

namespace quantscope::cli {

namespace {

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
    if (done.recipeEdited)
        out += fmt::format("note: the recipe is edited, not saved: only {}/recipe.toml holds it\n", folder);
    if (!done.assumed.empty())
        out += fmt::format(
            "warning: {}: nobody has confirmed them; a recipe, an export or a proof does\n", done.assumed);
    return out;
}

} // namespace

int run(const ExportArguments &arguments)
{
    const auto network = openNetwork(arguments.file, arguments.recipe, false, {}, arguments.part, arguments.quantInfo);
    if (!network)
        return report(network.error(), arguments.file);
    warnAboutRecipe(*network);
    const auto done = exportLayers(*network, arguments.request);
    if (!done)
        return report(done.error(), arguments.file);
    print(describe(*done, arguments.request.folder));
    return done->refused.empty() ? 0 : 1;
}

} // namespace quantscope::cli
