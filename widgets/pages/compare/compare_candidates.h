#pragma once

#include "items/compare_model.h"

#include <QWidget>

class QCheckBox;
class QLabel;
class QLineEdit;
class QMenu;
class QPushButton;

namespace quantscope {

class CompareCharts;
class EffectStore;
class LabStore;
class CompareTable;
class Session;
class SweepStore;

/// The table of candidates with what belongs to it: adding, ordering, applying, the sweep of this layer, the overlay of
/// two.
class CompareCandidates : public QWidget {
    Q_OBJECT
public:
    CompareCandidates(
        Session &session, LabStore &lab, SweepStore &sweep, EffectStore &effects, QWidget *parent = nullptr);
    void refresh();
    void refreshSweep();
    CompareModel &model() { return m_model; }
    CompareTable *table() const { return m_table; }
    /// Chooses a candidate by its text; false when there is none.
    bool choose(const std::string &candidate);
    void apply();
    bool idle() const;

private:
    QWidget *makeTable();
    QLayout *makeFooter();
    void makeAdd();
    QWidget *makeHeader();
    void addTyped();
    void showAddProblem(const QString &text);
    void removeChosen();
    void setOrder(std::optional<CompareFigure> figure);
    void fillOrderMenu();
    void refreshColumns();
    void refreshNotes();
    void refreshButtons(bool isComparing);
    void stop();
    void refreshApply();
    void onChosen();
    void propose();
    void takeSelection();
    std::vector<CompareColumn> shownColumns() const;
    std::vector<std::string> proposedTexts() const;

    Session &m_session;
    LabStore &m_lab;
    EffectStore &m_effects;
    CompareModel m_model;
    CompareTable *m_table;
    QLabel *m_title, *m_about, *m_problem, *m_note;
    QLineEdit *m_add;
    QPushButton *m_order, *m_apply, *m_remove, *m_stop, *m_resume, *m_restore;
    QCheckBox *m_exactOnly;
    QMenu *m_orderMenu;
    CompareCharts *m_charts;
    std::pair<std::uint64_t, std::uint64_t> m_shownRevision; ///< of the lab and of the effects
    std::string m_chosen; ///< by a person, or what is proposed
    std::vector<std::string> m_of; ///< the layers that are compared
    std::vector<std::string> m_shownTexts; ///< proposed for them, which the table has followed
    Slot m_ofSlot = Slot::Weight;
};

} // namespace quantscope
