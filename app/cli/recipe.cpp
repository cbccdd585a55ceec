#include "commands.h"

#include "dialects/brevitas/recipe_writer.h"
#include "open/open_network.h"

#include <CLI/CLI.hpp>

namespace quantscope::cli {

namespace {

struct RecipeArguments {
    std::string file;
    std::optional<std::string> recipe;
};

int recipe(const RecipeArguments &arguments)
{
    const auto network = openNetwork(arguments.file, arguments.recipe);
    if (!network)
        return report(network.error(), arguments.file);
    warnAboutRecipe(*network);
    print(recipeToml(*network));
    return 0;
}

} // namespace

void addRecipe(CLI::App &app, int &status)
{
    auto arguments = std::make_shared<RecipeArguments>();
    CLI::App *word = app.add_subcommand("recipe", "The recipe in force, as TOML: read, given or assumed");
    word->add_option("file", arguments->file, "The model")->required();
    word->add_option("--recipe", arguments->recipe, "The recipe of a checkpoint");
    word->callback([arguments, &status] { status = recipe(*arguments); });
}

} // namespace quantscope::cli
