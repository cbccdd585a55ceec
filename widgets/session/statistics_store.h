#pragma once

#include "items/slot_ref.h"
#include "report/layer_table.h"
#include "session/task.h"

#include <QObject>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>

namespace quantscope {

/// Statistics of every slot, computed in the background: weights first, in the order of the layers. What somebody looks
/// at is computed at once on a second worker, so that one huge tensor does not hold it up.
class StatisticsStore : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;

    /// Forgets everything and starts with a network's slots.
    void setNetwork(std::shared_ptr<const Network> network);
    /// Null while it is being computed; asks for it.
    const SlotStatistics *get(const SlotId &slot);
    /// Of the elements that were read so far, while it is being computed; null before the first and when it is done.
    const SlotStatistics *soFar(const SlotId &slot) const;
    const StatisticsMap &all() const { return m_known; }
    /// Why a slot has none.
    QString problem(const SlotId &slot) const;
    bool idle() const { return m_queue.empty() && !m_background.running() && !m_urgent.running(); }
    std::size_t total() const { return m_total; }
    void cancel();

Q_SIGNALS:
    void ready(const QString &layer, const QString &slot);
    void grown(const QString &layer, const QString &slot); ///< soFar() has more
    void progress(int done, int total);

private:
    SlotRef ref(const SlotId &id) const;
    void next();
    void run(Task<SlotStatistics> &task, const SlotId &key);
    void store(const SlotId &key, Result<SlotStatistics> result);

    std::shared_ptr<const Network> m_network;
    StatisticsMap m_known, m_growing;
    std::map<SlotId, std::string> m_problems;
    std::deque<SlotId> m_queue;
    std::optional<SlotId> m_urgentKey, m_backgroundKey;
    std::size_t m_total = 0;
    Task<SlotStatistics> m_background, m_urgent;
};

} // namespace quantscope
