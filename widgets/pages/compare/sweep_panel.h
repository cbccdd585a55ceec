#pragma once

#include "lab/allocation.h"
#include "session/sweep_families.h"
#include "session/sweep_store.h"

#include <QWidget>

class QCheckBox;
class QDoubleSpinBox;
class QLabel;
class QPushButton;
class QSpinBox;

namespace quantscope {

class Session;
class SweepChart;
class SweepResult;

/// Error over bit widths: the selected layers as lines, the whole network as a front of total bits against error, and
/// the fewest bits that keep a goal as a recipe.
class SweepPanel : public QWidget {
    Q_OBJECT
public:
    SweepPanel(Session &session, SweepStore &store, QWidget *parent = nullptr);
    ~SweepPanel() override;
    SweepSettings settings() const;
    void setGoal(double db);
    void refresh();
    /// What Copy and Apply take: a dot of the front that was clicked, else the fewest bits that keep the goal.
    const std::optional<Allocation> &allocation() const { return m_allocation; }
    SweepResult *result() const { return m_result; }
    bool idle() const;
    void cancel(); ///< what is known stays; nothing is computed again until somebody asks

private:
    void makeNumbers();
    QWidget *makeControls();
    QWidget *makeCharts();
    void fillFamilies();
    void onSettings();
    void forgetOther(const std::shared_ptr<const ModelFile> &file);
    void refreshProgress(const std::vector<std::string> &all);
    void refreshNetwork(const std::vector<std::string> &all);
    void showAllocation();
    QString resultText() const;

    Session &m_session;
    SweepStore &m_store;
    std::vector<std::string> m_families = defaultFamilies();
    QSpinBox *m_low, *m_high;
    QDoubleSpinBox *m_goal;
    QPushButton *m_familyButton, *m_runAll, *m_stop;
    QCheckBox *m_exactOnly;
    QLabel *m_progress;
    QLabel *m_reach, *m_frontNote;
    SweepChart *m_lines, *m_front;
    SweepResult *m_result;
    using Points = std::shared_ptr<const std::vector<SweepPoint>>;
    /// What is computed over all layers: on a worker, since networks have thousands.
    struct Front {
        Points points;
        std::vector<Allocation> allocations; ///< the front
        std::optional<Allocation> cheapest;
        std::size_t swept = 0, layers = 0; ///< what it is of
        bool empty() const { return !points || points->empty(); }
    };
    static Result<Front> frontOf(Points points, double goal);
    std::vector<SweepPoint> pointsOf(const std::vector<std::string> &layers) const;
    void onDot(int line, int dot);
    Front m_network;
    Points m_points; ///< of all layers
    struct PointsOf {
        std::uint64_t revision = 0;
        bool exactOnly = false;
        std::vector<std::string> layers;
        bool operator==(const PointsOf &) const = default;
    };
    PointsOf m_pointsOf;
    Task<Front> m_fronting;
    std::optional<Allocation> m_allocation;
    std::optional<int> m_picked;
    bool m_stopped = false; ///< by a person: nothing begins by itself
    bool m_runAsked = false;
    std::shared_ptr<const ModelFile> m_file; ///< of which all this is
};

} // namespace quantscope
