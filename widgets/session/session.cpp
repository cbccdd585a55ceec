#include "session/session.h"

#include "dialects/brevitas/recipe_confirmation.h"
#include "dialects/brevitas/recipe_edits.h"
#include "items/text.h"
#include "open/open_network.h"
#include "recipe/recipe.h"
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
    connect(&m_watcher, &QFileSystemWatcher::fileChanged, this, &Session::onFileChanged);
    connect(&m_statistics, &StatisticsStore::progress, this, [this](int done, int total) {
        Q_EMIT progressChanged(u"statistics %1 of %2"_s.arg(done).arg(total),
            m_statistics.idle() || total == 0 ? 1000 : done * 1000 / total);
    });
    connect(&m_statistics, &StatisticsStore::diagnosticsChanged, this, &Session::diagnosticsChanged);
}

Session::~Session() = default;

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
    m_part = Settings::partChoice(m_path);
    start(m_chosenRecipe, false);
}

QStringList Session::parts() const
{
    QStringList out;
    if (m_network)
        for (const std::string &name : m_network->file->weightParts())
            out << shownText(name);
    return out.size() > 1 ? out : QStringList();
}

int Session::shownPart() const
{
    const ModelPart *part = m_network ? m_network->file->shown() : nullptr;
    const auto names = m_network ? m_network->file->weightParts() : std::vector<std::string>();
    const auto found = part ? std::ranges::find(names, part->name) : names.end();
    return found == names.end() ? -1 : static_cast<int>(found - names.begin());
}

void Session::usePart(int part)
{
    const auto names = m_network ? m_network->file->weightParts() : std::vector<std::string>();
    if (part < 0 || part >= static_cast<int>(names.size()) || part == shownPart() || !mayDiscard())
        return;
    m_part = qs(names[static_cast<std::size_t>(part)]);
    Settings::setPartChoice(m_path, m_part);
    start(m_recipeChoice == RecipeChoice::Chosen ? m_chosenRecipe : QString(), true);
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

bool Session::recipeEdited() const { return m_network && m_document.edited(); }

void Session::applyChoices(const std::vector<SlotChoice> &choices, const QString &undoText)
{
    if (presetsApply() && !choices.empty())
        pushEdit(withChoices(m_document.recipe(), choices), undoText);
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
    std::vector<SlotId> slots;
    for (const QString &name : layers)
        if (const Layer *layer = m_network ? m_network->layer(str(name)) : nullptr)
            for (const SlotQuantizer &slot : layer->slots)
                slots.push_back({layer->id, slot.slot});
    confirm(slots, layers.size() == 1 ? u"confirm "_s + layers.front() : u"confirm %1 layers"_s.arg(layers.size()));
}

void Session::setBatchNormsMerged(const QStringList &layers, bool merged)
{
    if (!presetsApply())
        return;
    Recipe after = m_document.recipe();
    for (const QString &name : layers)
        if (const Layer *layer = m_network->layer(str(name)); layer && !layer->batchNorm.empty())
            after = withBatchNorm(after, layer->name, merged ? layer->batchNorm : std::string());
    const QString what = layers.size() == 1 ? shownText(layers.front()) : u"%1 layers"_s.arg(layers.size());
    pushEdit(std::move(after), (merged ? u"merge the batch norm of %1"_s : u"stored weights of %1"_s).arg(what));
}

void Session::pushEdit(Recipe after, const QString &text)
{
    const auto apply = [this](const Recipe &recipe) {
        m_document.edit(recipe);
        recoverEdited(recipe);
    };
    const RecipeCommand::Target target{apply, [this] { return m_takingBack; }};
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

bool Session::recipeOverwritten() const { return m_document.overwritten(recipePath()); }

QString Session::saveRecipe(const QString &path)
{
    if (m_recovering.running())
        return u"the last change is still being computed; save again in a moment"_s;
    return m_document.save(path, recipePath(), *m_network);
}

bool Session::recipeAssumed() const { return m_network && quantscope::recipeAssumed(*m_network); }

QString Session::recipeStateText() const
{
    return m_network ? quantscope::recipeStateText(*m_network, recipeEdited(), m_recipeChoice == RecipeChoice::Chosen)
                     : QString();
}

void Session::remember()
{
    const QFileInfo info(m_path);
    Settings::addRecent({.path = m_path,
        .format = qs(traitsOf(m_network->dialect).name),
        .state = recentStateText(*m_network, recipeEdited(), m_recipeChoice == RecipeChoice::Chosen),
        .warning = recipeAssumed(),
        .bytes = info.size(),
        .modified = info.lastModified(),
        .opened = QDateTime::currentDateTime()});
}

void Session::reload()
{
    if (!m_path.isEmpty() && mayDiscard())
        start(m_recipeChoice == RecipeChoice::Chosen ? m_chosenRecipe : QString(), true);
}

void Session::close()
{
    if (!mayDiscard())
        return;
    cancel();
    m_document.read({}, {});
    m_opened.reset();
    m_path.clear();
    m_error.clear();
    m_undo.clear();
    m_selected.clear();
    if (!m_watcher.files().isEmpty())
        m_watcher.removePaths(m_watcher.files());
    setNetwork(nullptr, State::Empty);
}

void Session::cancel()
{
    m_opening.cancel();
    m_recovering.cancel();
    m_statistics.cancel();
    if (m_state == State::Loading)
        setState(m_network ? State::Listed : State::Empty);
    Q_EMIT progressChanged({}, 1000);
}

void Session::start(const QString &recipe, bool keepSelection)
{
    cancel();
    if (!keepSelection) {
        m_selected.clear();
        m_network.reset();
        m_statistics.setNetwork(nullptr);
    }
    m_undo.clear();
    m_opened.reset();
    m_error.clear();
    setState(State::Loading);
    Q_EMIT progressChanged(u"reading "_s + shownText(QFileInfo(m_path).fileName()), 0);
    const RecipeSource source{
        recipe.isEmpty() ? std::nullopt : std::optional(str(recipe)), m_recipeChoice != RecipeChoice::None};
    m_opening.start([path = str(m_path), part = str(m_part), source](
                        const Progress &progress) { return openAndList(path, part, source, progress); },
        [this](Result<std::shared_ptr<const ListedModel>> result) {
            if (!result)
                return fail(shownText(result.error().text()));
            const ListedModel &listed = **result;
            m_document.read(listed.opened.recipe(), listed.recipeText);
            setNetwork(listed.network, State::Listed);
            watch();
            recover(listed.opened);
        },
        [this](int permille) {
            Q_EMIT progressChanged(u"reading "_s + shownText(QFileInfo(m_path).fileName()), permille);
        });
}

void Session::recover(const OpenedModel &opened)
{
    startRecovering([opened](const Progress &progress) { return recoverOpened(opened, progress); });
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
        m_watcher.addPath(qs(beside.network.file->path));
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
    m_selected.removeIf([this](const QString &name) { return !m_network || !m_network->layer(str(name)); });
    if (m_network && m_selected.isEmpty() && !m_network->layers.empty()) {
        const auto weights = std::find_if(m_network->layers.begin(), m_network->layers.end(),
            [](const Layer &layer) { return layer.slot(Slot::Weight); });
        m_selected << qs((weights == m_network->layers.end() ? m_network->layers.front() : *weights).name);
    }
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
    if (!m_watcher.files().isEmpty())
        m_watcher.removePaths(m_watcher.files());
    m_watcher.addPath(m_path);
    if (!recipePath().isEmpty())
        m_watcher.addPath(recipePath());
    m_changedOnDisk = false;
    Q_EMIT changedOnDiskChanged();
}

void Session::onFileChanged(const QString &path)
{
    m_watcher.addPath(path); // a file that was renamed into place is another one
    if (path == recipePath() && path != m_path && !recipeOverwritten())
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
    if (!layer)
        return {};
    const auto slots = tensorSlots(*layer);
    const auto wanted = slotFromName(str(m_slot));
    if (wanted && std::ranges::find(slots, *wanted) != slots.end())
        return slotRef(m_network, layer->name, *wanted);
    if (!slots.empty())
        return slotRef(m_network, layer->name, slots.front());
    return layer->slots.empty() ? SlotRef() : slotRef(m_network, layer->name, layer->slots.front().slot);
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
