#pragma once

#include "items/slot_ref.h"
#include "lab/sweep.h"
#include "session/task.h"

#include <QObject>

#include <deque>
#include <map>
#include <string>
#include <vector>

namespace quantscope {

/// What is swept: every family at every width.
struct SweepSettings {
    int low = 2, high = 8;
    std::vector<std::string> families;
    bool operator==(const SweepSettings &) const = default;
};
std::vector<std::string> defaultFamilies();
/// Families that a sweep can vary in width, the default ones first.
std::vector<std::string> sweepFamilies();
QString familyTitle(const std::string &family);

/// Sweeps weight layers one after the other in the background; what is known is kept as long as file, recipe's file and
/// settings stay.
class SweepRun : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;

    /// Points of other settings or files are forgotten.
    void setBasis(std::shared_ptr<const Network> network, const SweepSettings &settings);
    /// Sweeps what is not known of these layers; the first come first.
    void request(const std::vector<std::string> &layers);
    /// The points of the layers that are done, in their order.
    std::vector<SweepPoint> points(const std::vector<std::string> &layers) const;
    bool knows(const std::string &layer) const { return m_known.contains(layer); }
    std::size_t known(const std::vector<std::string> &layers) const;
    bool idle() const { return !m_task.running(); }
    void cancel();
    QString problem() const { return m_problem; }

    /// Layers with a weight that can be swept, and how many elements they have.
    static std::vector<std::string> weightLayers(const Network &network);
    static std::uint64_t elements(const Network &network, const std::vector<std::string> &layers);

Q_SIGNALS:
    void changed();

private:
    void next();

    std::shared_ptr<const Network> m_network;
    std::string m_basis;
    std::shared_ptr<const ModelFile> m_file;
    SweepSettings m_settings;
    std::deque<std::string> m_queue;
    std::map<std::string, std::vector<SweepPoint>> m_known;
    QString m_problem;
    Task<std::vector<SweepPoint>> m_task;
};

} // namespace quantscope
