#include "window/dropped_files.h"

#include "items/text.h"
#include "session/session.h"
#include "window/data_files.h"

#include <QFileInfo>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace quantscope {

static QString fileOf(const QString &path) { return shownText(QFileInfo(path).fileName()); }

static QString notTaken(const QStringList &left) { return DroppedFiles::tr("Not taken: %1.").arg(left.join(u", "_s)); }

DroppedFiles::DroppedFiles(Session &session, DataFiles &dataFiles)
    : m_session(session)
    , m_dataFiles(dataFiles)
{
    connect(&session, &Session::networkChanged, this, [this] {
        if (m_waiting && m_session.path() == m_waiting->model)
            onSession();
    });
    connect(&session, &Session::stateChanged, this, &DroppedFiles::onSession);
}

bool DroppedFiles::ReadFile::holdsLabels() const
{
    return !arrays.empty() && std::ranges::all_of(arrays, &SampleArray::canBeLabels);
}

DroppedFiles::Sorted DroppedFiles::sorted(const QStringList &paths)
{
    Sorted out;
    const auto leave
        = [&](const QString &path, const QString &why) { out.left << u"%1 (%2)"_s.arg(fileOf(path), why); };
    for (const QString &path : paths) {
        const bool isRecipe = path.endsWith(u".toml"_s, Qt::CaseInsensitive);
        if (QFileInfo(path).isDir())
            leave(path, tr("a folder"));
        else if (DataFiles::looksLikeData(path))
            out.data << path;
        else if (isRecipe && !out.recipe.isEmpty())
            leave(path, tr("a second recipe"));
        else if (isRecipe)
            out.recipe = path;
        else if (out.model.isEmpty())
            out.model = path;
        else if (out.second.isEmpty())
            out.second = path;
        else
            leave(path, tr("a third model"));
    }
    return out;
}

void DroppedFiles::take(const QStringList &paths)
{
    Sorted dropped = sorted(paths);
    if (dropped.model.isEmpty() && m_session.network()) {
        if (!dropped.recipe.isEmpty())
            m_session.useRecipe(RecipeChoice::Chosen, dropped.recipe);
        return takeBeside(std::move(dropped));
    }
    if (dropped.model.isEmpty()) {
        QStringList others = dropped.data;
        if (!dropped.recipe.isEmpty())
            others << dropped.recipe;
        for (const QString &path : others)
            dropped.left << tr("%1 (no model is open that it could be for)").arg(fileOf(path));
        return tell(dropped.left);
    }
    const QString model = QFileInfo(dropped.model).absoluteFilePath();
    m_waiting.reset();
    m_session.open(model, dropped.recipe);
    if (m_session.state() != Session::State::Loading || m_session.loadingPath() != model)
        return; // a person keeps what is shown
    dropped.model = model;
    m_waiting = std::move(dropped);
}

/// The model is there, or it is not to be had, or another one was opened meanwhile.
void DroppedFiles::onSession()
{
    if (!m_waiting || m_session.state() == Session::State::Loading)
        return;
    const bool isShown = m_session.network() && m_session.path() == m_waiting->model;
    if (isShown && m_session.state() != Session::State::Ready && m_session.state() != Session::State::Failed)
        return;
    Sorted dropped = *std::exchange(m_waiting, std::nullopt);
    if (isShown)
        return takeBeside(std::move(dropped));
    QStringList others = dropped.data;
    if (!dropped.second.isEmpty())
        others.prepend(dropped.second);
    for (const QString &path : others)
        dropped.left << tr("%1 (%2 was not opened)").arg(fileOf(path), fileOf(dropped.model));
    if (!m_session.errorText().isEmpty() && !dropped.left.isEmpty())
        Q_EMIT failed(m_session.errorText() + u". "_s + notTaken(dropped.left));
}

void DroppedFiles::takeBeside(Sorted dropped)
{
    if (!dropped.second.isEmpty())
        m_session.second().open(dropped.second);
    if (dropped.data.isEmpty())
        return tell(dropped.left);
    m_reading.start(
        [paths = dropped.data](const Progress &) -> Result<std::vector<ReadFile>> {
            std::vector<ReadFile> out;
            for (const QString &path : paths) {
                auto arrays = sampleArrays(str(path));
                out.push_back({path, arrays ? QString() : shownText(arrays.error().message),
                    arrays ? std::move(*arrays) : std::vector<SampleArray>()});
            }
            return out;
        },
        [this, left = dropped.left, model = m_session.path()](Result<std::vector<ReadFile>> files) {
            if (!files)
                Q_EMIT failed(shownText(files.error().text()));
            else if (model == m_session.path() && m_session.network()) // they are for the model that was shown
                takeData(*files, left);
        });
}

void DroppedFiles::takeData(const std::vector<ReadFile> &files, QStringList left)
{
    const ReadFile *samples = nullptr, *labels = nullptr;
    for (const ReadFile &file : files) {
        const ReadFile *&place = file.holdsLabels() ? labels : samples;
        if (!file.problem.isEmpty())
            left << u"%1 (%2)"_s.arg(fileOf(file.path), file.problem);
        else if (place)
            left << u"%1 (%2)"_s.arg(
                fileOf(file.path), file.holdsLabels() ? tr("a second file of labels") : tr("a second file of data"));
        else
            place = &file;
    }
    if (labels && !samples && !m_session.runs().data())
        left << tr("%1 (labels belong to data, and none are chosen)").arg(fileOf(labels->path));
    else if (samples || labels)
        m_dataFiles.takeArrays(samples ? samples->arrays : std::vector<SampleArray>(),
            labels ? labels->arrays : std::vector<SampleArray>());
    tell(left);
}

void DroppedFiles::tell(const QStringList &left)
{
    if (!left.isEmpty())
        Q_EMIT failed(notTaken(left));
}

} // namespace quantscope
