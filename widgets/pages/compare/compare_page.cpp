#include "pages/compare/compare_page.h"

#include "dialects/brevitas/presets.h"
#include "look/controls.h"
#include "look/flow_layout.h"
#include "pages/compare/compare_candidates.h"
#include "pages/compare/compare_power.h"
#include "pages/compare/compared_slot.h"
#include "pages/compare/sweep_panel.h"
#include "pages/compare/walk_panel.h"
#include "session/session.h"

#include <QBoxLayout>

using namespace Qt::StringLiterals;

namespace quantscope {

static constexpr int kDrawEvery = 100; // milliseconds

ComparePage::ComparePage(Session &session, QWidget *parent)
    : Page(session, parent)
    , m_open(&session)
    , m_effects(session)
    , m_what(dimLabel())
    , m_switch(new Segmented(tr("Part of the lab")))
    , m_candidates(new CompareCandidates(session, m_lab, m_sweep, m_effects))
    , m_sweepPanel(new SweepPanel(session, m_sweep))
    , m_power(new ComparePower(session))
    , m_walk(new WalkPanel(session))
{
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(10);
    m_switch->setItems({tr("Candidates"), tr("Sweep"), tr("Power of two"), tr("On data")});
    m_switch->setItemTip(Candidates, tr("what other quantizers would do to the selected layers"));
    m_switch->setItemTip(Sweep, tr("SQNR over bits, and the fewest bits of the whole network that keep it"));
    m_switch->setItemTip(PowerOfTwo, tr("what it costs to make the scale a power of two"));
    m_switch->setItemTip(
        OnData, tr("what each width does to the network’s output and accuracy, and which it can spare"));
    m_switch->setObjectName(u"compare-switch"_s);
    auto *row = new FlowLayout(nullptr, 8);
    row->addWidget(m_switch);
    row->addStretch();
    m_what->setObjectName(u"compare-what"_s);
    row->addWidget(m_what);
    column->addLayout(row);
    for (QWidget *panel : panels()) {
        column->addWidget(panel, 1);
        panel->setVisible(panel == m_candidates);
    }
    connect(m_switch, &Segmented::selected, this, &ComparePage::showPart);
    connect(&m_lab, &LabStore::changed, m_candidates, &CompareCandidates::refresh);
    connect(&m_effects, &EffectStore::changed, this, [this] {
        if (isVisible() && m_switch->current() == Candidates)
            refreshCandidates();
    });
    m_sweptAwaited.setSingleShot(true);
    connect(&m_sweptAwaited, &QTimer::timeout, this, &ComparePage::refreshView);
    connect(&m_sweep, &SweepStore::changed, this, &ComparePage::onSwept);
}

std::array<QWidget *, 4> ComparePage::panels() const { return {m_candidates, m_sweepPanel, m_power, m_walk}; }

QStringList ComparePage::parts() const
{
    return {u"compare"_s, u"compare-sweep"_s, u"compare-power"_s, u"compare-data"_s};
}

void ComparePage::showPart(int view)
{
    m_switch->setCurrent(view);
    for (QWidget *panel : panels()) // hidden first: two at once would make the page high for a moment
        panel->hide();
    panels()[static_cast<std::size_t>(view)]->show();
    refreshNow();
}

bool ComparePage::idle() const
{
    return m_lab.idle() && m_effects.idle() && m_sweep.idle() && m_candidates->idle() && m_sweepPanel->idle()
        && m_power->idle() && m_walk->idle();
}

bool ComparePage::cancelWork()
{
    const bool runs = !m_lab.idle() || !m_effects.idle() || !m_sweep.idle() || !m_walk->idle();
    m_lab.cancel();
    m_effects.cancel();
    m_sweepPanel->cancel();
    m_walk->cancel();
    return runs;
}

/// A small layer takes a millisecond, and what all of thousands add up to more than that.
void ComparePage::onSwept()
{
    if (m_sweep.idle())
        refreshView();
    else if (!m_sweptAwaited.isActive())
        m_sweptAwaited.start(kDrawEvery);
}

void ComparePage::refreshView()
{
    m_sweptAwaited.stop();
    if (m_switch->current() == Sweep)
        m_sweepPanel->refresh();
    else if (m_switch->current() == Candidates)
        m_candidates->refreshSweep();
}

void ComparePage::refreshCandidates()
{
    const auto network = session().state() == Session::State::Ready ? session().network() : nullptr;
    const Slot slot = comparedSlot(session(), m_effects.hasData());
    const bool ofFlow = presetSlot(slot) == Slot::Act;
    if (isVisible())
        m_effects.ask();
    m_lab.setFlows(m_effects.own());
    m_lab.select(network, ofFlow && !m_effects.hasData() ? QStringList() : session().selectedLayers(), slot);
    m_candidates->refresh();
    refreshWhat(ofFlow);
}

/// What a candidate's errors are of; those of the network stand in rows of their own.
void ComparePage::refreshWhat(bool ofFlow)
{
    const bool isWalk = m_switch->current() == OnData;
    m_what->setText(isWalk ? tr("on data: what the network computes")
            : ofFlow       ? tr("on data: error of what flows in, which is not accuracy")
            : m_effects.hasData() && m_switch->current() == Candidates ? tr("weight error; on data in the last rows")
                                                                       : tr("weight error, which is not accuracy"));
}

/// Nobody looks: what nobody waits for does not run.
void ComparePage::hideEvent(QHideEvent *event)
{
    Page::hideEvent(event);
    if (m_open) // a window that goes takes its session before its pages
        m_effects.want({}, {});
    schedule(); // for the next time
}

void ComparePage::refresh()
{
    const bool ready = session().state() == Session::State::Ready;
    const auto network = ready ? session().network() : nullptr;
    refreshWhat(false);
    m_sweep.setBasis(network, m_sweepPanel->settings());
    switch (m_switch->current()) {
    case Candidates: return refreshCandidates();
    case Sweep: return m_sweepPanel->refresh();
    case OnData: return m_walk->refresh();
    default: return m_power->refresh();
    }
}

} // namespace quantscope
