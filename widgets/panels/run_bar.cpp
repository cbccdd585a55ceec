#include "panels/run_bar.h"

#include "items/run_texts.h"
#include "items/text.h"
#include "look/theme.h"
#include "session/session.h"

#include <QBoxLayout>
#include <QMenu>
#include <QProgressBar>
#include <QPushButton>

using namespace Qt::StringLiterals;

namespace quantscope {

static constexpr int kWidestPlace = 230;

RunBar::RunBar(Session &session, QWidget *parent)
    : QFrame(parent)
    , m_session(session)
    , m_samples(textButton({}, {}))
    , m_labels(textButton({}, {}))
    , m_run(textButton(
          tr("Run"), tr("Run the shown network on these data, with edits of the recipe that are not saved (F9)")))
    , m_cancel(textButton(tr("Cancel"), tr("Stop the run; what is known stays (Esc)")))
    , m_facts(dimLabel())
    , m_accuracy(monoLabel())
    , m_change(monoLabel())
    , m_state(new ElidedLabel(Qt::ElideRight))
    , m_progress(new QProgressBar)
    , m_problem(plainLabel())
{
    setProperty("bar", true);
    setObjectName(u"run-bar"_s);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(12, 4, 12, 4);
    column->setSpacing(4);
    column->addWidget(makeLine());
    m_problem->setObjectName(u"run-problem"_s);
    m_problem->setWordWrap(true);
    m_problem->setTextInteractionFlags(Qt::TextSelectableByMouse);
    column->addWidget(m_problem);
    connect(m_run, &QPushButton::clicked, this, [this] { m_session.runs().run(); });
    connect(m_cancel, &QPushButton::clicked, this, [this] { m_session.runs().cancel(); });
    RunStore &runs = session.runs();
    connect(&runs, &RunStore::dataChanged, this, &RunBar::onData);
    connect(&runs, &RunStore::resultChanged, this, &RunBar::refresh);
    connect(&runs, &RunStore::progress, m_progress, &QProgressBar::setValue);
    connect(&session, &Session::stateChanged, this, &RunBar::refresh);
    connect(&Theme::instance(), &Theme::changed, this, &RunBar::refresh);
    onData();
}

QWidget *RunBar::makeLine()
{
    auto *line = new QWidget;
    auto *row = new QHBoxLayout(line);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(8);
    const std::pair<QWidget *, const char *> named[] = {{m_samples, "run-samples"}, {m_labels, "run-labels"},
        {m_run, "run-start"}, {m_cancel, "run-cancel"}, {m_facts, "run-facts"}, {m_accuracy, "run-accuracy"},
        {m_change, "run-change"}, {m_state, "run-state"}, {m_progress, "run-progress"}};
    for (const auto &[widget, name] : named)
        widget->setObjectName(QLatin1String(name));
    auto *samples = new QMenu(m_samples), *labels = new QMenu(m_labels);
    for (QMenu *menu : {samples, labels})
        menu->setToolTipsVisible(true);
    connect(samples, &QMenu::aboutToShow, this, &RunBar::fillSamples);
    connect(labels, &QMenu::aboutToShow, this, &RunBar::fillLabels);
    m_samples->setMenu(samples);
    m_labels->setMenu(labels);
    m_accuracy->setFont(Theme::mono(1.0, true));
    m_state->setForegroundRole(QPalette::PlaceholderText);
    m_progress->setRange(0, 1000);
    m_progress->setTextVisible(false);
    m_progress->setFixedSize(140, 8);
    setAccessible(m_progress, tr("Progress of the run"), tr("Nodes of the graph that were computed, over all data"));
    row->addWidget(dimLabel(tr("On data")));
    for (QWidget *widget : {static_cast<QWidget *>(m_samples), static_cast<QWidget *>(m_labels),
             static_cast<QWidget *>(m_facts), static_cast<QWidget *>(m_accuracy), static_cast<QWidget *>(m_change)})
        row->addWidget(widget);
    row->addWidget(m_state, 1);
    for (QWidget *widget :
        {static_cast<QWidget *>(m_progress), static_cast<QWidget *>(m_run), static_cast<QWidget *>(m_cancel)})
        row->addWidget(widget);
    return line;
}

static std::vector<std::string> inputNames(const Session &session)
{
    std::vector<std::string> out;
    const auto network = session.network();
    if (network && network->file->graph)
        for (const ValueId input : network->file->graph->inputs)
            out.push_back(network->file->graph->values[input].name);
    return out;
}

/// Headers of a large or compressed file take their time.
void RunBar::onData()
{
    m_read = {};
    m_reading.cancel();
    if (const auto &chosen = m_session.runs().data())
        m_reading.start(
            [data = *chosen, inputs = inputNames(m_session)](const Progress &) -> Result<ReadData> {
                ReadData out;
                if (auto arrays = sampleArrays(samplePath(data.samples)))
                    out.arrays = std::move(*arrays);
                const std::string labels = samplePath(data.labels.value_or(data.samples));
                if (auto arrays = labels == samplePath(data.samples) ? Result<std::vector<SampleArray>>(out.arrays)
                                                                     : sampleArrays(labels))
                    out.labelArrays = std::move(*arrays);
                std::erase_if(out.labelArrays, [](const SampleArray &array) { return !array.canBeLabels(); });
                const auto summary = dataSummary(data, inputs);
                if (summary)
                    out.summary = *summary;
                else
                    out.problem = shownText(summary.error().text());
                return out;
            },
            [this](Result<ReadData> read) {
                if (read)
                    m_read = std::move(*read);
                else
                    m_read.problem = shownText(read.error().text());
                refresh();
            });
    refresh();
}

void RunBar::refresh()
{
    refreshData();
    refreshResult();
    const RunStore &runs = m_session.runs();
    m_run->setVisible(!runs.running() && runs.data());
    m_run->setEnabled(runs.canRun());
    m_run->setText(runs.outdated() ? tr("Run again (F9)") : tr("Run"));
    m_cancel->setVisible(runs.running());
    m_progress->setVisible(runs.running());
    m_progress->setValue(runs.permille());
    showProblem(m_problem, problemText());
}

static void showPlace(QPushButton *button, const std::optional<std::string> &place, const QString &otherwise,
    const QString &name, const QString &tip)
{
    const QString text = place ? placeText(*place) : otherwise;
    button->setText(button->fontMetrics().elidedText(text, Qt::ElideMiddle, kWidestPlace).replace(u'&', u"&&"_s)
        + u"    "_s); // room for the sign of a menu
    setAccessible(button, name + u": "_s + text, place ? shownText(*place) + u"\n"_s + tip : tip);
}

void RunBar::refreshData()
{
    const auto &chosen = m_session.runs().data();
    showPlace(m_samples, chosen ? std::optional(chosen->samples) : std::nullopt, tr("Choose data…"), tr("Data"),
        tr("What flows through the network: .npy, .npz or IDX, the first axis counts samples (Ctrl+D)"));
    showPlace(m_labels, chosen ? chosen->labels : std::nullopt, tr("no labels"), tr("Labels"),
        tr("One integer a sample: accuracy is the share of samples whose largest output stands at it"));
    m_labels->setVisible(chosen.has_value());
    m_facts->setText(m_read.summary ? samplesText(*m_read.summary) : QString());
    m_facts->setVisible(m_read.summary.has_value());
}

void RunBar::refreshResult()
{
    const RunStore &runs = m_session.runs();
    const RunResult *result = runs.result();
    const auto accuracy = result ? result->accuracy() : std::nullopt;
    m_accuracy->setVisible(accuracy.has_value());
    if (accuracy) {
        m_accuracy->setText(accuracyText(*accuracy));
        setAccessible(m_accuracy, tr("Accuracy %1").arg(accuracyText(*accuracy)), accuracyTip(*result));
    }
    const auto change = runs.accuracyChange();
    m_change->setVisible(change.has_value());
    if (change) {
        m_change->setText(accuracyChangeText(*change));
        QPalette palette = m_change->palette();
        palette.setColor(QPalette::WindowText,
            *change < 0       ? colours().redText
                : *change > 0 ? colours().green
                              : colours().text);
        m_change->setPalette(palette);
        setAccessible(m_change, tr("Change of accuracy %1").arg(accuracyChangeText(*change)),
            accuracyChangeTip(*runs.openedAccuracy()));
    }
    m_state->setFullText(stateText(), result ? notesTip(*result) : QString());
}

/// What is to be known beside the accuracy: that there is none yet, that it is another network's, what was run.
QString RunBar::stateText() const
{
    const RunStore &runs = m_session.runs();
    if (!runs.data())
        return tr("the network runs on them: what flows between layers, what saturates, accuracy");
    if (runs.running())
        return runs.result() ? tr("running what the file was opened with") : tr("running");
    const RunResult *result = runs.result();
    if (result)
        return notesText(*result);
    const RunResult *before = runs.outdated();
    if (!before)
        return tr("not run yet");
    const auto accuracy = before->accuracy();
    return accuracy ? tr("edited since the run, which gave %1").arg(accuracyText(*accuracy))
                    : tr("edited since the run");
}

QString RunBar::problemText() const
{
    const RunStore &runs = m_session.runs();
    if (const QString problem = runs.problem(); !problem.isEmpty())
        return problem;
    if (!m_read.problem.isEmpty())
        return m_read.problem;
    const RunResult *result = runs.result();
    return result && result->stopped
        ? tr("The run stopped at %1; what was computed before is shown.").arg(shownText(*result->stopped))
        : QString();
}

void RunBar::addArray(QMenu *menu, const SampleArray &array, const std::string &chosen, bool asLabels)
{
    auto *action = menu->addAction(menuText(array));
    action->setCheckable(true);
    action->setChecked(array.place == chosen);
    connect(action, &QAction::triggered, this, [this, place = array.place, asLabels] {
        auto changed = m_session.runs().data();
        if (changed)
            (asLabels ? changed->labels.emplace() : changed->samples) = place;
        m_session.runs().setData(changed);
    });
}

void RunBar::fillSamples()
{
    QMenu *menu = m_samples->menu();
    menu->clear();
    const auto &chosen = m_session.runs().data();
    for (const SampleArray &array : m_read.arrays)
        addArray(menu, array, chosen ? chosen->samples : std::string(), false);
    menu->addSeparator();
    connect(menu->addAction(tr("Choose a file…")), &QAction::triggered, this, &RunBar::samplesRequested);
    if (chosen)
        connect(menu->addAction(tr("No data")), &QAction::triggered, this,
            [this] { m_session.runs().setData(std::nullopt); });
}

void RunBar::fillLabels()
{
    QMenu *menu = m_labels->menu();
    menu->clear();
    const auto &chosen = m_session.runs().data();
    for (const SampleArray &array : m_read.labelArrays)
        addArray(menu, array, chosen ? chosen->labels.value_or("") : std::string(), true);
    menu->addSeparator();
    connect(menu->addAction(tr("Choose a file…")), &QAction::triggered, this, &RunBar::labelsRequested);
    if (chosen && chosen->labels)
        connect(menu->addAction(tr("No labels")), &QAction::triggered, this, [this] {
            if (const auto &now = m_session.runs().data())
                m_session.runs().setData(RunData{now->samples, std::nullopt, now->limit});
        });
}

} // namespace quantscope
