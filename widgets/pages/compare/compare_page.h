#pragma once

#include "pages/page.h"
#include "session/effect_store.h"
#include "session/lab_store.h"
#include "session/sweep_store.h"

#include <QTimer>

#include <array>

class QLabel;

namespace quantscope {

class CompareCandidates;
class ComparePower;
class Segmented;
class SweepPanel;

/// The quantizer lab: candidates beside each other, a sweep over bit widths, and what a power-of-two scale costs.
class ComparePage : public Page {
    Q_OBJECT
public:
    enum View { Candidates, Sweep, PowerOfTwo };

    explicit ComparePage(Session &session, QWidget *parent = nullptr);
    LabStore &lab() { return m_lab; }
    SweepStore &sweep() { return m_sweep; }
    EffectStore &effects() { return m_effects; }
    CompareCandidates *candidates() const { return m_candidates; }
    SweepPanel *sweepPanel() const { return m_sweepPanel; }
    ComparePower *power() const { return m_power; }
    bool idle() const override;
    bool cancelWork() override;
    QStringList parts() const override;
    void showPart(int view) override;

protected:
    void refresh() override;
    void hideEvent(QHideEvent *event) override;

private:
    /// Not a stack: it would be as high as its highest panel.
    std::array<QWidget *, 3> panels() const;
    void onSwept();
    void refreshView();
    void refreshCandidates();
    void refreshWhat(bool ofFlow);

    LabStore m_lab;
    SweepStore m_sweep;
    EffectStore m_effects;
    QLabel *m_what; ///< what the errors are of
    QTimer m_sweptAwaited; ///< runs while something was swept that is not drawn
    Segmented *m_switch;
    CompareCandidates *m_candidates;
    SweepPanel *m_sweepPanel;
    ComparePower *m_power;
};

} // namespace quantscope
