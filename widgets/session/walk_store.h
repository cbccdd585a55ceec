#pragma once

#include "lab/width_walk.h"
#include "run/activation_widths.h"
#include "run/run_request.h"
#include "session/task.h"

#include <QObject>
#include <QTimer>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace quantscope {

class Session;
struct ModelFile;

/// Widths of the shown network's weights, activations or both on data: each alone, then all together. What was measured
/// belongs to the recipe, the data and the widths that it was measured with.
class WalkStore : public QObject {
    Q_OBJECT
public:
    explicit WalkStore(Session &session);
    ~WalkStore() override;

    /// Data are chosen, and the quantizers are known.
    bool hasData() const;
    /// Somebody looks: computes every width of [low, high] of each slot's own kind of quantizer, where they are not
    /// known. What is known of others is kept aside.
    void prepare(int low, int high, WalkOver over);
    using Points = std::shared_ptr<const std::vector<SweepPoint>>;
    Points points() const; ///< null: they are not known yet
    WalkCount count() const; ///< of points()
    /// Layers with activations that are left out: no other width of them is known, or nothing flows there.
    std::vector<std::string> missing() const;
    void start();
    void cancel(); ///< what is known stays
    /// As far as it is known; null before the first run.
    const WidthWalk *walk() const;
    std::size_t done() const; ///< runs of walk()
    bool running() const;
    bool idle() const { return !m_preparing.running() && !running(); }
    std::string problem() const { return m_problem; }

Q_SIGNALS:
    void changed();

private:
    struct Basis {
        RunRequest request;
        std::shared_ptr<const ModelFile> file;
        int low = 0, high = 0;
        WalkOver over = WalkOver::Weights;
        bool operator==(const Basis &other) const;
    };
    struct Known {
        Basis basis;
        Points points;
        std::vector<std::string> missing;
        std::optional<WidthWalk> walk;
        std::size_t done = 0;
    };
    /// What the worker told last.
    struct Latest {
        std::mutex mutex;
        std::optional<WidthWalk> walk;
        std::size_t done = 0;
    };
    std::optional<Basis> basisNow() const;
    Known *known();
    const Known *known() const;
    void onSession();
    void takeLatest();
    void finish(const Basis &basis, Result<WidthWalk> walk);

    Session &m_session;
    std::optional<Basis> m_basis;
    std::vector<Known> m_known; ///< the oldest first
    int m_low = 0, m_high = 0; ///< 0: nobody looks
    WalkOver m_over = WalkOver::Weights;
    std::string m_problem;
    std::shared_ptr<Latest> m_latest;
    QTimer m_looking; ///< at what the worker tells
    Task<ActivationWidths> m_preparing;
};

} // namespace quantscope
