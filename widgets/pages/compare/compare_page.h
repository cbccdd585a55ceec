#pragma once

#include "pages/page.h"
#include "session/effect_store.h"
#include "session/lab_store.h"
#include "session/sweep_store.h"

#include <QPointer>
#include <QTimer>

#include <array>

class QLabel;

namespace quantscope {

class CompareCandidates;
class ComparePower;
class Segmented;
class SweepPanel;
class WalkPanel;

/// The quantizer lab: candidates beside each other, a sweep over bit widths, what a power-of-two scale costs, and
/// which widths the network can spare on data.
class ComparePage : public Page {
    Q_OBJECT
public:
    enum View { Candidates, Sweep, PowerOfTwo, OnData };

    explicit ComparePage(Session &session, QWidget *parent = nullptr);
    LabStore &lab() { return m_lab; }
    SweepStore &sweep() { return m_sweep; }
    EffectStore &effects() { return m_effects; }
    CompareCandidates *candidates() const { return m_candidates; }
    SweepPanel *sweepPanel() const { return m_sweepPanel; }
    ComparePower *power() const { return m_power; }
    WalkPanel *walkPanel() const { return m_walk; }
    bool idle() const override;
    bool cancelWork() override;
    QStringList parts() const override;
    void showPart(int view) override;

protected:
    void refresh() override;
    void hideEvent(QHideEvent *event) override;

private:
    /// Not a stack: it would be as high as its highest panel.
    std::array<QWidget *, 4> panels() const;
    void onSwept();
    void refreshView();
    void refreshCandidates();
    void refreshWhat(bool ofFlow);

    LabStore m_lab;
    SweepStore m_sweep;
    QPointer<Session> m_open;
    EffectStore m_effects;
    QLabel *m_what; ///< what the errors are of
    QTimer m_sweptAwaited; ///< runs while something was swept that is not drawn
    Segmented *m_switch;
    CompareCandidates *m_candidates;
    SweepPanel *m_sweepPanel;
    ComparePower *m_power;
    WalkPanel *m_walk;
};

} // namespace quantscope
