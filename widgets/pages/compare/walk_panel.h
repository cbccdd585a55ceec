#pragma once

#include "session/walk_store.h"

#include <QWidget>

class QDoubleSpinBox;
class QLabel;
class QPushButton;
class QSpinBox;

namespace quantscope {

class Session;
class SweepChart;
class SweepResult;
class Segmented;

/// Which widths the network can spare on data: each layer alone, then total bits against accuracy, and the fewest bits
/// that keep it as a recipe.
class WalkPanel : public QWidget {
    Q_OBJECT
public:
    explicit WalkPanel(Session &session, QWidget *parent = nullptr);
    ~WalkPanel() override;
    void refresh();
    WalkStore &store() { return m_store; }
    SweepChart *alone() const { return m_alone; }
    SweepChart *together() const { return m_together; }
    SweepResult *result() const { return m_result; }
    void setLoss(double loss);
    void setOver(WalkOver over);
    bool idle() const;
    void cancel() { m_store.cancel(); }

private:
    void makeNumbers();
    QWidget *makeControls();
    QWidget *makeCharts();
    void refreshProgress();
    void refreshResult();
    std::optional<std::size_t> chosenStep() const;
    QString resultText(std::size_t step) const;
    QString leftOut() const;

    Session &m_session;
    WalkStore m_store;
    WalkOver over() const;
    Segmented *m_over; ///< in the order of WalkOver
    QSpinBox *m_low, *m_high;
    QDoubleSpinBox *m_loss;
    QPushButton *m_run, *m_stop;
    QLabel *m_progress;
    SweepChart *m_alone, *m_together;
    SweepResult *m_result;
    std::optional<std::size_t> m_picked; ///< a step that was clicked
};

} // namespace quantscope
