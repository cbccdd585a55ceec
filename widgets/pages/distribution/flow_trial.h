#pragma once

#include "items/flow_facts.h"
#include "session/shown_flow.h"

#include <QObject>
#include <QTimer>

#include <memory>
#include <optional>

namespace quantscope {

class BitWeightChart;
class Session;

/// A type that is being tried on an activation: estimated at once from what flowed, then run in the network; proposed
/// for its place until it is applied or taken back.
class FlowTrial : public QObject {
    Q_OBJECT
public:
    FlowTrial(Session &session, BitWeightChart &chart, QObject *parent = nullptr);

    /// A type is tried on this place; another place, or another result, ends the trial.
    bool active(const ShownFlow &shown) const;
    std::vector<FigureText> figures(const ShownFlow &shown) const;
    /// What flowed under the tried type; null until it has run.
    const LayerFlow *exact() const;
    QString typeName() const;
    /// Why the type could not be run; empty when it could.
    QString problem() const { return m_problem; }
    /// The tried type becomes the recipe of this place, and the network runs with it.
    bool canApply() const;
    void apply();
    bool idle() const;
    void stop();
    /// Tries what is proposed for the place that the chart draws, and nothing where nothing is.
    void follow(const ShownFlow &drawn);

Q_SIGNALS:
    void changed();

private:
    void onWindow();
    void run();

    Session &m_session;
    BitWeightChart &m_chart;
    ShownFlow m_shown; ///< that the type is tried on
    TypeEstimate m_estimate;
    std::optional<RunResult> m_result;
    QString m_problem;
    QTimer m_delay;
    bool m_following = false;
};

} // namespace quantscope
