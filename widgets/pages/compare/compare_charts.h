#pragma once

#include "charts/chart_actions.h"
#include "items/compare_model.h"
#include "items/compare_overlay.h"
#include "session/task.h"

#include <QWidget>

#include <memory>
#include <string>

class QLabel;
class QMenu;
class QPushButton;

namespace quantscope {

class CompareOverlayChart;
class LabStore;
class Segmented;
class Session;
class SweepChart;
class SweepStore;

/// The charts under the table of candidates: the sweep of the selected layers, and the chosen candidate drawn over
/// another.
class CompareCharts : public QWidget {
    Q_OBJECT
public:
    CompareCharts(LabStore &lab, SweepStore &sweep, const CompareModel &model, QWidget *parent = nullptr);
    void refreshSweep();
    /// What pictures of both charts say of them; the chart's name is put behind it.
    /// What saved pictures say of the layers that are compared.
    void refreshCaptions(const Session &session);
    /// The candidate that is drawn; empty for none.
    void setChosen(const std::string &candidate);
    bool idle() const { return !m_overlaying.running(); }

private:
    QWidget *makeSweep();
    QWidget *makeOverlay();
    void fillBaseMenu();
    void refreshOverlay();

    LabStore &m_lab;
    SweepStore &m_sweep;
    const CompareModel &m_model;
    SweepChart *m_sweepChart;
    QLabel *m_sweepNote;
    QPushButton *m_base;
    QMenu *m_baseMenu;
    Segmented *m_overlayKind;
    CompareOverlayChart *m_overlay;
    std::string m_chosen, m_baseName = "file";
    std::shared_ptr<const CandidateResult> m_overlayFirst, m_overlaySecond;
    int m_overlayShown = -1;
    Task<Overlay> m_overlaying;
};

} // namespace quantscope
