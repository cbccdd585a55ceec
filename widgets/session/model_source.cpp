#include "session/model_source.h"

#include "items/text.h"
#include "recipe/recipe.h"
#include "session/settings.h"

#include <QFileInfo>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace quantscope {

static const QString kNoRecipe = u"none"_s;

ModelSource ModelSource::of(const QString &path, const QString &recipe)
{
    ModelSource source;
    source.path = QFileInfo(path).absoluteFilePath();
    source.part = Settings::partChoice(source.path);
    const QString wanted = recipe.isEmpty() ? Settings::recipeChoice(source.path) : recipe;
    if (wanted == kNoRecipe)
        source.choice = RecipeChoice::None;
    // A recipe that was chosen once and is gone must not keep the model from opening.
    else if (!wanted.isEmpty() && (!recipe.isEmpty() || QFileInfo::exists(wanted)))
        source = source.withRecipe(RecipeChoice::Chosen, wanted);
    return source;
}

ModelSource ModelSource::withRecipe(RecipeChoice recipeChoice, const QString &recipe) const
{
    ModelSource source = *this;
    source.choice = recipeChoice;
    source.chosenRecipe = recipeChoice == RecipeChoice::Chosen ? QFileInfo(recipe).absoluteFilePath() : QString();
    return source;
}

RecipeSource ModelSource::recipeSource() const
{
    return {chosenRecipe.isEmpty() ? std::nullopt : std::optional(str(chosenRecipe)), choice != RecipeChoice::None};
}

void ModelSource::rememberChoice() const
{
    Settings::setRecipeChoice(path,
        choice == RecipeChoice::None         ? kNoRecipe
            : choice == RecipeChoice::Chosen ? chosenRecipe
                                             : u"beside"_s);
}

QString ModelSource::besidePath() const
{
    const auto beside = path.isEmpty() ? std::nullopt : recipeBeside(str(path));
    return beside ? qs(*beside) : QString();
}

QString ModelSource::recipeFile() const
{
    return choice == RecipeChoice::Chosen ? chosenRecipe : choice == RecipeChoice::Beside ? besidePath() : QString();
}

QStringList partsOf(const ModelFile &file)
{
    QStringList out;
    for (const std::string &name : file.weightParts())
        out << shownText(name);
    return out.size() > 1 ? out : QStringList();
}

int shownPartOf(const ModelFile &file)
{
    const ModelPart *part = file.shown();
    const auto names = file.weightParts();
    const auto found = part ? std::ranges::find(names, part->name) : names.end();
    return found == names.end() ? -1 : static_cast<int>(found - names.begin());
}

} // namespace quantscope
