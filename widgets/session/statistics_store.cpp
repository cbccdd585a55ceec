#include "session/statistics_store.h"

#include "items/text.h"

#include <algorithm>

namespace quantscope {

void StatisticsStore::setNetwork(std::shared_ptr<const Network> network)
{
    cancel();
    m_network = std::move(network);
    m_known.clear();
    m_problems.clear();
    if (m_network)
        for (const Layer &layer : m_network->layers)
            for (const SlotQuantizer &slot : layer.slots)
                if (const SlotId id{layer.id, slot.slot}; ref(id).hasCodes())
                    m_queue.push_back(id);
    std::stable_partition(m_queue.begin(), m_queue.end(), [](const SlotId &key) { return key.slot == Slot::Weight; });
    m_total = m_queue.size();
    next();
}

SlotRef StatisticsStore::ref(const SlotId &id) const
{
    return m_network ? SlotRef{m_network, &m_network->layer(id.layer), m_network->slot(id)} : SlotRef();
}

void StatisticsStore::cancel()
{
    m_background.cancel();
    m_urgent.cancel();
    m_urgentKey.reset();
    m_backgroundKey.reset();
    m_queue.clear();
    m_growing.clear();
}

const SlotStatistics *StatisticsStore::get(const SlotId &key)
{
    if (const auto found = m_known.find(key); found != m_known.end())
        return &found->second;
    const bool asked = m_backgroundKey == key || m_urgentKey == key || m_problems.contains(key);
    if (asked || !ref(key).hasCodes())
        return nullptr;
    std::erase(m_queue, key);
    if (m_urgentKey)
        m_queue.push_front(*m_urgentKey); // somebody went on before it was done
    m_growing.erase(m_urgentKey.value_or(key));
    m_urgentKey = key;
    run(m_urgent, key);
    return nullptr;
}

const SlotStatistics *StatisticsStore::soFar(const SlotId &slot) const
{
    const auto found = m_growing.find(slot);
    return found == m_growing.end() ? nullptr : &found->second;
}

QString StatisticsStore::problem(const SlotId &slot) const
{
    const auto found = m_problems.find(slot);
    return found == m_problems.end() ? QString() : qs(found->second);
}

void StatisticsStore::next()
{
    if (m_backgroundKey || m_queue.empty())
        return;
    m_backgroundKey = m_queue.front();
    m_queue.pop_front();
    run(m_background, *m_backgroundKey);
}

void StatisticsStore::run(Task<SlotStatistics> &task, const SlotId &key)
{
    task.startShowing(
        [slot = ref(key)](const Progress &progress, const Partial<SlotStatistics> &partial) {
            return analyse(*slot.slot, {.hash = false, .channels = true}, progress, partial);
        },
        [this, key](Result<SlotStatistics> result) { store(key, std::move(result)); },
        [this, key](const SlotStatistics &soFar) {
            m_growing[key] = soFar;
            Q_EMIT grown(qs(m_network->layer(key.layer).name), qs(slotName(key.slot)));
        });
}

void StatisticsStore::store(const SlotId &key, Result<SlotStatistics> result)
{
    if (m_urgentKey == key)
        m_urgentKey.reset();
    if (m_backgroundKey == key)
        m_backgroundKey.reset();
    m_growing.erase(key);
    if (result)
        m_known[key] = std::move(*result);
    else
        m_problems[key] = result.error().message;
    Q_EMIT progress(static_cast<int>(m_known.size() + m_problems.size()), static_cast<int>(m_total));
    Q_EMIT ready(qs(m_network->layer(key.layer).name), qs(slotName(key.slot)));
    next();
}

} // namespace quantscope
