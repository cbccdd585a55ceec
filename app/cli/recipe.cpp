#include "recipe.h"

#include "commands.h"
#include "dialects/brevitas/printer.h"
#include "dialects/brevitas/recipe_writer.h"
#include "open/open_network.h"

namespace quantscope::cli {

int run(const RecipeArguments &arguments)
{
    if (arguments.printer) {
        print(std::string(recipePrinter()));
        return 0;
    }
    const auto network = openNetwork(arguments.file, arguments.recipe, false, {}, arguments.part, arguments.quantInfo);
    if (!network)
        return report(network.error(), arguments.file);
    warnAboutRecipe(*network);
    print(recipeToml(*network));
    return 0;
}

} // namespace quantscope::cli
