#include "analysis/open_network.h"

#include "formats/open_model.h"

namespace quantscope {

Result<Network> openNetwork(const std::string &path, const std::optional<std::string> &recipePath, bool listOnly, const Progress &progress)
{
    auto file = openModel(path, {}, progress);
    if (!file)
        return tl::unexpected(file.error());
    Recipe recipe;
    // A graph says its quantizers itself; a recipe beside it belongs to the checkpoint of the same name.
    const auto chosen = recipePath || (*file)->graph ? recipePath : recipeBeside(path);
    if (chosen) {
        auto loaded = loadRecipe(*chosen);
        if (!loaded)
            return tl::unexpected(loaded.error());
        recipe = std::move(*loaded);
    }
    if (listOnly)
        return listLayers(*file, recipe);
    return recoverQuantizers(*file, recipe, progress);
}

} // namespace quantscope
