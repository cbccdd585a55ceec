#include "diff.h"

#include "commands.h"
#include "diff/diff.h"
#include "open/open_network.h"
#include "report/diff_report.h"
#include "report/json_text.h"

#include <nlohmann/json.hpp>

namespace quantscope::cli {

namespace {

/// A recipe that is given for both is none of a file that says its quantizers itself.
Result<Network> openedSide(const std::string &path, const std::optional<std::string> &own,
    const std::optional<std::string> &both, const std::optional<std::string> &part)
{
    if (own || !both)
        return openNetwork(path, own, false, {}, part);
    auto network = openNetwork(path, {}, true, {}, part);
    if (!network)
        return network;
    return openNetwork(path, traitsOf(network->dialect).takesRecipe ? both : std::nullopt, false, {}, part);
}

Result<std::vector<Rename>> renamesOf(const std::vector<std::string> &texts)
{
    std::vector<Rename> out;
    for (const std::string &text : texts) {
        auto rename = parseRename(text);
        if (!rename)
            return tl::unexpected(rename.error());
        out.push_back(*std::move(rename));
    }
    return out;
}

} // namespace

int run(const DiffArguments &arguments)
{
    const auto renames = renamesOf(arguments.renames);
    if (!renames)
        return report(renames.error());
    const auto a = openedSide(arguments.fileA, {}, arguments.recipe, arguments.part);
    if (!a)
        return report(a.error(), arguments.fileA);
    const auto b = openedSide(
        arguments.fileB, arguments.recipeB, arguments.recipe, arguments.partB ? arguments.partB : arguments.part);
    if (!b)
        return report(b.error(), arguments.fileB);
    warnAboutRecipe(*a);
    warnAboutRecipe(*b);
    const auto diff = diffOf(*a, *b, *renames);
    if (!diff)
        return report(diff.error(), arguments.fileA);
    print(arguments.json ? jsonText(diffJson(*a, *b, *diff)) : diffText(*a, *b, *diff));
    return diff->same() ? 0 : 1;
}

} // namespace quantscope::cli
