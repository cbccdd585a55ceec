#pragma once

#include "pages/page.h"
#include "session/lab_store.h"
#include "session/sweep_store.h"

#include <QTimer>

#include <array>

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
    CompareCandidates *candidates() const { return m_candidates; }
    SweepPanel *sweepPanel() const { return m_sweepPanel; }
    ComparePower *power() const { return m_power; }
    bool idle() const override;
    bool cancelWork() override;
    QStringList parts() const override;
    void showPart(int view) override;

protected:
    void refresh() override;

private:
    /// Not a stack: it would be as high as its highest panel.
    std::array<QWidget *, 3> panels() const;
    void onSwept();
    void refreshView();

    LabStore m_lab;
    SweepStore m_sweep;
    QTimer m_sweptAwaited; ///< runs while something was swept that is not drawn
    Segmented *m_switch;
    CompareCandidates *m_candidates;
    SweepPanel *m_sweepPanel;
    ComparePower *m_power;
};

} // namespace quantscope
