#pragma once

#include "open/open_network.h"

#include <QString>
#include <QStringList>

namespace quantscope {

/// Which recipe is in force: the file beside the model, one that was chosen, or none.
enum class RecipeChoice { Beside, Chosen, None };

/// A model's file with what was chosen for it.
struct ModelSource {
    QString path; ///< absolute
    RecipeChoice choice = RecipeChoice::Beside;
    QString chosenRecipe; ///< absolute; empty unless `choice` is Chosen
    QString part; ///< empty: the one that the file's reader takes

    /// With the given recipe, else what was chosen for this model before, else the one beside it.
    static ModelSource of(const QString &path, const QString &recipe);
    ModelSource withRecipe(RecipeChoice recipeChoice, const QString &recipe) const;
    RecipeSource recipeSource() const;
    /// For the next time that the model is opened.
    void rememberChoice() const;
    /// The recipe beside the model, where there is one.
    QString besidePath() const;
    /// The recipe's file that is read; empty for none.
    QString recipeFile() const;
};

/// The sets of weights of a checkpoint that holds several, as they are shown; empty where there is no choice.
QStringList partsOf(const ModelFile &file);
/// Position in partsOf() of the one that is shown; -1: all of the file.
int shownPartOf(const ModelFile &file);

} // namespace quantscope
