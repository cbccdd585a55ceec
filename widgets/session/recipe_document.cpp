#include "session/recipe_document.h"

#include "base/atomic_file.h"
#include "dialects/brevitas/proof_notes.h"
#include "dialects/brevitas/recipe_edits.h"
#include "dialects/brevitas/recipe_writer.h"
#include "items/text.h"
#include "network/unconfirmed.h"
#include "recipe/recipe_text.h"
#include "recipe/recipe_toml.h"
#include "session/file_text.h"

#include <QFileInfo>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace quantscope {

void RecipeDocument::read(Recipe recipe, std::string text)
{
    m_recipe = std::move(recipe);
    m_mutes = m_recipe.mutes;
    m_text = m_onDisk = std::move(text);
    m_saved.reset();
}

/// Undo brings back what was said before the file was another.
void RecipeDocument::edit(Recipe recipe)
{
    recipe.path = m_recipe.path;
    recipe.takenFrom = m_recipe.takenFrom;
    m_recipe = std::move(recipe);
}

void RecipeDocument::settle(Recipe recipe) { edit(std::move(recipe)); }

bool RecipeDocument::edited() const
{
    if (m_saved)
        return recipeText(m_recipe) != *m_saved;
    if (m_recipe.mutes != m_mutes)
        return true;
    const auto isEdit = [](const auto &entry) { return entry.edited; };
    if (m_recipe.takenFrom.empty())
        return hasEdits(m_recipe);
    // Opening takes it from the exports again.
    return std::ranges::any_of(m_recipe.quantizers, isEdit) || std::ranges::any_of(m_recipe.layers, isEdit);
}

bool RecipeDocument::overwritten(const QString &path) const
{
    return !path.isEmpty() && QFileInfo::exists(path) && fileText(str(path), m_onDisk.size() + 1) != m_onDisk;
}

QString RecipeDocument::save(const QString &path, const QString &own, const Network &network)
{
    Result<std::string> text = m_text.empty() ? recipeToml(network) : editedToml(m_text, m_recipe);
    if (!text && QFileInfo(path) != QFileInfo(own))
        text = recipeToml(network); // without the file's comments, but a new file takes nothing away
    if (!text)
        return qs(text.error().text());
    auto file = AtomicFile::create(str(path));
    if (!file)
        return qs(file.error().text());
    file->write(*text);
    const auto committed = file->commit();
    if (!committed)
        return qs(committed.error().text());
    m_recipe.path = str(path);
    m_recipe.takenFrom.clear();
    m_saved = recipeText(m_recipe);
    m_onDisk = std::move(*text); // the watcher is about to ask
    return {};
}

bool recipeAssumed(const Network &network)
{
    return std::ranges::any_of(network.layers, [&](const Layer &layer) {
        return std::ranges::any_of(
            layer.slots, [&](const SlotQuantizer &slot) { return isUnconfirmed(network, slot); });
    });
}

QString recipeStateText(const Network &network, bool edited, bool chosen)
{
    if (edited)
        return u"edited, not saved"_s;
    if (traitsOf(network.dialect).saysItself)
        return u"in the file"_s;
    const ProofState proofs = proofState(network);
    if (proofs == ProofState::Differs)
        return u"■ proof differs"_s;
    if (!network.confirmedBy.empty() || proofs == ProofState::Confirmed)
        return u"✓ confirmed"_s;
    const bool assumed = recipeAssumed(network);
    if (proofs == ProofState::Partly && !assumed)
        return u"confirmed in part"_s;
    if (!network.recipe.takenFrom.empty())
        return assumed ? u"partly assumed"_s : u"from the export"_s;
    if (network.recipe.path.empty())
        return assumed ? u"none, assumed"_s : u"none"_s;
    return assumed ? u"partly assumed"_s : chosen ? u"chosen file"_s : u"beside it"_s;
}

QString recentStateText(const Network &network, bool edited, bool chosen)
{
    if (traitsOf(network.dialect).saysItself)
        return u"quantizers read from the file"_s;
    if (recipeAssumed(network))
        return network.recipe.path.empty() && network.recipe.takenFrom.empty() ? u"no recipe: preset assumed"_s
                                                                               : u"recipe leaves presets assumed"_s;
    return u"recipe "_s + recipeStateText(network, edited, chosen);
}

Recipe withBatchNorms(Recipe recipe, const Network &network, const QStringList &layers, bool merged)
{
    for (const QString &name : layers)
        if (const Layer *layer = network.layer(str(name)); layer && !layer->batchNorm.empty())
            recipe = withBatchNorm(recipe, layer->name, merged ? layer->batchNorm : std::string());
    return recipe;
}

RecentFile recentFile(const QString &path, const Network &network, bool edited, bool chosen)
{
    const QFileInfo info(path);
    return {.path = path,
        .format = qs(traitsOf(network.dialect).name),
        .state = recentStateText(network, edited, chosen),
        .warning = recipeAssumed(network),
        .bytes = info.size(),
        .modified = info.lastModified(),
        .opened = QDateTime::currentDateTime()};
}

} // namespace quantscope
