#pragma once

#include "items/compare_model.h"
#include "items/compare_overlay.h"
#include "session/task.h"

#include <QWidget>

class QAction;
class QLabel;
class QLineEdit;
class QMenu;
class QPushButton;

namespace quantscope {

class Card;
class LabStore;
class CompareOverlayChart;
class CompareTable;
class ElidedLabel;
class Segmented;
class Session;
class SweepChart;
class SweepStore;

/// The table of candidates with what belongs to it: adding, ordering, applying, the sweep of this layer, the overlay of
/// two.
class CompareCandidates : public QWidget {
    Q_OBJECT
public:
    CompareCandidates(Session &session, LabStore &lab, SweepStore &sweep, QWidget *parent = nullptr);
    void refresh();
    void refreshSweep();
    CompareModel &model() { return m_model; }
    CompareTable *table() const { return m_table; }
    /// Chooses a candidate by its text; false when there is none.
    bool choose(const std::string &candidate);
    void apply();
    bool idle() const { return !m_overlaying.running(); }

protected:
private:
    QWidget *makeTable();
    QLayout *makeFooter();
    void makeAdd();
    QWidget *makeHeader();
    QWidget *makeCharts();
    void addTyped();
    void showAddProblem(const QString &text);
    void removeChosen();
    void setOrder(std::optional<CompareFigure> figure);
    void fillOrderMenu();
    void fillBaseMenu();
    void refreshColumns();
    void refreshNotes();
    void refreshApply();
    void refreshOverlay();
    void onChosen();

    Session &m_session;
    LabStore &m_lab;
    SweepStore &m_sweep;
    CompareModel m_model;
    CompareTable *m_table;
    QLabel *m_title, *m_about, *m_problem, *m_note;
    QLineEdit *m_add;
    QPushButton *m_order, *m_apply, *m_remove, *m_base, *m_stop, *m_restore;
    QMenu *m_orderMenu, *m_baseMenu;
    QWidget *m_charts;
    SweepChart *m_sweepChart;
    ElidedLabel *m_sweepNote;
    Segmented *m_overlayKind;
    CompareOverlayChart *m_overlay;
    std::uint64_t m_shownRevision = 0;
    std::string m_chosen, m_baseName = "file";
    std::shared_ptr<const CandidateResult> m_overlayFirst, m_overlaySecond;
    int m_overlayShown = -1;
    Task<Overlay> m_overlaying;
};

} // namespace quantscope
