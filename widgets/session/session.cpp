#include "session/session.h"

#include "dialects/interpret.h"
#include "formats/open_model.h"
#include "items/text.h"
#include "open/open_network.h"
#include "recipe/recipe.h"
#include "report/inspect.h"
#include "session/file_text.h"

#include <QFileInfo>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace quantscope {

/// A file and its recipe with the layers listed: what the first worker delivers.
struct Session::Opened {
    std::shared_ptr<const ModelFile> file;
    Recipe recipe;
    std::string recipeText;
    std::shared_ptr<const Network> listed;
};

Session::Session(QObject *parent)
    : QObject(parent)
{
    connect(&m_watcher, &QFileSystemWatcher::fileChanged, this, &Session::onFileChanged);
    connect(&m_statistics, &StatisticsStore::progress, this, [this](int done, int total) {
        addDataDiagnostics();
        Q_EMIT progressChanged(u"statistics %1 of %2"_s.arg(done).arg(total),
            m_statistics.idle() || total == 0 ? 1000 : done * 1000 / total);
    });
}

Session::~Session() = default;

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
    m_recipe = {};
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

Result<std::shared_ptr<const Session::Opened>> Session::openAndList(
    const std::string &path, const std::string &chosen, bool none, const Progress &progress)
{
    Opened opened;
    auto file = openModel(path, {}, progress);
    if (!file)
        return tl::unexpected(file.error());
    opened.file = *file;
    const auto recipePath = !chosen.empty() ? std::optional(chosen) : none ? std::nullopt : recipeBeside(path);
    if (recipePath) {
        auto loaded = loadRecipe(*recipePath);
        if (!loaded)
            return tl::unexpected(loaded.error());
        opened.recipe = std::move(*loaded);
        opened.recipeText = fileText(*recipePath);
    }
    opened.listed = std::make_shared<const Network>(listLayers(opened.file, opened.recipe));
    return std::make_shared<const Opened>(std::move(opened));
}

void Session::start(const QString &recipe, bool keepSelection)
{
    cancel();
    if (!keepSelection) {
        m_selected.clear();
        m_network.reset();
    }
    m_undo.clear();
    m_error.clear();
    setState(State::Loading);
    Q_EMIT progressChanged(u"reading "_s + QFileInfo(m_path).fileName(), 0);
    const bool none = m_recipeChoice == RecipeChoice::None;
    m_opening.start([path = str(m_path), chosen = str(recipe), none](const Progress &progress)
                        -> Result<std::shared_ptr<const Opened>> { return openAndList(path, chosen, none, progress); },
        [this](Result<std::shared_ptr<const Opened>> result) {
            if (!result)
                return fail(qs(result.error().text()));
            const Opened &opened = **result;
            m_recipe = opened.recipe;
            m_recipeText = opened.recipeText;
            m_saved = false;
            setNetwork(opened.listed, State::Listed);
            watch();
            recover(opened.file, opened.recipe);
        },
        [this](int permille) { Q_EMIT progressChanged(u"reading "_s + QFileInfo(m_path).fileName(), permille); });
}

void Session::recover(std::shared_ptr<const ModelFile> file, Recipe recipe)
{
    Q_EMIT progressChanged(u"computing the quantizers"_s, 0);
    m_recovering.start(
        // An edit of the recipe takes over what it does not touch.
        [file = std::move(file), recipe = std::move(recipe), previous = m_state == State::Ready ? m_network : nullptr](
            const Progress &progress) -> Result<std::shared_ptr<const Network>> {
            auto network = recoverWithExports(file, recipe, progress, previous.get());
            if (!network)
                return tl::unexpected(network.error());
            return std::make_shared<const Network>(std::move(*network));
        },
        [this](Result<std::shared_ptr<const Network>> result) {
            if (!result) {
                fail(qs(result.error().text()));
                return takeBack();
            }
            setNetwork(*result, State::Ready);
            remember();
        },
        [this](int permille) { Q_EMIT progressChanged(u"computing the quantizers"_s, permille); });
}

void Session::fail(const QString &text)
{
    Q_EMIT progressChanged({}, 1000);
    m_error = text;
    setState(m_network && m_state == State::Ready ? State::Ready : State::Failed);
    Q_EMIT failed(text);
}

void Session::addDataDiagnostics()
{
    if (m_state != State::Ready || !m_statistics.idle())
        return;
    auto enriched = std::make_shared<Network>(*m_network);
    for (Diagnostic &diagnostic : dataDiagnostics(*m_network, m_statistics.all()))
        enriched->diagnostics.push_back(std::move(diagnostic));
    if (enriched->diagnostics.size() == m_network->diagnostics.size())
        return;
    m_network = std::move(enriched);
    Q_EMIT diagnosticsChanged();
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
    if (state != State::Listed)
        m_statistics.setNetwork(m_network);
    if (state == State::Ready && m_statistics.total() == 0)
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
