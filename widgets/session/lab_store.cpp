#include "session/lab_store.h"

#include "items/text.h"
#include "run/activation_compare.h"

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
    if (slot && presetSlot(slot->slot) == Slot::Act)
        return !slot->tensor && slot->quantizer && slot->quantizer->isComplete();
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
    arrange();
    next();
    notify();
}

void LabStore::setFlows(std::shared_ptr<const RunResult> flows)
{
    if (flows == m_flows)
        return;
    m_flows = std::move(flows);
    if (!isActivation())
        return;
    m_task.cancel();
    std::erase_if(m_entries, [](const auto &entry) { return presetSlot(entry.first.second) == Slot::Act; });
    for (const std::string &layer : m_layers)
        entryOf(layer);
    arrange();
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
        if (const SlotQuantizer &slot = *slotOf(*m_network, layer, m_slot); slot.tensor)
            count += slot.tensor->count();
        else if (const LayerFlow *flow = m_flows ? m_flows->at(m_network->layer(layer)->id, m_slot) : nullptr)
            count += flow->figures.seen.count;
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
        entry.offered = isActivation()
            ? offeredActivations(slot, !traitsOf(m_network->dialect).saysItself, m_flows != nullptr)
            : offeredCandidates(slot, versionOf(m_network->recipe));
        for (std::size_t i = 0; i < entry.offered.size(); ++i)
            entry.offers.emplace(offerName(slot, entry.offered[i]), i);
    } else if (entry.file && entry.file->quantizer != slot.quantizer) {
        entry.file.reset();
    }
    return entry;
}

/// Offered is what every layer is offered, whatever its width.
void LabStore::arrange()
{
    m_columns.clear();
    const Entry *first = m_layers.empty() ? nullptr : entry(m_layers.front());
    std::map<std::size_t, std::string> offers; ///< in the first layer's order
    for (const auto &[offer, at] : first ? first->offers : decltype(Entry::offers)())
        offers.emplace(at, offer);
    for (const auto &[at, offer] : offers) {
        Column column{first->offered[at].text, {}};
        for (const std::string &layer : m_layers)
            if (const auto found = entry(layer)->offers.find(offer); found != entry(layer)->offers.end())
                column.texts.push_back(entry(layer)->offered[found->second]);
        if (std::ranges::any_of(column.texts, [&](const CandidateText &text) { return text.text != column.name; }))
            column.name = offer + ", own width";
        if (column.texts.size() == m_layers.size())
            m_columns.push_back(std::move(column));
    }
    for (const CandidateText &candidate : m_added)
        if (first && !column(candidate.text))
            m_columns.push_back({candidate.text, std::vector<CandidateText>(m_layers.size(), candidate)});
}

const LabStore::Column *LabStore::column(const std::string &name) const
{
    const auto found = std::ranges::find(m_columns, name, &Column::name);
    return found == m_columns.end() ? nullptr : &*found;
}

std::string LabStore::nameOf(const std::vector<std::string> &texts) const
{
    const auto found = std::ranges::find_if(m_columns,
        [&](const Column &column) { return std::ranges::equal(column.texts, texts, {}, &CandidateText::text); });
    return found == m_columns.end() || texts.empty() ? std::string() : found->name;
}

std::size_t LabStore::wanted() const
{
    return static_cast<std::size_t>(
        std::ranges::count_if(m_columns, [this](const Column &column) { return !m_removed.contains(column.name); }));
}

std::vector<CandidateText> LabStore::missing(std::size_t layer) const
{
    const Entry *known = entry(m_layers[layer]);
    std::vector<CandidateText> all;
    for (const Column &column : m_columns)
        if (const CandidateText &candidate = column.texts[layer]; !m_removed.contains(column.name)
            && !(known && (known->results.contains(candidate.text) || known->unavailable.contains(candidate.text))))
            all.push_back(candidate);
    return all;
}

void LabStore::next()
{
    if (m_task.running() || m_layers.empty())
        return;
    if (!m_checking.empty())
        return check(m_checking.front());
    for (std::size_t at = 0; at < m_layers.size(); ++at) {
        const std::string &layer = m_layers[at];
        const Entry &entry = entryOf(layer);
        std::vector<CandidateText> batch = missing(at);
        if (batch.empty() && entry.file)
            continue;
        const auto &tensor = slotOf(*m_network, layer, m_slot)->tensor;
        const std::uint64_t count = tensor ? tensor->count() : 0;
        const auto most = std::max<std::size_t>(
            kSmallestBatch, static_cast<std::size_t>(kBatchElements / std::max<std::uint64_t>(1, count)));
        if (batch.size() > most)
            batch.resize(most);
        return run(layer, std::move(batch));
    }
}

/// Of an activation what can be known before it runs.
static Result<SlotComparison> compareSlot(const Network &network, const std::string &layer,
    const std::vector<CandidateText> &candidates, const CompareOptions &options, const RunResult *flows,
    const Progress &progress)
{
    if (presetSlot(options.slot) == Slot::Act) {
        const LayerId id = network.layer(layer)->id;
        const LayerFlow *seen = flows ? flows->at(id, options.slot) : nullptr;
        return activationCandidates(network, {id, options.slot}, candidates, seen, options.skipUnavailable);
    }
    auto all = compareCandidates(network, {layer}, candidates, options, progress);
    if (!all)
        return tl::unexpected(all.error());
    return std::move(all->front());
}

void LabStore::run(const std::string &layer, std::vector<CandidateText> batch)
{
    m_task.start(
        [network = m_network, layer, slot = m_slot, batch, flows = m_flows](const Progress &progress) {
            return compareSlot(
                *network, layer, batch, {.slot = slot, .hash = false, .skipUnavailable = true}, flows.get(), progress);
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
    const auto known = named();
    if (std::ranges::any_of(known, [&](const auto &all) { return all.first == candidate.text; })) {
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
        [network = m_network, layer = m_layers.front(), slot = m_slot, candidate, flows = m_flows](
            const Progress &progress) {
            return compareSlot(*network, layer, {candidate}, {.slot = slot}, flows.get(), progress);
        },
        [this, layer = m_layers.front(), candidate](Result<SlotComparison> comparison) {
            m_checking.pop_front();
            if (comparison) {
                std::erase_if(m_added, [&](const CandidateText &other) { return other.text == candidate.text; });
                m_added.push_back(candidate);
                arrange();
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
    std::vector<Results> all;
    for (auto &[name, results] : named())
        all.push_back(std::move(results));
    return all;
}

std::vector<std::pair<std::string, LabStore::Results>> LabStore::named() const
{
    std::vector<std::pair<std::string, Results>> out;
    const auto resultsOf = [this](auto textOf) {
        Results results;
        for (std::size_t at = 0; at < m_layers.size(); ++at)
            if (const Entry *known = entry(m_layers[at]))
                if (const auto found = known->results.find(textOf(at)); found != known->results.end())
                    results.push_back(found->second);
        return results;
    };
    Results file = resultsOf([](std::size_t) { return std::string("file"); });
    if (m_layers.empty() || file.size() < m_layers.size())
        return out; // every difference is against it
    out.emplace_back("file", std::move(file));
    for (const Column &column : m_columns) {
        if (m_removed.contains(column.name))
            continue;
        Results results = resultsOf([&](std::size_t at) { return column.texts[at].text; });
        if (results.size() == m_layers.size())
            out.emplace_back(column.name, std::move(results));
    }
    return out;
}

std::vector<Proposal> LabStore::proposals(const std::string &candidate) const
{
    std::vector<Proposal> proposals;
    if (const Column *known = column(candidate))
        for (std::size_t at = 0; at < m_layers.size(); ++at) {
            CandidateText text = known->texts[at];
            const auto &results = entry(m_layers[at])->results;
            if (const auto made = results.find(text.text); // of activations with its threshold
                made != results.end() && !made->second->settings.preset.empty())
                text.settings = made->second->settings;
            proposals.push_back(Proposal::of(m_layers[at], m_slot, text));
        }
    return proposals;
}

std::vector<SlotChoice> LabStore::choices(const std::string &candidate) const
{
    std::vector<SlotChoice> choices;
    for (const Proposal &proposal : proposals(candidate))
        choices.push_back(proposal.choice);
    return choices;
}

std::shared_ptr<const CandidateResult> LabStore::result(const std::string &candidate) const
{
    const Entry *known = m_layers.empty() ? nullptr : entry(m_layers.front());
    if (!known)
        return nullptr;
    const Column *own = column(candidate);
    const auto found = known->results.find(own ? own->texts.front().text : candidate);
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
    for (std::size_t at = 0; at < m_layers.size(); ++at) {
        count.total += wanted();
        count.done += wanted() - missing(at).size();
    }
    return count;
}

void LabStore::cancel()
{
    m_task.cancel();
    m_checking.clear();
    notify();
}

} // namespace quantscope
