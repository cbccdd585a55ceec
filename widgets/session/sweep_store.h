#pragma once

#include "lab/sweep.h"
#include "session/lab_basis.h"
#include "session/task.h"

#include <QObject>

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace quantscope {

/// What is swept: every family at every width.
struct SweepSettings {
    int low = 2, high = 8;
    std::vector<std::string> families;
    bool operator==(const SweepSettings &) const = default;
};

/// Sweeps of weight layers, computed one after the other in the background; a layer's points are kept as long as what
/// they depend on and the settings stay.
class SweepStore : public QObject {
    Q_OBJECT
public:
    explicit SweepStore(QObject *parent = nullptr);
    ~SweepStore() override;

    /// Points of other weights or settings are forgotten.
    void setBasis(std::shared_ptr<const Network> network, const SweepSettings &settings);
    /// Sweeps what is not known of these layers; the first come first.
    void request(const std::vector<std::string> &layers);
    /// The points of the layers that are done, in their order.
    std::vector<SweepPoint> points(const std::vector<std::string> &layers) const;
    std::size_t known(const std::vector<std::string> &layers) const;
    /// Counts changes: equal numbers mean equal points.
    std::uint64_t revision() const { return m_revision; }
    bool idle() const { return !m_task.running(); }
    void cancel();
    /// The layer that failed last and why; empty where none did.
    std::string problem() const { return m_problem; }

Q_SIGNALS:
    void changed();

private:
    struct Entry {
        LabBasis basis;
        std::vector<SweepPoint> points;
    };
    class SharedFacts;
    void forget();
    void next();

    std::shared_ptr<const Network> m_network;
    std::unique_ptr<LabBases> m_bases; ///< of the network
    std::shared_ptr<SharedFacts> m_facts; ///< of the network
    SweepSettings m_settings;
    std::deque<std::string> m_queue;
    std::map<std::string, Entry> m_known;
    std::optional<std::pair<std::string, LabBasis>> m_running;
    std::uint64_t m_revision = 1;
    std::string m_problem;
    Task<std::vector<SweepPoint>> m_task;
};

/// Layers with a weight that can be swept, and how many elements they have.
std::vector<std::string> sweptLayers(const Network &network);
std::uint64_t sweptElements(const Network &network, const std::vector<std::string> &layers);

} // namespace quantscope
