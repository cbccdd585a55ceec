#include "session/lab_store.h"

#include "items/text.h"

#include <algorithm>

namespace quantscope {

// A batch is long enough to use all cores and short enough that the first columns come soon.
static constexpr std::uint64_t kBatchElements = 4'000'000;
static constexpr std::size_t kSmallestBatch = 2;

static const SlotQuantizer *slotOf(const Network &network, const std::string &layer, Slot slot)
{
    const Layer *found = network.layer(layer);
    return found ? found->slot(slot) : nullptr;
}

static bool comparable(const SlotQuantizer *slot)
{
    return slot && slot->tensor && slot->tensor->readable() && slot->tensor->count() > 0
        && (!slot->holdsCodes() || (slot->quantizer && slot->quantizer->isComplete()));
}

void LabStore::select(std::shared_ptr<const Network> network, const QStringList &layers, Slot slot)
{
    if (!network || !m_network || network->file != m_network->file)
        m_entries.clear();
    std::vector<std::string> names;
    if (network)
        for (const QString &name : layers)
            if (comparable(slotOf(*network, str(name), slot)))
                names.push_back(str(name));
    if (network == m_network && names == m_layers && slot == m_slot)
        return;
    if (network && m_network && network != m_network && quantizersDiffer(*network, *m_network))
        ++m_quantizers;
    m_task.cancel();
    m_network = std::move(network);
    m_layers = std::move(names);
    m_slot = slot;
    m_problem.clear();
    for (const std::string &layer : m_layers)
        entryOf(layer); // forgets what does not hold any more
    next();
    notify();
}

void LabStore::notify()
{
    ++m_revision;
    Q_EMIT changed();
}

std::uint64_t LabStore::elements() const
{
    std::uint64_t count = 0;
    for (const std::string &layer : m_layers)
        count += slotOf(*m_network, layer, m_slot)->tensor->count();
    return count;
}

const LabStore::Entry *LabStore::entry(const std::string &layer) const
{
    const auto found = m_entries.find({layer, m_slot});
    return found == m_entries.end() ? nullptr : &found->second;
}

LabStore::Entry &LabStore::entryOf(const std::string &layer)
{
    Entry &entry = m_entries[{layer, m_slot}];
    LabBasis basis = labBasis(*m_network, layer, m_slot, m_quantizers);
    const SlotQuantizer &slot = *slotOf(*m_network, layer, m_slot);
    if (entry.basis != basis || entry.offered.empty()) {
        entry = {};
        entry.basis = std::move(basis);
        // Stays under edits, so that columns do not jump when one is applied.
        entry.offered = offeredCandidates(slot, versionOf(m_network->recipe));
    } else if (entry.file && entry.file->quantizer != slot.quantizer) {
        entry.file.reset();
    }
    return entry;
}

std::vector<CandidateText> LabStore::wanted(const Entry &entry) const
{
    // Several layers are compared under the same texts: those of the first.
    const Entry *first = this->entry(m_layers.front());
    std::vector<CandidateText> all = first ? first->offered : entry.offered;
    for (const CandidateText &candidate : m_added)
        if (std::none_of(
                all.begin(), all.end(), [&](const CandidateText &other) { return other.text == candidate.text; }))
            all.push_back(candidate);
    std::erase_if(all, [this](const CandidateText &candidate) { return m_removed.contains(candidate.text); });
    return all;
}

std::vector<CandidateText> LabStore::missing(const Entry &entry) const
{
    std::vector<CandidateText> all = wanted(entry);
    std::erase_if(all, [&](const CandidateText &candidate) {
        return entry.results.contains(candidate.text) || entry.unavailable.contains(candidate.text);
    });
    return all;
}

void LabStore::next()
{
    if (m_task.running() || m_layers.empty())
        return;
    if (!m_checking.empty())
        return check(m_checking.front());
    for (const std::string &layer : m_layers) {
        Entry &entry = entryOf(layer);
        std::vector<CandidateText> batch = missing(entry);
        if (batch.empty() && entry.file)
            continue;
        const std::uint64_t count = slotOf(*m_network, layer, m_slot)->tensor->count();
        const auto most = std::max<std::size_t>(
            kSmallestBatch, static_cast<std::size_t>(kBatchElements / std::max<std::uint64_t>(1, count)));
        if (batch.size() > most)
            batch.resize(most);
        return run(layer, std::move(batch));
    }
}

void LabStore::run(const std::string &layer, std::vector<CandidateText> batch)
{
    m_task.start(
        [network = m_network, layer, slot = m_slot, batch](const Progress &progress) -> Result<SlotComparison> {
            auto all = compareCandidates(
                *network, {layer}, batch, {.slot = slot, .hash = false, .skipUnavailable = true}, progress);
            if (!all)
                return tl::unexpected(all.error());
            return std::move(all->front());
        },
        [this, layer, batch](Result<SlotComparison> comparison) {
            if (comparison) {
                store(layer, batch, *comparison);
                next();
            } else {
                m_problem = comparison.error().message;
            }
            notify();
        });
}

void LabStore::store(
    const std::string &layer, const std::vector<CandidateText> &batch, const SlotComparison &comparison)
{
    Entry &entry = entryOf(layer);
    entry.file = *slotOf(*m_network, layer, m_slot);
    entry.againstQuantized = comparison.againstQuantized;
    for (const CandidateResult &result : comparison.candidates)
        entry.results[result.name] = std::make_shared<const CandidateResult>(result);
    for (const CandidateText &candidate : batch)
        if (!entry.results.contains(candidate.text))
            entry.unavailable.insert(candidate.text);
}

void LabStore::add(const CandidateText &candidate)
{
    if (m_layers.empty())
        return;
    m_removed.erase(candidate.text);
    const std::vector<Results> known = results();
    if (std::any_of(
            known.begin(), known.end(), [&](const Results &all) { return all.front()->name == candidate.text; })) {
        notify();
        return;
    }
    m_checking.push_back(candidate);
    next();
}

/// A candidate that somebody typed is tried on the first layer alone: there its reason can be told.
void LabStore::check(const CandidateText &candidate)
{
    m_task.start(
        [network = m_network, layer = m_layers.front(), slot = m_slot, candidate](
            const Progress &progress) -> Result<SlotComparison> {
            auto all = compareCandidates(*network, {layer}, {candidate}, {.slot = slot}, progress);
            if (!all)
                return tl::unexpected(all.error());
            return std::move(all->front());
        },
        [this, layer = m_layers.front(), candidate](Result<SlotComparison> comparison) {
            m_checking.pop_front();
            if (comparison) {
                std::erase_if(m_added, [&](const CandidateText &other) { return other.text == candidate.text; });
                m_added.push_back(candidate);
                entryOf(layer).unavailable.erase(candidate.text);
                store(layer, {candidate}, *comparison);
            } else {
                Q_EMIT refused(qs(candidate.text), qs(comparison.error().message));
            }
            next();
            notify();
        });
}

void LabStore::remove(const std::string &candidate)
{
    if (candidate == "file")
        return;
    m_removed.insert(candidate);
    notify();
}

void LabStore::restore()
{
    m_removed.clear();
    next();
    notify();
}

std::vector<LabStore::Results> LabStore::results() const
{
    std::vector<Results> out;
    if (m_layers.empty() || !entry(m_layers.front()))
        return out;
    std::vector<std::string> names{"file"};
    for (const CandidateText &candidate : wanted(*entry(m_layers.front())))
        names.push_back(candidate.text);
    for (const std::string &name : names) {
        Results results;
        for (const std::string &layer : m_layers)
            if (const Entry *known = entry(layer))
                if (const auto found = known->results.find(name); found != known->results.end())
                    results.push_back(found->second);
        if (results.size() == m_layers.size())
            out.push_back(std::move(results));
        else if (name == "file")
            return {}; // every difference is against it
    }
    return out;
}

std::vector<SlotChoice> LabStore::choices(const std::string &candidate) const
{
    std::vector<SlotChoice> choices;
    const Entry *first = m_layers.empty() ? nullptr : entry(m_layers.front());
    for (const CandidateText &known : first ? wanted(*first) : std::vector<CandidateText>{})
        if (known.text == candidate)
            for (const std::string &layer : m_layers)
                choices.push_back({layer, m_slot, known.settings.preset, known.settings.overrides});
    return choices;
}

std::shared_ptr<const CandidateResult> LabStore::result(const std::string &candidate) const
{
    const Entry *known = m_layers.empty() ? nullptr : entry(m_layers.front());
    if (!known)
        return nullptr;
    const auto found = known->results.find(candidate);
    return found == known->results.end() ? nullptr : found->second;
}

bool LabStore::againstQuantized() const
{
    return std::any_of(m_layers.begin(), m_layers.end(),
        [this](const std::string &layer) { return entry(layer) && entry(layer)->againstQuantized; });
}

LabStore::Count LabStore::count() const
{
    Count count;
    for (const std::string &layer : m_layers) {
        const Entry *known = entry(layer);
        const std::size_t all = known ? wanted(*known).size() : 0;
        count.total += all;
        count.done += known ? all - missing(*known).size() : 0;
    }
    count.total = std::max(count.total, count.done);
    return count;
}

void LabStore::cancel()
{
    m_task.cancel();
    m_checking.clear();
    notify();
}

} // namespace quantscope
