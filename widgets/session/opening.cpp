#include "session/opening.h"

#include "dialects/brevitas/recipe_confirmation.h"
#include "session/file_text.h"

namespace quantscope {

Result<std::shared_ptr<const ListedModel>> openAndList(
    const std::string &path, const std::string &part, const RecipeSource &source, const Progress &progress)
{
    auto opened = OpenedModel::open(path, source, progress);
    // A part that was chosen once and is gone must not keep the model from opening.
    if (opened && !part.empty())
        if (auto chosen = opened->showing(part))
            opened = std::move(chosen);
    if (!opened)
        return tl::unexpected(opened.error());
    const std::string &recipePath = opened->recipe().path;
    return std::make_shared<const ListedModel>(ListedModel{*opened,
        recipePath.empty() ? std::string() : fileText(recipePath), std::make_shared<const Network>(opened->listed())});
}

Result<std::shared_ptr<const RecoveredModel>> recoverOpened(const OpenedModel &opened, const Progress &progress)
{
    const auto model = opened.withExports(progress);
    if (!model)
        return tl::unexpected(model.error());
    auto network = model->network(progress);
    if (!network)
        return tl::unexpected(network.error());
    return std::make_shared<const RecoveredModel>(
        RecoveredModel{*model, std::make_shared<const Network>(std::move(*network))});
}

Result<std::shared_ptr<const RecoveredModel>> recoverEdited(
    const OpenedModel &opened, const Recipe &recipe, const Network &previous, const Progress &progress)
{
    auto network = opened.network(recipe, progress, &previous);
    if (!network)
        return tl::unexpected(network.error());
    const Recipe current = withoutOutdatedProofs(recipe, previous, *network);
    if (current.proofs.size() != recipe.proofs.size())
        network = opened.network(current, progress, &previous);
    if (!network)
        return tl::unexpected(network.error());
    return std::make_shared<const RecoveredModel>(
        RecoveredModel{opened, std::make_shared<const Network>(std::move(*network))});
}

} // namespace quantscope
