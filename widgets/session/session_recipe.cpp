#include "session/session.h"

#include "base/atomic_file.h"
#include "dialects/brevitas/recipe_edits.h"
#include "dialects/brevitas/recipe_writer.h"
#include "items/text.h"
#include "session/file_text.h"
#include "session/settings.h"

#include <QFileInfo>
#include <QUndoCommand>

#include <algorithm>

using namespace Qt::StringLiterals;

// The part of Session that decides which recipe is in force, edits it and saves it.

namespace quantscope {

/// An edit keeps the whole recipe before and after: they are small, and undo cannot go wrong.
class RecipeCommand : public QUndoCommand {
public:
    RecipeCommand(Session &session, Recipe before, Recipe after, const QString &text)
        : QUndoCommand(text)
        , m_session(session)
        , m_before(std::move(before))
        , m_after(std::move(after))
    {
    }
    void undo() override
    {
        setObsolete(m_session.m_takingBack);
        m_session.applyRecipe(m_before);
    }
    void redo() override { m_session.applyRecipe(m_after); }

private:
    Session &m_session;
    Recipe m_before, m_after;
};

void Session::open(const QString &path, const QString &recipe)
{
    if (!mayDiscard())
        return;
    m_path = QFileInfo(path).absoluteFilePath();
    const QString remembered = recipe.isEmpty() ? Settings::recipeChoice(m_path) : recipe;
    m_chosenRecipe = remembered == u"none" ? QString() : remembered;
    m_recipeChoice = remembered == u"none" ? RecipeChoice::None
        : m_chosenRecipe.isEmpty()         ? RecipeChoice::Beside
                                           : RecipeChoice::Chosen;
    // A recipe that was chosen once and is gone must not keep the model from opening.
    if (recipe.isEmpty() && m_recipeChoice == RecipeChoice::Chosen && !QFileInfo::exists(m_chosenRecipe)) {
        m_recipeChoice = RecipeChoice::Beside;
        m_chosenRecipe.clear();
    }
    start(m_chosenRecipe, false);
}

void Session::useRecipe(RecipeChoice choice, const QString &path)
{
    const bool same = choice == m_recipeChoice
        && (choice != RecipeChoice::Chosen || QFileInfo(path).absoluteFilePath() == m_chosenRecipe);
    if (m_path.isEmpty() || (same && recipeEdited()) || !mayDiscard())
        return;
    m_recipeChoice = choice;
    m_chosenRecipe = choice == RecipeChoice::Chosen ? QFileInfo(path).absoluteFilePath() : QString();
    Settings::setRecipeChoice(m_path,
        choice == RecipeChoice::None         ? u"none"_s
            : choice == RecipeChoice::Chosen ? m_chosenRecipe
                                             : u"beside"_s);
    start(m_chosenRecipe, true);
}

QString Session::recipePath() const { return m_network ? qs(m_network->recipe.path) : QString(); }

QString Session::besidePath() const
{
    const auto beside = m_path.isEmpty() ? std::nullopt : recipeBeside(str(m_path));
    return beside ? qs(*beside) : QString();
}

bool Session::presetsApply() const { return m_state == State::Ready && traitsOf(m_network->dialect).editable; }

bool Session::recipeEdited() const { return m_network && !m_saved && hasEdits(m_recipe); }

void Session::applyChoices(const std::vector<SlotChoice> &choices, const QString &undoText)
{
    if (!presetsApply() || choices.empty())
        return;
    Recipe after = m_recipe;
    for (const SlotChoice &choice : choices)
        after = withChoice(after, choice);
    m_undo.push(new RecipeCommand(*this, m_recipe, std::move(after), undoText));
}

void Session::setBatchNormsMerged(const QStringList &layers, bool merged)
{
    if (!presetsApply())
        return;
    Recipe after = m_recipe;
    for (const QString &name : layers)
        if (const Layer *layer = m_network->layer(str(name)); layer && !layer->batchNorm.empty())
            after = withBatchNorm(after, layer->name, merged ? layer->batchNorm : std::string());
    const QString what = layers.size() == 1 ? layers.front() : u"%1 layers"_s.arg(layers.size());
    m_undo.push(new RecipeCommand(*this, m_recipe, std::move(after),
        (merged ? u"merge the batch norm of %1"_s : u"stored weights of %1"_s).arg(what)));
}

void Session::applyRecipe(const Recipe &recipe)
{
    m_recipe = recipe;
    m_saved = false;
    recoverEdited(recipe);
}

/// An edit that cannot be computed is no edit: it leaves the history, and the recipe is as before it.
void Session::takeBack()
{
    if (m_state != State::Ready || !m_undo.canUndo())
        return;
    m_takingBack = true;
    m_undo.undo();
    m_takingBack = false;
}

bool Session::recipeOverwritten() const
{
    const QString path = recipePath();
    return !path.isEmpty() && QFileInfo::exists(path) && fileText(str(path), m_recipeText.size() + 1) != m_recipeText;
}

QString Session::saveRecipe(const QString &path)
{
    if (m_recovering.running())
        return u"the last change is still being computed; save again in a moment"_s;
    Result<std::string> text = m_recipeText.empty() ? recipeToml(*m_network) : editedToml(m_recipeText, m_recipe);
    if (!text && QFileInfo(path) != QFileInfo(recipePath()))
        text = recipeToml(*m_network); // without the file's comments, but a new file takes nothing away
    if (!text)
        return qs(text.error().text());
    auto file = AtomicFile::create(str(path));
    if (!file)
        return qs(file.error().text());
    file->write(*text);
    const auto committed = file->commit();
    if (!committed)
        return qs(committed.error().text());
    m_saved = true;
    if (QFileInfo(path) == QFileInfo(recipePath()))
        m_recipeText = *text; // what the file holds now: the watcher is about to ask
    return {};
}

bool Session::recipeAssumed() const
{
    return m_network && std::any_of(m_network->layers.begin(), m_network->layers.end(), [](const Layer &layer) {
        return std::any_of(
            layer.slots.begin(), layer.slots.end(), [](const SlotQuantizer &slot) { return slot.assumed; });
    });
}

QString Session::recipeStateText() const
{
    if (!m_network)
        return {};
    if (traitsOf(m_network->dialect).saysItself)
        return u"in the file"_s;
    if (recipeEdited())
        return u"edited"_s;
    if (!m_network->confirmedBy.empty())
        return u"✓ confirmed"_s;
    if (m_network->recipe.path.empty())
        return recipeAssumed() ? u"none, assumed"_s : u"none"_s;
    return recipeAssumed()                       ? u"partly assumed"_s
        : m_recipeChoice == RecipeChoice::Chosen ? u"chosen file"_s
                                                 : u"beside it"_s;
}

void Session::remember()
{
    const QFileInfo info(m_path);
    const bool saysItself = traitsOf(m_network->dialect).saysItself;
    const QString state = saysItself ? u"quantizers read from the file"_s
        : recipeAssumed()
        ? (m_network->recipe.path.empty() ? u"no recipe: preset assumed"_s : u"recipe leaves presets assumed"_s)
        : u"recipe "_s + recipeStateText();
    Settings::addRecent({.path = m_path,
        .format = qs(traitsOf(m_network->dialect).name),
        .state = state,
        .warning = recipeAssumed(),
        .bytes = info.size(),
        .modified = info.lastModified(),
        .opened = QDateTime::currentDateTime()});
}

} // namespace quantscope
