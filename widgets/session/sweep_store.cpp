#include "session/sweep_store.h"

#include "dialects/brevitas/facts.h"
#include "lab/compare.h"

#include <algorithm>
#include <mutex>
#include <string_view>
#include <unordered_set>

namespace quantscope {

static constexpr Slot kSlot = Slot::Weight;

std::vector<std::string> sweptLayers(const Network &network) { return comparableLayers(network, kSlot); }

std::uint64_t sweptElements(const Network &network, const std::vector<std::string> &layers)
{
    const std::unordered_set<std::string_view> counted(layers.begin(), layers.end());
    std::uint64_t count = 0;
    for (const Layer &layer : network.layers)
        if (const SlotQuantizer *slot = layer.slot(kSlot); slot && slot->tensor && counted.contains(layer.name))
            count += slot->tensor->count();
    return count;
}

/// Gathered by the first layer that is swept, on the worker.
class SweepStore::SharedFacts {
public:
    const Result<BrevitasFacts> &of(const Network &network)
    {
        std::call_once(m_once, [&] { m_facts.emplace(gatherFacts(network)); });
        return *m_facts;
    }

private:
    std::once_flag m_once;
    std::optional<Result<BrevitasFacts>> m_facts;
};

SweepStore::SweepStore(QObject *parent)
    : QObject(parent)
{
}

SweepStore::~SweepStore() = default;

void SweepStore::setBasis(std::shared_ptr<const Network> network, const SweepSettings &settings)
{
    if (network == m_network && settings == m_settings)
        return;
    const bool anew = !network || settings != m_settings;
    if (network != m_network)
        m_facts = std::make_shared<SharedFacts>();
    if (network != m_network)
        m_bases = network ? std::make_unique<LabBases>(*network) : nullptr;
    m_network = std::move(network);
    m_settings = settings;
    if (anew) {
        m_task.cancel();
        m_running.reset();
        m_known.clear();
        ++m_revision;
        m_queue.clear();
        m_problem.clear();
    } else {
        forget();
    }
}

/// What the network does not say any more: an edit of one layer costs that layer.
void SweepStore::forget()
{
    const auto holds
        = [this](const std::string &layer, const LabBasis &basis) { return m_bases->of(layer, kSlot) == basis; };
    m_revision += std::erase_if(m_known, [&](const auto &entry) { return !holds(entry.first, entry.second.basis); });
    if (m_running && !holds(m_running->first, m_running->second)) {
        m_task.cancel();
        m_queue.push_front(m_running->first);
        m_running.reset();
    }
    std::erase_if(m_queue, [this](const std::string &name) { return !m_bases->of(name, kSlot); });
    next();
}

void SweepStore::request(const std::vector<std::string> &layers)
{
    std::vector<std::string> wanted;
    std::ranges::copy_if(layers, std::back_inserter(wanted), [this](const std::string &name) {
        return !m_known.contains(name) && !(m_running && m_running->first == name);
    });
    const std::unordered_set<std::string_view> moved(wanted.begin(), wanted.end());
    std::erase_if(m_queue, [&](const std::string &name) { return moved.contains(name); });
    m_queue.insert(m_queue.begin(), wanted.begin(), wanted.end());
    next();
}

static Result<std::vector<SweepPoint>> sweepLayer(const Network &network, const Result<BrevitasFacts> &facts,
    const std::string &layer, const SweepSettings &settings, const Progress &progress)
{
    std::vector<CandidateText> candidates;
    for (const std::string &family : settings.families)
        if (auto candidate = parseCandidate(family))
            candidates.push_back(std::move(*candidate));
    auto compared = compareCandidatesWith(network, facts, {layer}, atWidths(candidates, settings.low, settings.high),
        {.slot = kSlot, .hash = false, .skipUnavailable = true}, progress);
    if (!compared)
        return tl::unexpected(compared.error());
    return sweepPoints(*compared);
}

void SweepStore::next()
{
    while (!m_queue.empty() && m_known.contains(m_queue.front()))
        m_queue.pop_front();
    if (m_task.running() || m_queue.empty() || !m_network || m_settings.families.empty())
        return;
    const std::string layer = m_queue.front();
    m_queue.pop_front();
    const auto basis = m_bases->of(layer, kSlot);
    if (!basis)
        return next();
    m_running.emplace(layer, *basis);
    m_task.start(
        [network = m_network, facts = m_facts, layer, settings = m_settings](
            const Progress &progress) { return sweepLayer(*network, facts->of(*network), layer, settings, progress); },
        [this, layer, basis = m_running->second](Result<std::vector<SweepPoint>> points) {
            m_running.reset();
            // One that failed is not tried again.
            ++m_revision;
            m_known[layer] = {basis, points ? std::move(*points) : std::vector<SweepPoint>{}};
            if (!points)
                m_problem = layer + ": " + points.error().message;
            next();
            Q_EMIT changed();
        });
}

std::vector<SweepPoint> SweepStore::points(const std::vector<std::string> &layers) const
{
    std::vector<SweepPoint> all;
    for (const std::string &layer : layers)
        if (const auto found = m_known.find(layer); found != m_known.end())
            all.insert(all.end(), found->second.points.begin(), found->second.points.end());
    return all;
}

std::size_t SweepStore::known(const std::vector<std::string> &layers) const
{
    return static_cast<std::size_t>(std::count_if(
        layers.begin(), layers.end(), [this](const std::string &layer) { return m_known.contains(layer); }));
}

void SweepStore::cancel()
{
    m_task.cancel();
    m_running.reset();
    m_queue.clear();
    Q_EMIT changed();
}

} // namespace quantscope
