#pragma once

#include "session/sweep_run.h"

#include <QWidget>

class QDoubleSpinBox;
class QLabel;
class QPushButton;
class QSpinBox;

namespace quantscope {

class CodeView;
class ElidedLabel;
class Segmented;
class Session;
class SweepChart;

/// Error over bit widths: the selected layers as lines, the whole network as a front of total bits against error, and
/// the fewest bits that keep a goal as a recipe.
class SweepPanel : public QWidget {
    Q_OBJECT
public:
    SweepPanel(Session &session, SweepRun &run, QWidget *parent = nullptr);
    SweepSettings settings() const;
    void setWidths(int low, int high);
    void setGoal(double db);
    void refresh();
    /// What Copy and Apply take: a dot of the front that was clicked, else the fewest bits that keep the goal.
    const std::optional<Allocation> &allocation() const { return m_allocation; }
    QString recipeText() const;
    QString pythonText() const;
    void apply();
    bool idle() const { return !m_fronting.running(); }

private:
    void makeNumbers();
    QWidget *makeControls();
    QWidget *makeCharts();
    QWidget *makeResult();
    void fillFamilies();
    void onSettings();
    void refreshProgress(const std::vector<std::string> &all);
    void refreshNetwork(const std::vector<std::string> &all);
    void showAllocation();
    void showText();
    QString resultText() const;

    Session &m_session;
    SweepRun &m_run;
    std::vector<std::string> m_families = defaultFamilies();
    QSpinBox *m_low, *m_high;
    QDoubleSpinBox *m_goal;
    QPushButton *m_familyButton, *m_runAll, *m_stop, *m_copy, *m_apply;
    QLabel *m_progress;
    ElidedLabel *m_reach, *m_frontNote;
    QLabel *m_resultTitle;
    SweepChart *m_lines, *m_front;
    Segmented *m_form;
    CodeView *m_text;
    /// What is computed over all layers: on a worker, since networks have thousands.
    struct Front {
        std::vector<SweepPoint> points;
        std::vector<Allocation> allocations; ///< the front
        std::optional<Allocation> cheapest;
        std::size_t swept = 0, layers = 0; ///< what it is of
    };
    static Result<Front> frontOf(std::vector<SweepPoint> points, double goal);
    Front m_network;
    Task<Front> m_fronting;
    std::optional<Allocation> m_allocation;
    std::optional<int> m_picked;
    bool m_runAsked = false;
};

} // namespace quantscope
