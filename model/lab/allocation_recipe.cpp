#include "lab/allocation_recipe.h"

#include "base/byte_source.h"
#include "base/file_name.h"
#include "base/sha256.h"
#include "base/text.h"
#include "dialects/brevitas/recipe_edits.h"
#include "dialects/brevitas/recipe_words.h"
#include "dialects/brevitas/version.h"
#include "recipe/recipe_text.h"
#include "recipe/recipe_toml.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// The bytes that a recipe was read from, while they are still there.
std::optional<std::string> fileText(const Recipe &recipe)
{
    const auto source = recipe.path.empty() ? tl::unexpected(Error{}) : FileSource::open(recipe.path);
    if (!source)
        return std::nullopt;
    try {
        const auto bytes = (*source)->bytes(0, (*source)->size());
        if (sha256(bytes) != recipe.sha256)
            return std::nullopt;
        return std::string(reinterpret_cast<const char *>(bytes.data()), bytes.size());
    } catch (const ParseError &) {
        return std::nullopt;
    }
}

/// The whole recipe without a file to edit.
Result<std::string> wholeText(Recipe recipe)
{
    if (recipe.words == nullptr) // there was none
        recipe.words = &brevitasWords();
    recipe.brevitas = recipe.brevitas.value_or(versionText(kDefaultVersion));
    if (recipe.words == nullptr) // of a model that was opened without one
        recipe.words = &brevitasWords();
    return editedToml(fmt::format("brevitas = {}\n", tomlString(*recipe.brevitas)), recipe);
}

/// Why a recipe cannot choose for these slots as they were compared; empty when it can.
std::string problemOf(const Network &network, const std::vector<SweepPoint> &points, const Allocation &allocation)
{
    const auto chosen = [&](const std::string &quantizer) {
        return std::any_of(allocation.points.begin(), allocation.points.end(),
            [&](std::size_t i) { return fmt::format("{}:{}", points[i].layer, points[i].slot) == quantizer; });
    };
    for (const std::size_t i : allocation.points) {
        const std::string &name = points[i].layer;
        if (!isUtf8(name))
            return fmt::format("no recipe can speak of layer {}: its name is not UTF-8, as TOML is", printable(name));
        const Layer *layer = network.layer(name);
        const SlotQuantizer *slot = layer == nullptr ? nullptr : layer->slot(points[i].slot);
        if (slot != nullptr && !slot->sharedWith.empty() && chosen(slot->sharedWith))
            return fmt::format("{} shares the {} quantizer of {}: choose for one of them", printable(name),
                points[i].slot, printable(slot->sharedWith));
    }
    return {};
}

/// What the reader of the recipe should know; empty when it is in force as it stands.
std::string remark(const Network &network, const std::vector<SweepPoint> &points, const Allocation &allocation)
{
    const std::string file = printable(fileName(network.file->path));
    const bool quantized = std::any_of(allocation.points.begin(), allocation.points.end(), [&](std::size_t i) {
        const Layer *layer = network.layer(points[i].layer);
        const SlotQuantizer *slot = layer == nullptr ? nullptr : layer->slot(points[i].slot);
        return slot != nullptr && slot->tensor && (slot->tensor->affine || slot->holdsCodes());
    });
    const std::string out = caveatComments(points, allocation.points);
    return traitsOf(network.dialect).saysItself || quantized ? out
            + fmt::format(
                "# {} says its quantizers itself: this recipe is for the state_dict of the same network.\n", file)
                                                             : out;
}

} // namespace

Result<std::string> allocationRecipe(
    const Network &network, const std::vector<SweepPoint> &points, const Allocation &allocation)
{
    if (std::string problem = problemOf(network, points, allocation); !problem.empty())
        return tl::unexpected(Error{ErrorKind::Usage, network.file->path, std::nullopt, std::move(problem)});
    std::vector<SlotChoice> choices;
    for (const std::size_t i : allocation.points)
        if (const SlotSettings &settings = points[i].settings; !settings.preset.empty())
            choices.push_back({points[i].layer, points[i].slot, settings.preset, settings.overrides});
    const Recipe recipe = withChoices(network.recipe, choices);
    const auto base = fileText(network.recipe);
    auto text = base ? editedToml(*base, recipe) : wholeText(recipe);
    if (!text && base)
        text = wholeText(recipe);
    if (!text)
        return text;
    return remark(network, points, allocation) + *text;
}

} // namespace quantscope
