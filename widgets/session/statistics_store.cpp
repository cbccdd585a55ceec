#include "session/statistics_store.h"

#include "analysis/analyse.h"
#include "items/text.h"
#include "report/inspect.h"

#include <algorithm>

namespace quantscope {

void StatisticsStore::setNetwork(std::shared_ptr<const Network> network, bool analyse)
{
    keepRunning(m_background, m_backgroundKey, network.get());
    keepRunning(m_urgent, m_urgentKey, network.get());
    std::erase_if(
        m_growing, [this](const auto &one) { return one.first != m_backgroundKey && one.first != m_urgentKey; });
    m_queue.clear();
    m_problems.clear();
    m_total = 0;
    const Inspection before = std::exchange(m_inspection, {});
    if (!network)
        return;
    m_inspection.statistics = keptStatistics(before, *network);
    m_inspection.diagnostics = network->diagnostics;
    m_inspection.network = std::move(network);
    if (!analyse)
        return;
    fillQueue();
    if (!m_inspection.statistics.empty() || idle())
        fillDiagnostics(m_inspection);
    next();
}

SlotRef StatisticsStore::ref(const SlotId &id) const
{
    const auto &network = m_inspection.network;
    return network ? SlotRef{network, &network->layer(id.layer), network->slot(id)} : SlotRef();
}

/// The slot is another one under this network, or not in it.
bool StatisticsStore::isNewUnder(const Network &network, const SlotId &key) const
{
    const SlotRef had = ref(key);
    if (!had || position(key.layer) >= network.layers.size() || network.layer(key.layer).name != had.layer->name)
        return true;
    const SlotQuantizer *now = network.slot(key);
    return !now || !sameCodes(*had.slot, *now);
}

void StatisticsStore::keepRunning(Worker &task, std::optional<SlotId> &key, const Network *network)
{
    if (key && network && !isNewUnder(*network, *key))
        return;
    task.cancel();
    key.reset();
}

void StatisticsStore::fillQueue()
{
    for (const Layer &layer : m_inspection.network->layers)
        for (const SlotQuantizer &slot : layer.slots) {
            if (!ref({layer.id, slot.slot}).hasCodes())
                continue;
            ++m_total;
            const SlotId key{layer.id, slot.slot};
            if (key != m_backgroundKey && key != m_urgentKey && !m_inspection.statistics.contains(key))
                m_queue.push_back(key);
        }
    std::stable_partition(m_queue.begin(), m_queue.end(), [](const SlotId &key) { return key.slot == Slot::Weight; });
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
    if (const SlotStatistics *known = m_inspection.of(key))
        return known;
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
    return found == m_growing.end() ? nullptr : found->second.get();
}

QString StatisticsStore::problem(const SlotId &slot) const
{
    const auto found = m_problems.find(slot);
    return found == m_problems.end() ? QString() : shownText(found->second);
}

void StatisticsStore::next()
{
    if (m_backgroundKey || m_queue.empty())
        return;
    m_backgroundKey = m_queue.front();
    m_queue.pop_front();
    run(m_background, *m_backgroundKey);
}

void StatisticsStore::run(Worker &task, const SlotId &key)
{
    task.startShowing(
        [slot = ref(key)](const Progress &progress, const Partial<std::shared_ptr<const SlotStatistics>> &tell)
            -> Result<std::shared_ptr<const SlotStatistics>> {
            auto statistics = analyse(*slot.slot, {.hash = false, .channels = true}, progress,
                [&](SlotStatistics soFar) { tell(std::make_shared<const SlotStatistics>(std::move(soFar))); });
            if (!statistics)
                return tl::unexpected(statistics.error());
            return std::make_shared<const SlotStatistics>(std::move(*statistics));
        },
        [this, key](Result<std::shared_ptr<const SlotStatistics>> result) { store(key, std::move(result)); },
        [this, key](const std::shared_ptr<const SlotStatistics> &soFar) {
            m_growing[key] = soFar;
            Q_EMIT grown(qs(m_inspection.network->layer(key.layer).name), qs(slotName(key.slot)));
        });
}

void StatisticsStore::store(const SlotId &key, Result<std::shared_ptr<const SlotStatistics>> result)
{
    if (m_urgentKey == key)
        m_urgentKey.reset();
    if (m_backgroundKey == key)
        m_backgroundKey.reset();
    m_growing.erase(key);
    if (result)
        m_inspection.statistics[key] = std::move(*result);
    else
        m_problems[key] = result.error().message;
    const std::size_t problems = m_inspection.diagnostics.size();
    if (idle())
        fillDiagnostics(m_inspection, m_problems);
    if (m_inspection.diagnostics.size() != problems)
        Q_EMIT diagnosticsChanged();
    Q_EMIT progress(static_cast<int>(m_inspection.statistics.size() + m_problems.size()), static_cast<int>(m_total));
    Q_EMIT ready(qs(m_inspection.network->layer(key.layer).name), qs(slotName(key.slot)));
    next();
}

} // namespace quantscope
