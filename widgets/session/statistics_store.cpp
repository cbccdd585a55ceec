#include "session/statistics_store.h"

#include "analysis/analyse.h"
#include "items/text.h"
#include "report/inspect.h"

#include <algorithm>

namespace quantscope {

/// What is handed to the background worker at once: a round trip through the window costs as much as reading a small
/// tensor, and what is asked for must not wait long.
static constexpr std::uint64_t kElementsAtOnce = 1u << 18;
static constexpr std::size_t kSlotsAtOnce = 64;

void StatisticsStore::setNetwork(std::shared_ptr<const Network> network, bool analyse)
{
    keepRunning(m_background, m_backgroundSlots, network.get());
    keepRunning(m_urgent, m_urgentSlots, network.get());
    std::erase_if(m_growing, [this](const auto &one) { return !isComputed(one.first); });
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

void StatisticsStore::keepRunning(Worker &task, Slots &slots, const Network *network)
{
    if (network && std::ranges::none_of(slots, [&](const SlotId &slot) { return isNewUnder(*network, slot); }))
        return;
    task.cancel();
    slots.clear();
}

bool StatisticsStore::isComputed(const SlotId &slot) const
{
    return std::ranges::count(m_backgroundSlots, slot) > 0 || std::ranges::count(m_urgentSlots, slot) > 0;
}

void StatisticsStore::fillQueue()
{
    for (const Layer &layer : m_inspection.network->layers)
        for (const SlotQuantizer &slot : layer.slots) {
            if (!ref({layer.id, slot.slot}).hasCodes())
                continue;
            ++m_total;
            const SlotId key{layer.id, slot.slot};
            if (!isComputed(key) && !m_inspection.statistics.contains(key))
                m_queue.push_back(key);
        }
    std::stable_partition(m_queue.begin(), m_queue.end(), [](const SlotId &key) { return key.slot == Slot::Weight; });
}

void StatisticsStore::cancel()
{
    m_background.cancel();
    m_urgent.cancel();
    m_urgentSlots.clear();
    m_backgroundSlots.clear();
    m_queue.clear();
    m_growing.clear();
}

const SlotStatistics *StatisticsStore::get(const SlotId &key)
{
    if (const SlotStatistics *known = m_inspection.of(key))
        return known;
    if (isComputed(key) || m_problems.contains(key) || !ref(key).hasCodes())
        return nullptr;
    std::erase(m_queue, key);
    for (const SlotId &left : m_urgentSlots) { // somebody went on before it was done
        m_queue.push_front(left);
        m_growing.erase(left);
    }
    m_urgentSlots = {key};
    run(m_urgent, m_urgentSlots);
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

/// The next of the queue, as many as are little work together.
StatisticsStore::Slots StatisticsStore::takeBatch()
{
    Slots batch;
    std::uint64_t elements = 0;
    while (!m_queue.empty() && batch.size() < kSlotsAtOnce) {
        elements += ref(m_queue.front()).count();
        if (!batch.empty() && elements > kElementsAtOnce)
            break;
        batch.push_back(m_queue.front());
        m_queue.pop_front();
    }
    return batch;
}

void StatisticsStore::next()
{
    if (!m_backgroundSlots.empty() || m_queue.empty())
        return;
    m_backgroundSlots = takeBatch();
    run(m_background, m_backgroundSlots);
}

void StatisticsStore::run(Worker &task, Slots &slots)
{
    using Statistics = std::shared_ptr<const SlotStatistics>;
    std::vector<std::pair<SlotId, SlotRef>> work;
    for (const SlotId &slot : slots)
        work.emplace_back(slot, ref(slot));
    task.startShowing(
        [work](const Progress &progress, const auto &tell) -> Result<std::vector<Analysed>> {
            std::vector<Analysed> batch;
            for (const auto &[id, slot] : work) {
                const auto tellMore = [&](SlotStatistics soFar) {
                    tell({{id, std::make_shared<const SlotStatistics>(std::move(soFar))}});
                };
                batch.push_back({id, guarded<Statistics>([&]() -> Result<Statistics> {
                                     return analyse(*slot.slot, {.hash = false, .channels = true}, progress, tellMore)
                                         .map([](SlotStatistics &&all) {
                                             return std::make_shared<const SlotStatistics>(std::move(all));
                                         });
                                 })});
                if (const auto &last = batch.back().statistics; !last && last.error().kind == ErrorKind::Cancelled)
                    return tl::unexpected(last.error());
            }
            return batch;
        },
        [this, &slots](Result<std::vector<Analysed>> batch) { store(slots, std::move(batch)); },
        [this](const std::vector<Analysed> &soFar) {
            const auto &[slot, statistics] = soFar.front();
            m_growing[slot] = *statistics;
            Q_EMIT grown(qs(m_inspection.network->layer(slot.layer).name), qs(slotName(slot.slot)));
        });
}

void StatisticsStore::store(Slots &slots, Result<std::vector<Analysed>> batch)
{
    const Slots done = std::exchange(slots, {});
    const auto network = m_inspection.network; // who is told may set another
    for (std::size_t at = 0; at < done.size(); ++at) {
        m_growing.erase(done[at]);
        if (batch && (*batch)[at].statistics)
            m_inspection.statistics[done[at]] = *(*batch)[at].statistics;
        else
            m_problems[done[at]] = (batch ? (*batch)[at].statistics.error() : batch.error()).message;
    }
    const std::size_t problems = m_inspection.diagnostics.size();
    if (idle())
        fillDiagnostics(m_inspection, m_problems);
    if (m_inspection.diagnostics.size() != problems)
        Q_EMIT diagnosticsChanged();
    Q_EMIT progress(static_cast<int>(m_inspection.statistics.size() + m_problems.size()), static_cast<int>(m_total));
    for (const SlotId &slot : done)
        if (network == m_inspection.network)
            Q_EMIT ready(qs(network->layer(slot.layer).name), qs(slotName(slot.slot)));
    next();
}

} // namespace quantscope
