#include "pages/compare/compare_candidates.h"

#include "charts/compare_overlay_chart.h"
#include "charts/sweep_chart.h"
#include "items/text.h"
#include "look/controls.h"
#include "look/theme.h"
#include "pages/compare/compare_table.h"
#include "pages/compare/sweep_data.h"
#include "session/apply_problem.h"
#include "session/lab_store.h"
#include "session/session.h"
#include "session/sweep_store.h"

#include <QBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPushButton>

using namespace Qt::StringLiterals;

namespace quantscope {

static constexpr std::uint64_t kSweepAtOnce = 30'000'000; // larger layers are swept only when somebody asks for it

CompareCandidates::CompareCandidates(Session &session, LabStore &lab, SweepStore &sweep, QWidget *parent)
    : QWidget(parent)
    , m_session(session)
    , m_lab(lab)
    , m_sweep(sweep)
{
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(12);
    column->addWidget(makeTable());
    m_charts = makeCharts();
    column->addWidget(m_charts, 1);
    connect(&lab, &LabStore::refused, this, [this](const QString &candidate, const QString &why) {
        if (m_add->text().isEmpty())
            m_add->setText(candidate); // to be corrected
        showAddProblem(why);
    });
    connect(&session.undoStack(), &QUndoStack::indexChanged, this, [this] { showAddProblem({}); });
}

void CompareCandidates::addTyped()
{
    if (m_add->text().trimmed().isEmpty())
        return;
    const auto candidate = parseCandidate(str(m_add->text().simplified().remove(u' ')));
    showAddProblem(candidate ? QString() : qs(candidate.error().message));
    if (!candidate)
        return;
    m_lab.add(*candidate);
    m_chosen = candidate->text;
    m_add->clear();
    choose(m_chosen); // where it was known already
}

void CompareCandidates::showAddProblem(const QString &text)
{
    setWrong(m_add, !text.isEmpty(), text);
    showProblem(m_problem, text);
}

void CompareCandidates::removeChosen()
{
    showAddProblem({});
    if (m_table->chosen() > 0)
        m_lab.remove(m_model.column(m_table->chosen()).name);
}

void CompareCandidates::setOrder(std::optional<CompareFigure> figure)
{
    const bool again = figure && m_model.order() == figure;
    m_model.setOrder(figure, again && !m_model.reversed());
    m_order->setText(figure ? tr("order: %1").arg(figureName(*figure)) + (m_model.reversed() ? u" ▴"_s : QString())
                            : tr("order: offered"));
    choose(m_chosen);
}

void CompareCandidates::fillOrderMenu()
{
    m_orderMenu->clear();
    m_orderMenu->addAction(tr("as offered"), this, [this] { setOrder(std::nullopt); });
    for (const CompareFigure figure : {CompareFigure::Sqnr, CompareFigure::Bits, CompareFigure::MaxError,
             CompareFigure::MeanError, CompareFigure::AtLimit, CompareFigure::Clipped, CompareFigure::Zeroed,
             CompareFigure::CodesUsed, CompareFigure::Memory, CompareFigure::Exact})
        m_orderMenu->addAction(figureName(figure), this, [this, figure] { setOrder(figure); });
}

void CompareCandidates::fillBaseMenu()
{
    m_baseMenu->clear();
    for (int column = 0; column < m_model.columnCount(); ++column) {
        const std::string name = m_model.column(column).name;
        auto *action = m_baseMenu->addAction(qs(name), this, [this, name] {
            m_baseName = name;
            refreshOverlay();
        });
        action->setCheckable(true);
        action->setChecked(name == m_baseName);
    }
}

bool CompareCandidates::choose(const std::string &candidate)
{
    const int column = m_model.columnOf(candidate);
    if (column < 0)
        return false;
    m_table->choose(column);
    return true;
}

void CompareCandidates::onChosen()
{
    m_chosen = m_table->chosen() >= 0 ? m_model.column(m_table->chosen()).name : std::string();
    refreshApply();
    refreshOverlay();
}

/// The first time a layer is seen the candidate with the highest SQNR that the hardware holds exactly is chosen.
static int suggested(const CompareModel &model)
{
    int best = -1;
    for (int column = 1; column < model.columnCount(); ++column) {
        const CompareColumn &shown = model.column(column);
        if (!shown.fixedExact || !shown.hasErrors || shown.width != model.column(0).width)
            continue;
        if (best < 0 || shown.number(CompareFigure::Sqnr) > model.column(best).number(CompareFigure::Sqnr))
            best = column;
    }
    return best > 0 ? best : model.columnCount() > 1 ? 1 : 0;
}

void CompareCandidates::refresh()
{
    m_charts->setVisible(!m_lab.layers().empty());
    if (m_shownRevision != m_lab.revision())
        refreshColumns();
    refreshNotes();
    refreshApply();
    refreshOverlay();
    refreshSweep();
}

void CompareCandidates::refreshColumns()
{
    m_shownRevision = m_lab.revision();
    const std::string chosen = m_chosen;
    m_model.setColumns(compareColumns(m_lab.results()));
    if (m_model.columnCount() > 0 && !choose(chosen)) {
        m_table->choose(suggested(m_model));
        if (!m_lab.idle() && !chosen.empty())
            m_chosen = chosen; // it may still come
    }
}

void CompareCandidates::refreshNotes()
{
    const QString layers
        = m_lab.layers().size() > 1 ? tr("for %1 layers together, ").arg(m_lab.layers().size()) : QString();
    m_about->setText(m_lab.layers().empty()
            ? QString()
            : layers + tr("%1, %2").arg(qs(m_lab.slot()), countText(m_lab.elements(), tr("element"))));
    for (QWidget *control : {static_cast<QWidget *>(m_add), static_cast<QWidget *>(m_order)})
        control->setEnabled(!m_lab.layers().empty());
    m_table->setVisible(!m_lab.layers().empty());
    const LabStore::Count count = m_lab.count();
    const QString running = m_lab.idle() || m_lab.layers().empty()
        ? QString()
        : tr("%1 of %2 candidates").arg(count.done).arg(count.total);
    m_stop->setVisible(!running.isEmpty());
    m_restore->setVisible(m_lab.hasRemoved());
    QStringList notes;
    if (!running.isEmpty())
        notes << running;
    if (!m_lab.problem().empty())
        notes << qs(m_lab.problem());
    else if (m_lab.layers().empty())
        notes << (m_session.state() == Session::State::Ready
                ? tr("This selection has no weights to compare candidates with.")
                : tr("The quantizers are being computed…"));
    if (m_lab.againstQuantized())
        notes << tr("▲ The file holds only quantized values: errors are against those, not against the float weights.");
    if (m_model.columnCount() > 0)
        notes << tr(
            "framed: best of its row, unless more than three share it · beside a figure: change against the file");
    m_note->setText(notes.join(u" · "_s));
}

void CompareCandidates::refreshApply()
{
    const int column = m_table->chosen();
    m_remove->setEnabled(column > 0);
    const QString problem = applyProblem(m_session, m_session.currentSlot());
    const bool can = problem.isEmpty() && column > 0 && m_model.column(column).hasFigures;
    QString name = column > 0 ? qs(m_model.column(column).name) : QString();
    const QString tip = !problem.isEmpty() ? problem
        : column <= 0                      ? tr("Choose a candidate first.")
                                           : tr("%1 becomes the recipe of %2 (Enter); it can be undone (Ctrl+Z)")
                            .arg(name, m_lab.layers().size() > 1 ? tr("the selected layers") : tr("this layer"));
    if (name.size() > 18)
        name = m_model.column(column).title;
    m_apply->setText(column > 0 ? tr("Apply %1").arg(name) : tr("Apply"));
    m_apply->setEnabled(can);
    m_apply->setToolTip(plainTip(tip));
}

void CompareCandidates::apply()
{
    const int column = m_table->chosen();
    if (!m_apply->isEnabled() || column <= 0)
        return;
    const std::string &candidate = m_model.column(column).name;
    const std::vector<SlotChoice> choices = m_lab.choices(candidate);
    if (choices.empty())
        return;
    const QString layers = choices.size() == 1 ? qs(choices.front().layer) : tr("%1 layers").arg(choices.size());
    m_session.applyChoices(choices, u"%1 %2: %3"_s.arg(layers, qs(m_lab.slot()), qs(candidate)));
}

void CompareCandidates::refreshOverlay()
{
    if (m_model.columnOf(m_baseName) < 0)
        m_baseName = "file";
    m_base->setText(m_baseName.size() > 20 ? qs(m_baseName).left(19) + u"…"_s : qs(m_baseName));
    const auto first = m_lab.result(m_baseName);
    const auto second = m_table->chosen() >= 0 ? m_lab.result(m_model.column(m_table->chosen()).name) : nullptr;
    if (first == m_overlayFirst && second == m_overlaySecond && m_overlayKind->current() == m_overlayShown)
        return;
    m_overlayFirst = first;
    m_overlaySecond = second;
    m_overlayShown = m_overlayKind->current();
    if (!first || !second || !first->figures || !second->figures) {
        m_overlaying.cancel();
        m_overlay->showMessage(first && second ? tr("There are no figures to draw.") : QString());
        return;
    }
    const auto kind = m_overlayShown == 0 ? OverlayKind::Error : OverlayKind::Values;
    m_overlaying.start(
        [first, second, kind](const Progress &progress) { return overlay(*first, *second, kind, progress); },
        [this](Result<Overlay> drawn) {
            if (drawn)
                m_overlay->setOverlay(std::move(*drawn));
            else
                m_overlay->showMessage(qs(drawn.error().message));
        });
}

void CompareCandidates::refreshSweep()
{
    if (m_lab.layers().empty() || m_lab.slot() != Slot::Weight) {
        m_sweepNote->clear();
        return m_sweepChart->showMessage(tr("The sweep takes weights."));
    }
    const auto &layers = m_lab.layers();
    if (m_charts->isVisible() && sweptElements(*m_lab.network(), layers) <= kSweepAtOnce)
        m_sweep.request(layers);
    if (m_sweep.known(layers) < layers.size())
        return m_sweepChart->showMessage(
            m_sweep.idle() ? tr("A large layer: the Sweep part computes it on demand.") : tr("being computed…"));
    const auto points = m_sweep.points(layers);
    SweepData lines = sqnrOverBits(points, kDefaultGoal);
    addFile(lines, m_model);
    m_sweepNote->setFullText(reachText(points, kDefaultGoal));
    m_sweepChart->setData(std::move(lines));
}

} // namespace quantscope
