#include "pages/distribution/flow_trial.h"

#include "charts/bit_weight_chart.h"
#include "dialects/brevitas/recipe_edits.h"
#include "items/text.h"
#include "session/apply_problem.h"
#include "session/session.h"

using namespace Qt::StringLiterals;

namespace quantscope {

static constexpr int kRest = 60; // ms: a drag passes several types, only where it rests the network runs

FlowTrial::FlowTrial(Session &session, BitWeightChart &chart, QObject *parent)
    : QObject(parent)
    , m_session(session)
    , m_chart(chart)
{
    m_delay.setSingleShot(true);
    m_delay.setInterval(kRest);
    connect(&m_delay, &QTimer::timeout, this, &FlowTrial::run);
    connect(&chart, &BitWeightChart::windowChanged, this, &FlowTrial::onWindow);
}

bool FlowTrial::active(const ShownFlow &shown) const
{
    return m_chart.trying() && shown && m_shown.flow && shown.flow == m_shown.flow;
}

bool FlowTrial::idle() const { return !m_delay.isActive() && !m_session.runs().queue().busy(this); }

void FlowTrial::stop()
{
    m_delay.stop();
    m_session.runs().queue().cancel(this);
    m_result.reset();
    m_problem.clear();
    m_shown = {};
}

void FlowTrial::onWindow()
{
    const ShownFlow had = m_shown;
    stop();
    const ShownFlow shown = shownFlow(m_session);
    const auto type = m_chart.triedType();
    if (shown.slot && shown.flow && !m_following) {
        if (type)
            m_session.proposals().propose({Proposal::of(shown.layer->name, shown.slot->slot, *type)});
        else if (had.flow == shown.flow) // taken back by hand
            m_session.proposals().withdraw({shown.layer->name}, shown.slot->slot);
    }
    if (type && shown.flow) {
        m_shown = shown;
        const SlotStatistics &seen = shown.flow->figures.seen;
        m_estimate
            = estimateType(seen.bitWeights, static_cast<double>(seen.low), static_cast<double>(seen.high), *type);
        m_delay.start();
    }
    Q_EMIT changed();
}

void FlowTrial::follow(const ShownFlow &drawn)
{
    if (!drawn.slot || !drawn.flow || !applyProblem(m_session, drawn.ref()).isEmpty())
        return; // nothing is proposed there
    m_following = true;
    const Proposal *proposal = m_session.proposals().of(drawn.layer->name, drawn.slot->slot);
    if (const auto type = proposal ? proposal->fixedType() : std::nullopt)
        m_chart.tryType(*type);
    else if (active(drawn))
        m_chart.resetType();
    m_following = false;
}

QString FlowTrial::typeName() const { return m_chart.triedType() ? qs(apFixedName(*m_chart.triedType())) : QString(); }

bool FlowTrial::canApply() const
{
    return m_shown.slot && m_chart.trying() && applyProblem(m_session, m_shown.ref()).isEmpty();
}

void FlowTrial::apply()
{
    if (!canApply())
        return;
    const QString name = typeName();
    m_session.applyChoices({{m_shown.layer->name, m_shown.slot->slot, str(name), {}}},
        u"%1 %2: %3"_s.arg(qs(m_shown.layer->name), qs(m_shown.slot->slot), name));
    m_session.runs().run();
}

void FlowTrial::run()
{
    if (!active(shownFlow(m_session)))
        return;
    RunRequest request = m_session.runs().request();
    request.with = {m_shown.place() + "=" + str(typeName())};
    m_session.runs().queue().post(this, request, [this](Result<RunResult> result) {
        if (result)
            m_result = std::move(*result);
        else
            m_problem = shownText(result.error().text());
        Q_EMIT changed();
    });
}

const LayerFlow *FlowTrial::exact() const
{
    return m_result && m_shown.slot ? m_result->at(m_shown.layer->id, m_shown.slot->slot) : nullptr;
}

std::vector<FigureText> FlowTrial::figures(const ShownFlow &shown) const
{
    FlowTrialFigures trial{*m_chart.triedType(), m_estimate, exact(), {}, {}};
    if (m_result)
        trial.accuracy = m_result->accuracy();
    if (const RunResult *own = m_session.runs().result())
        trial.ownAccuracy = own->accuracy();
    return flowFigures(trial, *shown.flow);
}

} // namespace quantscope
