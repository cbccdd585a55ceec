#pragma once

#include "analysis/inspection.h"
#include "items/slot_ref.h"
#include "session/task.h"

#include <QObject>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace quantscope {

/// Statistics of every slot, computed in the background: weights first, in the order of the layers, small tensors
/// several at a time. What somebody looks at is computed at once on a second worker, so that one huge tensor does not
/// hold it up.
class StatisticsStore : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;

    /// Goes on with another network. Slots that are in both with the same tensor and an equal quantizer keep what is
    /// known of them, and what is being computed of them goes on. Computes nothing unless `analyse`.
    void setNetwork(std::shared_ptr<const Network> network, bool analyse = true);
    /// The network with what is known so far. Its diagnostics are complete once all statistics are there.
    const Inspection &inspection() const { return m_inspection; }
    /// Null while it is being computed; asks for it.
    const SlotStatistics *get(const SlotId &slot);
    /// Of the elements that were read so far, while it is being computed; null before the first and when it is done.
    const SlotStatistics *soFar(const SlotId &slot) const;
    /// Why a slot has none.
    QString problem(const SlotId &slot) const;
    const std::map<SlotId, std::string> &problems() const { return m_problems; }
    bool idle() const { return m_queue.empty() && !m_background.running() && !m_urgent.running(); }
    std::size_t total() const { return m_total; }
    /// Every slot has statistics, or a reason why it has none: false also after cancel().
    bool complete() const { return idle() && m_inspection.statistics.size() + m_problems.size() >= m_total; }
    void cancel();

Q_SIGNALS:
    void ready(const QString &layer, const QString &slot);
    void grown(const QString &layer, const QString &slot); ///< soFar() has more
    void progress(int done, int total);
    void diagnosticsChanged(); ///< what the data tell has joined the inspection's diagnostics

private:
    struct Analysed {
        SlotId slot;
        Result<std::shared_ptr<const SlotStatistics>> statistics;
    };
    using Worker = Task<std::vector<Analysed>>;
    using Slots = std::vector<SlotId>;
    SlotRef ref(const SlotId &id) const;
    bool isNewUnder(const Network &network, const SlotId &key) const;
    void keepRunning(Worker &task, Slots &slots, const Network *network);
    bool isComputed(const SlotId &slot) const;
    void fillQueue();
    Slots takeBatch();
    void next();
    void run(Worker &task, Slots &slots);
    void store(Slots &slots, Result<std::vector<Analysed>> batch);

    Inspection m_inspection;
    StatisticsMap m_growing;
    std::map<SlotId, std::string> m_problems;
    std::deque<SlotId> m_queue;
    Slots m_urgentSlots, m_backgroundSlots; ///< what the workers have
    std::size_t m_total = 0;
    Worker m_background, m_urgent;
};

} // namespace quantscope
