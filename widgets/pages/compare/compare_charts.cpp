#include "pages/compare/compare_charts.h"

#include "charts/compare_overlay_chart.h"
#include "charts/sweep_chart.h"
#include "items/text.h"
#include "look/controls.h"
#include "look/flow_layout.h"
#include "pages/compare/sweep_data.h"
#include "pages/parts/chart_caption.h"
#include "session/lab_store.h"
#include "session/session.h"
#include "session/sweep_store.h"

#include <QBoxLayout>
#include <QMenu>
#include <QPushButton>

using namespace Qt::StringLiterals;

namespace quantscope {

static constexpr std::uint64_t kLayersAtOnce = 30'000'000; // larger layers are swept only when somebody asks for it

CompareCharts::CompareCharts(LabStore &lab, SweepStore &sweep, const CompareModel &model, QWidget *parent)
    : QWidget(parent)
    , m_lab(lab)
    , m_sweep(sweep)
    , m_model(model)
{
    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(12);
    row->addWidget(makeSweep(), 1);
    row->addWidget(makeOverlay(), 1);
}

/// A chart takes what the table above leaves: what it likes would make the page scroll.
static void leaveHeight(QWidget *chart)
{
    chart->setMinimumHeight(100);
    chart->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Ignored);
}

QWidget *CompareCharts::makeSweep()
{
    auto *sweepCard = new Card(nullptr, 12);
    auto *sweepHeader = new QHBoxLayout;
    sweepHeader->setSpacing(8);
    m_sweepNote = dimLabel();
    m_sweepNote->setWordWrap(true);
    m_sweepNote->setObjectName(u"sweep-note"_s);
    sweepHeader->addWidget(titleLabel(tr("SQNR over bits")), 0, Qt::AlignTop);
    sweepHeader->addWidget(m_sweepNote, 1);
    m_sweepChart = new SweepChart(tr("SQNR over bits"));
    leaveHeight(m_sweepChart);
    sweepCard->box()->addLayout(sweepHeader);
    sweepCard->box()->addWidget(m_sweepChart, 1);
    return sweepCard;
}

QWidget *CompareCharts::makeOverlay()
{
    auto *overlayCard = new Card(nullptr, 12);
    auto *overlayHeader = new FlowLayout(nullptr, 6); // else it would hold the page wide
    m_base = textButton(tr("file"), tr("What the chosen candidate is drawn over"));
    m_baseMenu = new QMenu(m_base);
    m_base->setMenu(m_baseMenu);
    m_overlayKind = new Segmented(tr("What the overlay shows"));
    m_overlayKind->setItems({tr("Error"), tr("Values")});
    m_overlayKind->setItemTip(0, tr("how many |e| lie in each power of two; a logarithmic count"));
    m_overlayKind->setItemTip(1, tr("how many weights become each value of the grid; a logarithmic count"));
    overlayHeader->addWidget(titleLabel(tr("Chosen over")));
    overlayHeader->addWidget(m_base);
    overlayHeader->addStretch();
    overlayHeader->addWidget(m_overlayKind);
    m_overlay = new CompareOverlayChart;
    leaveHeight(m_overlay);
    overlayCard->box()->addLayout(overlayHeader);
    overlayCard->box()->addWidget(m_overlay, 1);
    connect(m_baseMenu, &QMenu::aboutToShow, this, &CompareCharts::fillBaseMenu);
    connect(m_overlayKind, &Segmented::selected, this, &CompareCharts::refreshOverlay);
    return overlayCard;
}

void CompareCharts::refreshCaptions(const Session &session)
{
    const auto &layers = m_lab.layers();
    const SlotRef of = layers.empty() ? SlotRef() : slotRef(m_lab.network(), layers.front(), m_lab.slot());
    const auto caption = [&](const QString &chart) { return chartCaption(session, of, chart); };
    m_sweepChart->actions()->setCaption(caption(tr("SQNR over bits")));
    m_overlay->actions()->setCaption(caption(tr("candidate over %1").arg(qs(m_baseName))));
}

void CompareCharts::setChosen(const std::string &candidate)
{
    m_chosen = candidate;
    refreshOverlay();
}

void CompareCharts::fillBaseMenu()
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

void CompareCharts::refreshOverlay()
{
    if (m_model.columnOf(m_baseName) < 0)
        m_baseName = "file";
    m_base->setText(m_baseName.size() > 20 ? qs(m_baseName).left(19) + u"…"_s : qs(m_baseName));
    const auto first = m_lab.result(m_baseName);
    const auto second = m_chosen.empty() ? nullptr : m_lab.result(m_chosen);
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

void CompareCharts::refreshSweep()
{
    if (m_lab.layers().empty() || m_lab.slot() != Slot::Weight) {
        m_sweepNote->clear();
        return m_sweepChart->showMessage(tr("The sweep takes weights."));
    }
    const auto &layers = m_lab.layers();
    if (isVisible() && sweptElements(*m_lab.network(), layers) <= kLayersAtOnce)
        m_sweep.request(layers);
    if (m_sweep.known(layers) < layers.size()) {
        m_sweepNote->clear();
        return m_sweepChart->showMessage(
            m_sweep.idle() ? tr("A large layer: the Sweep part computes it on demand.") : tr("being computed…"));
    }
    const auto points = m_sweep.points(layers);
    SweepData lines = sqnrOverBits(points, kDefaultGoal);
    addFile(lines, m_model);
    m_sweepNote->setText(reachText(points, kDefaultGoal));
    m_sweepChart->setData(std::move(lines));
}

} // namespace quantscope
