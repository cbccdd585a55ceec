#pragma once

#include "items/compare_estimate.h"
#include "items/slot_ref.h"
#include "lab/compare.h"
#include "session/task.h"

#include <QObject>
#include <QTimer>

#include <optional>

namespace quantscope {

class BitWeightChart;
class Session;

/// A type that is being tried on the bit-weight chart: estimated at once, computed exactly on a worker, proposed for
/// its slot until it is applied to the recipe or taken back.
class CompareTrial : public QObject {
    Q_OBJECT
public:
    CompareTrial(Session &session, BitWeightChart &chart, QObject *parent = nullptr);

    /// A type is tried on this slot; another slot ends the trial.
    bool active(const SlotRef &slot) const;
    /// In the order of slotFigures, and "would be clipped".
    std::vector<FigureText> figures(const SlotStatistics &file) const;
    bool exact() const { return m_exact.has_value(); }
    /// The tried type's codes and figures; null until they are computed.
    const CandidateResult *exactResult() const { return m_exact ? &*m_exact : nullptr; }
    bool idle() const { return !m_delay.isActive() && !m_task.running(); }
    QString typeName() const;
    /// Why the type cannot become the recipe; empty when it can.
    QString applyProblem() const;
    void apply();
    /// Draws the slot, and what is proposed for it; what is tried outlives being shown again.
    void show(const SlotRef &slot, const SlotStatistics &statistics);
    /// Rich text behind a sentence; empty where the type that is tried leaves the bias what it is.
    QString lostBias() const;

Q_SIGNALS:
    void changed();

private:
    void onWindow();
    void follow();
    void compute();

    Session &m_session;
    BitWeightChart &m_chart;
    SlotRef m_shown; ///< what the chart draws
    SlotRef m_slot; ///< for which a type is tried
    TypeEstimate m_estimate;
    std::optional<CandidateResult> m_exact;
    bool m_following = false;
    QTimer m_delay;
    Task<SlotComparison> m_task;
};

} // namespace quantscope
