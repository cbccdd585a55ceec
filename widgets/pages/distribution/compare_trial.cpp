#include "pages/distribution/compare_trial.h"

#include "charts/bit_weight_chart.h"
#include "dialects/brevitas/recipe_edits.h"
#include "items/text.h"
#include "session/apply_problem.h"
#include "session/session.h"

using namespace Qt::StringLiterals;

namespace quantscope {

static constexpr int kDelay = 25; // ms: a drag passes several types, only where it rests counts

CompareTrial::CompareTrial(Session &session, BitWeightChart &chart, QObject *parent)
    : QObject(parent)
    , m_session(session)
    , m_chart(chart)
{
    m_delay.setSingleShot(true);
    m_delay.setInterval(kDelay);
    connect(&m_delay, &QTimer::timeout, this, &CompareTrial::compute);
    connect(&chart, &BitWeightChart::windowChanged, this, &CompareTrial::onWindow);
    connect(&session.proposals(), &Proposals::changed, this, &CompareTrial::follow);
}

bool CompareTrial::active(const SlotRef &slot) const { return m_chart.trying() && m_slot && slot == m_slot; }

void CompareTrial::onWindow()
{
    m_task.cancel();
    m_exact.reset();
    const SlotStatistics *statistics = m_session.currentStatistics();
    const auto type = m_chart.triedType();
    const SlotRef shown = m_session.currentSlot();
    if (!type || !statistics) {
        m_delay.stop();
        if (m_slot && m_slot == shown && !m_following) // taken back by hand
            m_session.proposals().withdraw({shown.layer->name}, shown.slot->slot);
        m_slot = {};
    } else {
        m_slot = shown;
        if (!m_following)
            m_session.proposals().propose({Proposal::of(shown.layer->name, shown.slot->slot, *type)});
        m_estimate = estimateType(
            statistics->bitWeights, static_cast<double>(statistics->low), static_cast<double>(statistics->high), *type);
        m_delay.start();
    }
    Q_EMIT changed();
}

QString CompareTrial::typeName() const
{
    return m_chart.triedType() ? qs(apFixedName(*m_chart.triedType())) : QString();
}

void CompareTrial::show(const SlotRef &slot, const SlotStatistics &statistics)
{
    if (!active(slot)) {
        m_chart.setEditable(slot.hasValues() && slot.slot->quantizer->kind == QuantizerKind::Affine);
        m_chart.setData(&statistics.bitWeights, bitWindow(*slot.slot->quantizer));
    }
    m_shown = slot;
    follow();
}

QString CompareTrial::lostBias() const
{
    const QString lost = m_slot && m_exact ? lostBiasText(*m_slot.slot, m_exact->slot) : QString();
    return lost.isEmpty() ? QString() : u" ▲ "_s + lost.toHtmlEscaped() + u'.';
}

/// Tries what is proposed for the slot that is drawn, and nothing where nothing is.
void CompareTrial::follow()
{
    const SlotRef slot = m_session.currentSlot();
    if (!slot || slot != m_shown || !quantscope::applyProblem(m_session, slot).isEmpty())
        return; // nothing is proposed there
    m_following = true;
    const Proposal *proposal = m_session.proposals().of(slot.layer->name, slot.slot->slot);
    if (const auto type = proposal ? proposal->fixedType() : std::nullopt)
        m_chart.tryType(*type);
    else if (active(slot))
        m_chart.resetType();
    m_following = false;
}

void CompareTrial::compute()
{
    if (!m_slot || !m_chart.triedType())
        return;
    CandidateText candidate;
    candidate.text = candidate.settings.preset = apFixedName(*m_chart.triedType());
    m_task.start(
        [slot = m_slot, candidate](const Progress &progress) -> Result<SlotComparison> {
            auto all = compareCandidates(
                *slot.network, {slot.layer->name}, {candidate}, {.slot = slot.slot->slot}, progress);
            if (!all)
                return tl::unexpected(all.error());
            return std::move(all->front());
        },
        [this](Result<SlotComparison> comparison) {
            if (comparison && comparison->candidates.size() > 1)
                m_exact = std::move(comparison->candidates[1]);
            Q_EMIT changed();
        });
}

std::vector<FigureText> CompareTrial::figures(const SlotStatistics &file) const
{
    return trialFigures(*m_chart.triedType(), m_estimate, m_exact ? &*m_exact : nullptr, file);
}

QString CompareTrial::applyProblem() const { return quantscope::applyProblem(m_session, m_slot); }

void CompareTrial::apply()
{
    const QString name = typeName();
    if (name.isEmpty() || !applyProblem().isEmpty())
        return;
    m_session.applyChoices({{m_slot.layer->name, m_slot.slot->slot, str(name), {}}},
        u"%1 %2: %3"_s.arg(qs(m_slot.layer->name), qs(m_slot.slot->slot), name));
}

} // namespace quantscope
