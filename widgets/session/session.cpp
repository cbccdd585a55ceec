#include "session/session.h"

#include "dialects/brevitas/recipe_confirmation.h"
#include "dialects/brevitas/recipe_edits.h"
#include "dialects/brevitas/recipe_words.h"
#include "graph/tensor_files.h"
#include "items/text.h"
#include "open/open_network.h"
#include "recipe/recipe.h"
#include "recipe/recipe_reader.h"
#include "recipe/recipe_toml.h"
#include "session/opening.h"
#include "session/recipe_command.h"
#include "session/settings.h"

#include <QFileInfo>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace quantscope {

Session::Session(QObject *parent)
    : QObject(parent)
{
    connect(&m_watched, &WatchedFiles::changed, this, &Session::onFileChanged);
    connect(&m_statistics, &StatisticsStore::progress, this, [this](int done, int total) {
        Q_EMIT progressChanged(u"statistics %1 of %2"_s.arg(done).arg(total),
            m_statistics.idle() || total == 0 ? 1000 : done * 1000 / total);
    });
    connect(&m_statistics, &StatisticsStore::diagnosticsChanged, this, &Session::diagnosticsChanged);
}

Session::~Session() = default;

void Session::open(const QString &path, const QString &recipe)
{
    if (mayDiscard())
        start(ModelSource::of(path, recipe), false);
}

void Session::usePart(int part)
{
    const auto names = m_network ? m_network->file->weightParts() : std::vector<std::string>();
    if (part < 0 || part >= static_cast<int>(names.size()) || part == shownPart() || !mayDiscard())
        return;
    ModelSource source = m_source;
    source.part = qs(names[static_cast<std::size_t>(part)]);
    Settings::setPartChoice(source.path, source.part);
    start(std::move(source), true);
}

void Session::useRecipe(RecipeChoice choice, const QString &path)
{
    const ModelSource source = shownSource().withRecipe(choice, path);
    const bool same
        = choice == source.choice && choice == m_source.choice && source.chosenRecipe == m_source.chosenRecipe;
    if (source.path.isEmpty() || (same && recipeEdited()) || !mayDiscard())
        return;
    source.rememberChoice();
    start(source, true);
}

QString Session::recipePath() const { return m_network ? qs(m_network->recipe.path) : QString(); }

void Session::tryAgain(bool withRecipe)
{
    if (m_failed && mayDiscard())
        start(withRecipe ? ModelSource(*m_failed) : m_failed->withRecipe(RecipeChoice::None, {}),
            m_network && m_failed->path == m_source.path);
}

bool Session::presetsApply() const { return m_state == State::Ready && traitsOf(m_network->dialect).editable; }

void Session::applyChoices(const std::vector<SlotChoice> &choices, const QString &undoText, const Beside &beside)
{
    if (presetsApply() && !choices.empty())
        pushEdit(withChoices(m_document.recipe(), choices, *m_network), undoText, beside);
}

bool Session::removeKeyword(const std::string &layer, Slot slot, const std::string &keyword)
{
    auto after = presetsApply() ? withoutKeyword(m_document.recipe(), layer, slot, keyword) : std::nullopt;
    if (after)
        pushEdit(std::move(*after), u"%1 %2 without %3"_s.arg(shownText(layer), qs(slot), qs(keyword)));
    return after.has_value();
}

bool Session::confirm(const std::vector<SlotId> &slots, const QString &undoText)
{
    if (!presetsApply())
        return false;
    Recipe after = withConfirmed(m_document.recipe(), *m_network, slots);
    if (recipeText(after) == recipeText(m_document.recipe()))
        return false;
    pushEdit(std::move(after), undoText);
    return true;
}

void Session::confirmLayers(const QStringList &layers)
{
    const auto slots = m_network ? slotsOf(*m_network, layers) : std::vector<SlotId>();
    confirm(slots, layers.size() == 1 ? u"confirm "_s + layers.front() : u"confirm %1 layers"_s.arg(layers.size()));
}

void Session::setBatchNormsMerged(const QStringList &layers, bool merged)
{
    if (!presetsApply())
        return;
    Recipe after = withBatchNorms(m_document.recipe(), *m_network, layers, merged);
    const QString what = layers.size() == 1 ? shownText(layers.front()) : u"%1 layers"_s.arg(layers.size());
    pushEdit(std::move(after), (merged ? u"merge the batch norm of %1"_s : u"stored weights of %1"_s).arg(what));
}

void Session::pushEdit(Recipe after, const QString &text, const Beside &beside)
{
    const auto apply = [this](const Recipe &recipe) {
        if (m_state == State::Loading)
            cancel(); // what is shown is worked with
        m_document.edit(recipe);
        recoverEdited(m_document.recipe());
    };
    const RecipeCommand::Target target{apply, [this] { return m_takingBack; }, beside};
    m_undo.push(new RecipeCommand(target, m_document.recipe(), std::move(after), text));
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

QString Session::saveRecipe(const QString &path)
{
    if (m_recovering.running())
        return u"the last change is still being computed; save again in a moment"_s;
    const QString error = m_document.save(path, recipePath(), *m_network);
    if (error.isEmpty())
        takeSaved(path);
    return error;
}

/// The file that was written is the recipe in force, as if it had been read; the history of edits stays.
void Session::takeSaved(const QString &path)
{
    auto recipe = readRecipe(m_document.onDisk(), str(path), brevitasWords());
    if (!recipe)
        return fail(shownText(recipe.error().text()));
    auto network = std::make_shared<Network>(*m_network);
    network->recipe = std::move(*recipe);
    const QFileInfo file(path);
    const bool beside = file == QFileInfo(besidePath()) && !traitsOf(network->dialect).saysItself;
    m_source = m_source.withRecipe(beside ? RecipeChoice::Beside : RecipeChoice::Chosen, file.absoluteFilePath());
    m_source.rememberChoice();
    setNetwork(std::move(network), State::Ready);
    m_watched.add({recipePath()});
    remember();
    m_proposals.onSaved(path);
}

QString Session::recipeStateText() const
{
    return m_network ? quantscope::recipeStateText(*m_network, recipeEdited(), m_source.choice == RecipeChoice::Chosen)
                     : QString();
}

void Session::remember()
{
    Settings::addRecent(recentFile(m_source.path, *m_network, recipeEdited(), m_source.choice == RecipeChoice::Chosen));
}

void Session::reload()
{
    if (m_state == State::Failed && m_failed)
        tryAgain();
    else if (!shownSource().path.isEmpty() && mayDiscard())
        start(ModelSource(shownSource()), true);
}

void Session::close()
{
    if (!mayDiscard())
        return;
    cancel();
    m_recovering.cancel();
    m_document.read({}, {});
    m_opened.reset();
    m_source = m_wanted = {};
    m_failed.reset();
    m_error.clear();
    m_undo.clear();
    m_selected.clear();
    m_watched.clear();
    setNetwork(nullptr, State::Empty);
}

/// An edit is computed to its end: the recipe has it already.
void Session::cancel()
{
    m_opening.cancel();
    if (!m_opened)
        m_recovering.cancel();
    m_statistics.cancel();
    if (m_state == State::Loading)
        setState(!m_network ? State::Empty : m_opened ? State::Ready : State::Listed);
    Q_EMIT progressChanged({}, 1000);
    catchUp();
}

/// With an edit that was being computed when another file was opened, which came to nothing.
void Session::catchUp()
{
    if (m_state == State::Ready && !recovering() && recipeText(m_document.recipe()) != recipeText(m_network->recipe))
        recoverEdited(m_document.recipe());
}

/// What is shown stays until the other file is read: one that cannot be opened leaves it as it is.
void Session::start(ModelSource source, bool keepSelection)
{
    cancel();
    m_recovering.cancel();
    m_wanted = std::move(source);
    m_failed.reset();
    if (!m_opened) { // it never came to be shown whole
        m_undo.clear();
        if (!keepSelection) {
            m_selected.clear();
            m_network.reset();
            m_statistics.setNetwork(nullptr);
        }
    }
    m_error.clear();
    setState(State::Loading);
    const QString reading = u"reading "_s + shownText(QFileInfo(m_wanted.path).fileName());
    Q_EMIT progressChanged(reading, 0);
    m_opening.start([path = str(m_wanted.path), part = str(m_wanted.part), recipe = m_wanted.recipeSource()](
                        const Progress &progress) { return openAndList(path, part, recipe, progress); },
        [this, keepSelection](Result<std::shared_ptr<const ListedModel>> result) {
            if (!result)
                return failOpening(result.error());
            takeListed(**result, keepSelection);
        },
        [this, reading](int permille) { Q_EMIT progressChanged(reading, permille); });
}

void Session::takeListed(const ListedModel &listed, bool keepSelection)
{
    if (!keepSelection)
        m_selected.clear();
    m_undo.clear();
    m_opened.reset();
    m_source = m_wanted;
    m_document.read(listed.opened.recipe(), listed.recipeText);
    setNetwork(listed.network, State::Listed);
    watch();
    startRecovering([opened = listed.opened](const Progress &progress) { return recoverOpened(opened, progress); });
}

void Session::failOpening(const Error &error)
{
    m_failed = m_wanted;
    m_recipeFailed = error.path == str(m_wanted.recipeFile());
    if (m_opened) {
        m_state = State::Ready;
        m_statistics.setNetwork(m_network, true);
        Q_EMIT networkChanged(); // pages that looked meanwhile have nothing to wait for
        catchUp();
    }
    fail(shownText(error.text()));
}

/// An edit of the recipe takes over what it does not touch.
void Session::recoverEdited(const Recipe &recipe)
{
    startRecovering([opened = *m_opened, recipe, previous = m_network](const Progress &progress) {
        return quantscope::recoverEdited(opened, recipe, *previous, progress);
    });
}

void Session::startRecovering(std::function<Result<std::shared_ptr<const RecoveredModel>>(const Progress &)> work)
{
    Q_EMIT progressChanged(u"computing the quantizers"_s, 0);
    m_recovering.start(
        std::move(work),
        [this](Result<std::shared_ptr<const RecoveredModel>> result) {
            if (!result) {
                fail(shownText(result.error().text()));
                return takeBack();
            }
            const bool first = !m_opened;
            m_opened = (*result)->opened;
            if (first)
                exportsRead();
            if (const Recipe &inForce = (*result)->network->recipe;
                inForce.proofs.size() != m_document.recipe().proofs.size())
                m_document.settle(inForce);
            setNetwork((*result)->network, State::Ready);
            if (!recipeEdited()) // what is not saved may go with the window
                remember();
        },
        [this](int permille) { Q_EMIT progressChanged(u"computing the quantizers"_s, permille); });
}

/// What lies beside the model is known: it may have given a recipe, and may change as the model may.
void Session::exportsRead()
{
    if (const Recipe &recipe = m_opened->recipe(); !recipe.takenFrom.empty())
        m_document.read(recipe, {});
    for (const MatchedExport &beside : m_opened->exports())
        m_watched.add({qs(beside.network.file->path)});
}

void Session::fail(const QString &text)
{
    Q_EMIT progressChanged({}, 1000);
    m_error = text;
    setState(m_network && m_state == State::Ready ? State::Ready : State::Failed);
    Q_EMIT failed(text);
}

void Session::setState(State state)
{
    m_state = state;
    Q_EMIT stateChanged();
}

void Session::setNetwork(std::shared_ptr<const Network> network, State state)
{
    m_network = std::move(network);
    m_selected = layersIn(m_network.get(), m_selected);
    if (const Layer *first = m_network && m_selected.isEmpty() ? firstShown(*m_network) : nullptr)
        m_selected << qs(first->name);
    m_state = state;
    m_statistics.setNetwork(m_network, state == State::Ready);
    if (state == State::Ready && m_statistics.idle())
        Q_EMIT progressChanged({}, 1000);
    Q_EMIT stateChanged();
    Q_EMIT networkChanged();
    Q_EMIT selectionChanged();
}

void Session::watch()
{
    m_watched.clear();
    m_watched.add({m_source.path, recipePath()});
    m_watched.add(tensorFiles(*m_network->file));
    m_changedOnDisk = false;
    Q_EMIT changedOnDiskChanged();
}

void Session::onFileChanged(const QString &path)
{
    if (path == recipePath() && path != m_source.path && !recipeOverwritten())
        return; // our own saving
    m_changedOnDisk = true;
    Q_EMIT changedOnDiskChanged();
}

void Session::selectLayers(const QStringList &names)
{
    if (m_selected == names)
        return;
    m_selected = names;
    Q_EMIT selectionChanged();
}

const Layer *Session::currentLayer() const
{
    return m_network && !m_selected.isEmpty() ? m_network->layer(str(m_selected.first())) : nullptr;
}

SlotRef Session::currentSlot() const
{
    const Layer *layer = currentLayer();
    return layer && !showsResult() ? shownSlot(m_network, *layer, slotFromName(str(m_slot))) : SlotRef();
}

void Session::selectSlot(const QString &slot)
{
    m_slot = slot;
    Q_EMIT selectionChanged();
}

const SlotStatistics *Session::currentStatistics()
{
    const SlotRef slot = currentSlot();
    return slot && m_state == State::Ready ? m_statistics.get(slot.id()) : nullptr;
}

} // namespace quantscope
