#include "session/run_store.h"

#include "items/text.h"
#include "recipe/recipe_toml.h"
#include "run/sample_file.h"
#include "session/run_data.h"
#include "session/session.h"
#include "session/settings.h"

#include <QFileInfo>

#include <algorithm>
#include <limits>
#include <utility>

using namespace Qt::StringLiterals;

namespace quantscope {

static constexpr std::size_t kKeptResults = 8;

RunStore::RunStore(Session &session)
    : m_session(session)
{
    setMemory(Settings::runMemory().value_or(RunClientOptions().memoryLimit / kMegabyte));
    connect(&session, &Session::networkChanged, this, &RunStore::onNetwork);
    connect(&m_watcher, &QFileSystemWatcher::fileChanged, this, [this] {
        cancel();
        m_results.clear();
        watchData();
        Q_EMIT dataChanged();
        Q_EMIT resultChanged();
    });
}

RunStore::~RunStore() = default;

void RunStore::setData(std::optional<RunData> data)
{
    if (m_data == data || !m_session.network())
        return;
    cancel();
    m_data = std::move(data);
    m_failed.reset();
    rememberRunData(m_session.path(), m_data);
    watchData();
    takeShown();
    Q_EMIT dataChanged();
    Q_EMIT resultChanged();
}

void RunStore::setMemory(std::uint64_t megabytes)
{
    m_memory = std::min(megabytes, std::numeric_limits<std::uint64_t>::max() / kMegabyte);
    m_queue.setMemoryLimit(m_memory * kMegabyte);
    if (Settings::runMemory().value_or(RunClientOptions().memoryLimit / kMegabyte) != m_memory)
        Settings::setRunMemory(m_memory);
    Q_EMIT memoryChanged();
}

/// Results of data that changed since are of other data.
void RunStore::watchData()
{
    if (!m_watcher.files().isEmpty())
        m_watcher.removePaths(m_watcher.files());
    if (!m_data)
        return;
    for (const std::string &place : {m_data->samples, m_data->labels.value_or(m_data->samples)})
        if (const QString path = qs(samplePath(place)); QFileInfo::exists(path))
            m_watcher.addPath(path);
}

static RunModel modelOf(const Session &session)
{
    RunModel out;
    out.path = str(session.path());
    const ModelFile &file = *session.network()->file;
    if (const ModelPart *part = file.shown(); part && file.weightParts().size() > 1)
        out.part = part->name;
    return out;
}

/// With the edits of the recipe that are still being computed.
RunStore::Key RunStore::keyNow() const
{
    Key out{modelOf(m_session), *m_data};
    out.model.recipeText = recipeText(m_session.recipe());
    return out;
}

void RunStore::takeShown() { m_shown = m_data && m_opened ? std::optional(keyNow()) : std::nullopt; }

std::optional<RunStore::Key> RunStore::openedKey() const
{
    return m_opened && m_data ? std::optional(Key{*m_opened, *m_data}) : std::nullopt;
}

/// A recipe's file is read by its name, so that the words of errors name it.
RunRequest RunStore::request() const
{
    RunRequest out;
    if (!m_session.network())
        return out;
    out.model = modelOf(m_session);
    if (m_session.recipeEdited() || m_session.recipeChoice() == RecipeChoice::None)
        out.model.recipeText = recipeText(m_session.recipe());
    else if (m_session.recipeChoice() == RecipeChoice::Chosen)
        out.model.recipe = str(m_session.recipePath());
    out.data = m_data.value_or(RunData());
    return out;
}

bool RunStore::canRun() const { return m_data && m_session.state() == Session::State::Ready; }

void RunStore::run()
{
    if (!canRun())
        return;
    m_queue.cancel(this);
    m_failed.reset();
    const Key key = keyNow();
    m_asked = key;
    if (m_session.changedOnDisk())
        return fail(key,
            tr("%1, its recipe or its export changed on disk since it was read: reload it (F5), then run.")
                .arg(shownText(QFileInfo(m_session.path()).fileName())));
    start(key, request(), RunQueue::Priority::Asked);
    const auto opened = openedKey();
    if (m_data->labels && opened != key && find(opened) == nullptr)
        start(*opened, {.model = opened->model, .data = opened->data, .with = {}}, RunQueue::Priority::Background);
    Q_EMIT resultChanged();
}

void RunStore::start(const Key &key, const RunRequest &request, RunQueue::Priority priority)
{
    m_permille = 0;
    m_queue.post<Timed>(
        this, [request](RunClient &client, const Progress &progress) { return timed(client, request, progress); },
        [this, key](Result<Timed> ran) { take(key, std::move(ran)); },
        [this](int permille) {
            m_permille = permille;
            Q_EMIT progress(permille);
        },
        priority);
}

Result<RunStore::Timed> RunStore::timed(RunClient &client, const RunRequest &request, const Progress &progress)
{
    using Clock = std::chrono::steady_clock;
    auto begin = Clock::now();
    bool isThere = client.isRunning();
    const Progress starting([&](std::uint64_t done, std::uint64_t total) {
        if (!std::exchange(isThere, isThere || total > 0) && isThere)
            begin = Clock::now();
        progress.step(done, total);
        return true;
    });
    auto result = client.run(request, starting);
    if (!result)
        return tl::unexpected(result.error());
    return Timed{std::move(*result), std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin)};
}

void RunStore::take(const Key &key, Result<Timed> ran)
{
    if (!ran)
        return fail(key, shownText(ran.error().text()));
    if (m_session.changedOnDisk())
        return fail(key, tr("The model changed on disk while it ran: reload it (F5) and run again."));
    std::erase_if(m_results, [&](const Kept &kept) { return kept.key == key; });
    if (m_results.size() == kKeptResults)
        m_results.erase(
            std::ranges::find_if(m_results, [opened = openedKey()](const Kept &kept) { return kept.key != opened; }));
    m_results.push_back({key, std::make_shared<const RunResult>(std::move(ran->result))});
    if (m_asked == key) {
        m_last = key;
        m_took = ran->took;
    }
    Q_EMIT resultChanged();
}

void RunStore::fail(const Key &key, const QString &text)
{
    m_failed = key;
    m_problem = text;
    Q_EMIT resultChanged();
    Q_EMIT failed(text);
}

void RunStore::cancel()
{
    if (!running())
        return;
    m_queue.cancel(this);
    Q_EMIT resultChanged();
}

std::shared_ptr<const RunResult> RunStore::find(const std::optional<Key> &key) const
{
    const auto found = std::ranges::find_if(m_results, [&](const Kept &kept) { return kept.key == key; });
    return found == m_results.end() ? nullptr : found->result;
}

const RunResult *RunStore::result() const { return find(m_shown).get(); }

const RunResult *RunStore::outdated() const
{
    const bool isOfThese = m_shown && m_last && m_last->data == m_shown->data;
    return isOfThese && !result() ? find(m_last).get() : nullptr;
}

/// The answer to an edit comes before anybody could have asked for it.
bool RunStore::repeats() const
{
    return canRun() && !m_session.changedOnDisk() && outdated() && m_took && *m_took < m_repeatsWithin;
}

/// Shares what it is a part of: a page may look at it when a newer result has come.
std::shared_ptr<const LayerFlow> RunStore::flow(const Layer &layer, const SlotQuantizer *slot) const
{
    const auto shown = find(m_shown);
    const LayerFlow *found = shown ? shown->at(layer.id, slot ? std::optional(slot->slot) : std::nullopt) : nullptr;
    return found && found->layer == layer.name ? std::shared_ptr<const LayerFlow>(shown, found) : nullptr;
}

std::optional<double> RunStore::openedAccuracy() const
{
    const auto opened = find(openedKey());
    return opened ? opened->accuracy() : std::nullopt;
}

std::optional<double> RunStore::accuracyChange() const
{
    const RunResult *shown = result();
    const auto now = shown ? shown->accuracy() : std::nullopt;
    const auto before = openedAccuracy();
    return now && before && openedKey() != m_shown ? std::optional(*now - *before) : std::nullopt;
}

QString RunStore::problem() const { return m_failed && m_failed == m_shown ? m_problem : QString(); }

/// Another model, or the same one read anew.
void RunStore::forget()
{
    m_queue.cancel(this);
    m_results.clear();
    m_opened.reset();
    m_failed.reset();
    m_asked.reset();
    m_last.reset();
    m_took.reset();
    m_data = m_session.network() ? runDataOf(m_session.path()) : std::nullopt;
    watchData();
    if (!m_session.network())
        m_queue.rest();
    Q_EMIT dataChanged();
}

void RunStore::onNetwork()
{
    if (!m_session.network() || m_session.state() == Session::State::Listed)
        forget();
    if (m_session.state() == Session::State::Ready && !m_opened) {
        m_opened = modelOf(m_session);
        m_opened->recipeText = recipeText(m_session.recipe());
    }
    takeShown();
    if (m_shown && m_asked != m_shown && (running() || repeats()))
        run();
    else
        Q_EMIT resultChanged();
}

} // namespace quantscope
