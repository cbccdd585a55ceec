#include "window/data_files.h"

#include "items/run_texts.h"
#include "items/text.h"
#include "session/session.h"

#include <QCursor>
#include <QFileDialog>
#include <QFileInfo>
#include <QMenu>

using namespace Qt::StringLiterals;

namespace quantscope {

DataFiles::DataFiles(Session &session, QWidget &window)
    : m_session(session)
    , m_window(window)
{
}

bool DataFiles::looksLikeData(const QString &path)
{
    const QString name = QFileInfo(path).fileName();
    for (const QString &ending : {u".npy"_s, u".npz"_s, u"-ubyte"_s, u"-ubyte.gz"_s, u".idx"_s, u".gz"_s})
        if (name.endsWith(ending, Qt::CaseInsensitive))
            return true;
    return false;
}

void DataFiles::choose(Role role)
{
    const auto &data = m_session.runs().data();
    const QString before = data ? qs(samplePath(data->samples)) : m_session.path();
    const QString path = QFileDialog::getOpenFileName(&m_window,
        role == Role::Samples ? tr("Choose the data that the network runs on") : tr("Choose the labels of the data"),
        QFileInfo(before).path(), tr("Data (*.npy *.npz *ubyte *ubyte.gz *.idx *.gz);;All files (*)"));
    if (!path.isEmpty())
        take(path, role);
}

void DataFiles::runOrChoose()
{
    if (m_session.runs().data())
        m_session.runs().run();
    else
        choose(Role::Samples);
}

void DataFiles::take(const QString &path, Role role)
{
    m_reading.start([path = str(path)](const Progress &) { return sampleArrays(path); },
        [this, role, model = m_session.path()](Result<std::vector<SampleArray>> arrays) {
            if (!arrays)
                Q_EMIT failed(shownText(arrays.error().text()));
            else if (model == m_session.path() && m_session.network()) // it is for the model that was shown
                taken(*arrays, role);
        });
}

void DataFiles::taken(const std::vector<SampleArray> &arrays, Role role)
{
    if (role == Role::Samples)
        takeSamples(arrays);
    else
        takeLabels(arrays);
}

static std::vector<std::string> graphInputs(const Session &session)
{
    std::vector<std::string> out;
    const ModelFile &file = *session.network()->file;
    if (file.graph)
        for (const ValueId input : file.graph->inputs)
            out.push_back(file.graph->values[input].name);
    return out;
}

/// `labels` of another file go before what the same file proposes.
void DataFiles::takeSamples(const std::vector<SampleArray> &arrays, const std::optional<SampleArray> &labels)
{
    const ProposedData proposed = proposedData(arrays, graphInputs(m_session));
    if (proposed.samples)
        return setSamples(*proposed.samples, labels ? labels : proposed.labels);
    menuOf(arrays, [this, labels](const SampleArray &array) { setSamples(array, labels); })->popup(QCursor::pos());
}

void DataFiles::takeArrays(const std::vector<SampleArray> &samples, const std::vector<SampleArray> &labels)
{
    if (!samples.empty())
        takeSamples(samples, labels.size() == 1 ? std::optional(labels.front()) : std::nullopt);
    if (!labels.empty() && (samples.empty() || labels.size() > 1))
        takeLabels(labels);
}

void DataFiles::takeLabels(const std::vector<SampleArray> &arrays)
{
    std::vector<SampleArray> fitting;
    std::ranges::copy_if(arrays, std::back_inserter(fitting), &SampleArray::canBeLabels);
    if (fitting.empty())
        Q_EMIT failed(tr("%1: holds no array of integers, one a sample, which labels are.")
                          .arg(placeText(samplePath(arrays.front().place))));
    else if (fitting.size() == 1)
        setLabels(fitting.front().place);
    else
        menuOf(fitting, [this](const SampleArray &array) { setLabels(array.place); })->popup(QCursor::pos());
}

/// Labels of another file stay: the same samples may have been written otherwise.
void DataFiles::setSamples(const SampleArray &samples, const std::optional<SampleArray> &labels)
{
    RunData data{samples.place, {}, {}};
    const auto &before = m_session.runs().data();
    if (labels)
        data.labels = labels->place;
    else if (before && before->labels && samplePath(*before->labels) != samplePath(before->samples))
        data.labels = before->labels;
    m_session.runs().setData(data);
}

void DataFiles::setLabels(const std::string &place)
{
    auto data = m_session.runs().data();
    if (!data)
        return Q_EMIT failed(tr("Choose the data first: labels belong to them."));
    data->labels = place;
    m_session.runs().setData(data);
}

QMenu *DataFiles::menuOf(const std::vector<SampleArray> &arrays, const std::function<void(const SampleArray &)> &take)
{
    auto *menu = new QMenu(&m_window);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    menu->setObjectName(u"array-menu"_s);
    menu->addSection(tr("Which array?"));
    for (const SampleArray &array : arrays)
        connect(menu->addAction(menuText(array)), &QAction::triggered, this, [take, array] { take(array); });
    return menu;
}

void DataFiles::askWhat(const QString &path, const std::function<void()> &open)
{
    auto *menu = new QMenu(&m_window);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    menu->setObjectName(u"drop-menu"_s);
    menu->addSection(shownText(QFileInfo(path).fileName()).replace(u'&', u"&&"_s));
    connect(menu->addAction(tr("Run this model on it")), &QAction::triggered, this,
        [this, path] { take(path, Role::Samples); });
    connect(
        menu->addAction(tr("Use it as labels")), &QAction::triggered, this, [this, path] { take(path, Role::Labels); });
    connect(menu->addAction(tr("Open it as a model")), &QAction::triggered, this, [open] { open(); });
    menu->popup(QCursor::pos());
}

} // namespace quantscope
